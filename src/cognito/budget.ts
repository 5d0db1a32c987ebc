import type { Clock } from '../lib/clock.ts';
import type { Timers } from '../lib/timers.ts';
import type { CognitoOperation } from './awsErrors.ts';
import type { PermitSource } from './permitSource.ts';
import { createRateLimiter, type RateLimiter } from './rateLimiter.ts';

/** AWS counts by its own operations: linking takes from the same quota as issuing, both look-ups from one. */
export type Quota =
  | 'tokens'
  | 'lookups'
  | 'credentials'
  | 'identities'
  | 'lists'
  | 'deletions'
  | 'pools'
  | 'merges'
  | 'unlinks';

export const quotaOf: Readonly<Record<CognitoOperation, Quota>> = {
  issueOpenIdToken: 'tokens',
  linkIdentity: 'tokens',
  exchangeOpenIdToken: 'credentials',
  findIdentityId: 'lookups',
  listDeveloperUserIdentifiers: 'lookups',
  describeIdentity: 'identities',
  listIdentities: 'lists',
  describeIdentityPool: 'pools',
  mergeDeveloperIdentities: 'merges',
  unlinkDeveloperIdentity: 'unlinks',
  deleteIdentities: 'deletions',
};

/** Milliseconds that a call may wait for its turn where nothing else is said. */
export const defaultMaxWaitMs = 1000;

/**
 * Calls per second and account. Tokens 50, credentials 200, lists 5 and deletions 10 are AWS's published defaults; for the
 * others AWS publishes none, so they are cautious guesses that adapt when AWS throttles.
 */
export const defaultRates: Readonly<Record<Quota, number>> = {
  tokens: 50,
  credentials: 200,
  lookups: 25,
  lists: 5,
  deletions: 10,
  identities: 20,
  pools: 20,
  merges: 20,
  unlinks: 20,
};

export interface BudgetOptions {
  /** Calls per second where another rate than the default is wanted; `tokens` is `COGNITO_REQUESTS_PER_SECOND`. */
  readonly rates?: Partial<Readonly<Record<Quota, number>>>;
  /** Milliseconds that a call may wait for its turn. Default 1000. */
  readonly maxWaitMs?: number;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly onShed?: (quota: Quota) => void;
  /** Where a quota is counted for several processes. */
  readonly permits?: (quota: Quota, ratePerSecond: number) => PermitSource;
}

/** One limiter per quota. */
export type Budget = Readonly<Record<Quota, RateLimiter>>;

export function createBudget(options: BudgetOptions): Budget {
  const { rates = {}, maxWaitMs = defaultMaxWaitMs, clock, timers, onShed, permits } = options;
  const limiter = (quota: Quota) => {
    const ratePerSecond = rates[quota] ?? defaultRates[quota];
    return createRateLimiter({
      ratePerSecond,
      maxWaitMs,
      clock,
      timers,
      onShed: () => onShed?.(quota),
      ...(permits && { permits: permits(quota, ratePerSecond) }),
    });
  };
  return {
    tokens: limiter('tokens'),
    credentials: limiter('credentials'),
    lookups: limiter('lookups'),
    lists: limiter('lists'),
    deletions: limiter('deletions'),
    identities: limiter('identities'),
    pools: limiter('pools'),
    merges: limiter('merges'),
    unlinks: limiter('unlinks'),
  };
}
