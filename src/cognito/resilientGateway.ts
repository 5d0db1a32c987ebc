import {
  BrokenCircuitError,
  BulkheadRejectedError,
  bulkhead,
  DelegateBackoff,
  handleWhen,
  retry,
} from 'cockatiel';
import { ServiceError } from '../errors.ts';
import { type Clock, systemClock } from '../lib/clock.ts';
import { DeadlineError, withDeadline } from '../lib/deadline.ts';
import { type Random, systemRandom } from '../lib/random.ts';
import { systemTimers, type Timers } from '../lib/timers.ts';
import { AwsFailure, type CognitoOperation } from './awsErrors.ts';
import {
  type Budget,
  type BudgetOptions,
  createBudget,
  defaultMaxWaitMs,
  type Quota,
  quotaOf,
} from './budget.ts';
import type { CognitoGateway } from './gateway.ts';
import { type BreakerState, createUpstreamBreaker, unanswered } from './upstreamBreaker.ts';

/** How a call ended: `ok`, the code of its error, or `aborted` by its caller. */
export type CallOutcome = 'ok' | 'aborted' | ServiceError['code'];

/** For metrics; none of these may throw. */
export interface GatewayObserver {
  /** One attempt at the upstream, in milliseconds, waiting not included. */
  onCall?(operation: CognitoOperation, outcome: CallOutcome, ms: number): void;
  /** How long a call has waited for its turn, in milliseconds; once for each attempt. */
  onWait?(quota: Quota, ms: number): void;
  /** A call that was refused here, without asking upstream. */
  onShed?(operation: CognitoOperation): void;
  onBreaker?(state: BreakerState): void;
}

export interface ResilientGatewayOptions {
  readonly gateway: CognitoGateway;
  /** Calls per second per quota, or a budget of one's own. */
  readonly rates?: Partial<Readonly<Record<Quota, number>>>;
  readonly budget?: Budget;
  /** Where the rates are counted for several processes together. Default: in this one. */
  readonly permits?: BudgetOptions['permits'];
  /** Milliseconds that a call may wait for its turn. Default 1000. */
  readonly maxWaitMs?: number;
  /** Milliseconds per attempt. Default 4000. */
  readonly attemptTimeoutMs?: number;
  /** Milliseconds for a whole call: waiting, attempts and pauses. Default 10000. The caller's signal can end it earlier. */
  readonly totalTimeoutMs?: number;
  /** Attempts after the first one, where repeating is safe. Default 2. */
  readonly maxRetries?: number;
  /** Calls of one operation under way at a time. Default 50. */
  readonly concurrency?: number;
  readonly clock?: Clock;
  readonly timers?: Timers;
  readonly random?: Random;
  readonly observer?: GatewayObserver;
}

export interface ResilientGateway extends CognitoGateway {
  /** Why Cognito cannot be used at present, as real calls have shown; null when it can, or when it is time to try again. */
  problem(): string | null;
  readonly budget: Budget;
  /**
   * What `issueOpenIdToken` would refuse a request of this user with at once, for want of budget: made, and counted, when it is called
   * for. Undefined when it would not.
   */
  tokenRefusal(user: string): (() => ServiceError) | undefined;
}

/** Safe to repeat when it is not known whether AWS executed the call: reads, and "registers or retrieves". */
const repeatable: ReadonlySet<CognitoOperation> = new Set([
  'issueOpenIdToken',
  'exchangeOpenIdToken',
  'findIdentityId',
  'listDeveloperUserIdentifiers',
  'describeIdentity',
  'listIdentities',
  'describeIdentityPool',
]);

/** Full jitter between 0 and 100 ms, 200 ms, …, at most 1 s. */
const firstPauseMs = 100;
const longestPauseMs = 1000;
/** How long a refusal of the main operation counts as a problem without newer evidence. */
const evidenceMs = 30_000;

/**
 * The same port, from outside to inside: deadline, retries with full jitter, budget, bulkhead, circuit breaker, time limit per
 * attempt. A repetition takes from the budget like any other call.
 */
export function createResilientGateway(options: ResilientGatewayOptions): ResilientGateway {
  const {
    gateway,
    attemptTimeoutMs = 4000,
    totalTimeoutMs = 10_000,
    maxRetries = 2,
    concurrency = 50,
    maxWaitMs = defaultMaxWaitMs,
    clock = systemClock,
    timers = systemTimers,
    random = systemRandom,
    observer = {},
  } = options;
  const budget =
    options.budget ??
    createBudget({
      ...(options.rates && { rates: options.rates }),
      ...(options.permits && { permits: options.permits }),
      maxWaitMs,
      clock,
      timers,
    });
  const breaker = createUpstreamBreaker(clock, (state) => observer.onBreaker?.(state));
  let refusal: { readonly code: string; readonly at: number } | undefined;

  function createOperation(operation: CognitoOperation) {
    const quota = quotaOf[operation];
    const limiter = budget[quota];
    const slots = bulkhead(concurrency, 0);
    const retries = retry(
      handleWhen((error) => mayRepeat(operation, error)),
      {
        maxAttempts: maxRetries,
        backoff: new DelegateBackoff(({ attempt }) =>
          Math.floor(random() * Math.min(longestPauseMs, firstPauseMs * 2 ** (attempt - 1))),
        ),
      },
    );

    async function attempt<T>(work: (signal: AbortSignal) => Promise<T>, signal: AbortSignal): Promise<T> {
      const begin = clock.now();
      let outcome: CallOutcome = 'ok';
      try {
        return await withDeadline(work, attemptTimeoutMs, signal, timers);
      } catch (error) {
        if (signal.aborted) {
          outcome = 'aborted';
          throw error;
        }
        const translated = error instanceof DeadlineError ? unanswered() : error;
        outcome = translated instanceof ServiceError ? translated.code : 'INTERNAL_SERVER_ERROR';
        if (outcome === 'UPSTREAM_THROTTLED') limiter.throttled();
        throw translated;
      } finally {
        if (operation === 'issueOpenIdToken' && outcome !== 'aborted') {
          const refused = outcome === 'UPSTREAM_MISCONFIGURED' || outcome === 'UPSTREAM_FORBIDDEN';
          refusal = refused ? { code: outcome, at: clock.now() } : undefined;
        }
        observer.onCall?.(operation, outcome, clock.now() - begin);
      }
    }

    async function turn<T>(user: string, work: (signal: AbortSignal) => Promise<T>, signal: AbortSignal) {
      try {
        breaker.check();
        const begin = clock.now();
        await limiter.acquire(user, signal).catch((error) => {
          throw error instanceof ServiceError ? new Shed(error) : error;
        });
        observer.onWait?.(quota, clock.now() - begin);
        return await slots.execute(() => breaker.execute(() => attempt(work, signal)));
      } catch (error) {
        if (error instanceof BrokenCircuitError) throw new Shed(breaker.refusal());
        if (error instanceof BulkheadRejectedError) throw new Shed(unanswered());
        throw error;
      }
    }

    return async <T>(
      user: string,
      work: (signal: AbortSignal) => Promise<T>,
      caller: AbortSignal,
    ): Promise<T> => {
      try {
        return await withDeadline(
          (signal) =>
            retries.execute(async () => {
              signal.throwIfAborted();
              return turn(user, work, signal);
            }, signal),
          totalTimeoutMs,
          caller,
          timers,
        );
      } catch (error) {
        if (error instanceof DeadlineError) throw unanswered();
        if (!(error instanceof Shed)) throw error;
        observer.onShed?.(operation);
        throw error.error;
      }
    };
  }

  const run = {
    issueOpenIdToken: createOperation('issueOpenIdToken'),
    linkIdentity: createOperation('linkIdentity'),
    exchangeOpenIdToken: createOperation('exchangeOpenIdToken'),
    findIdentityId: createOperation('findIdentityId'),
    listDeveloperUserIdentifiers: createOperation('listDeveloperUserIdentifiers'),
    describeIdentity: createOperation('describeIdentity'),
    listIdentities: createOperation('listIdentities'),
    describeIdentityPool: createOperation('describeIdentityPool'),
    mergeDeveloperIdentities: createOperation('mergeDeveloperIdentities'),
    unlinkDeveloperIdentity: createOperation('unlinkDeveloperIdentity'),
    deleteIdentities: createOperation('deleteIdentities'),
  };
  const administrator = '';

  return {
    budget,
    problem() {
      if (breaker.blocks()) return 'Amazon Cognito does not answer';
      if (refusal && clock.now() - refusal.at < evidenceMs) {
        return `Amazon Cognito refuses to issue tokens (${refusal.code})`;
      }
      return null;
    },
    tokenRefusal(user) {
      const refusal = breaker.refuses() ? undefined : budget.tokens.refusal(user);
      return (
        refusal &&
        (() => {
          observer.onShed?.('issueOpenIdToken');
          return refusal();
        })
      );
    },
    issueOpenIdToken: (request, signal) =>
      run.issueOpenIdToken(
        request.developerUserIdentifier,
        (inner) => gateway.issueOpenIdToken(request, inner),
        signal,
      ),
    linkIdentity: (request, signal) =>
      run.linkIdentity(
        request.developerUserIdentifier,
        (inner) => gateway.linkIdentity(request, inner),
        signal,
      ),
    exchangeOpenIdToken: (token, signal) =>
      run.exchangeOpenIdToken(token.identityId, (inner) => gateway.exchangeOpenIdToken(token, inner), signal),
    findIdentityId: (user, signal) =>
      run.findIdentityId(user, (inner) => gateway.findIdentityId(user, inner), signal),
    listDeveloperUserIdentifiers: (identityId, page, signal) =>
      run.listDeveloperUserIdentifiers(
        identityId,
        (inner) => gateway.listDeveloperUserIdentifiers(identityId, page, inner),
        signal,
      ),
    describeIdentity: (identityId, signal) =>
      run.describeIdentity(identityId, (inner) => gateway.describeIdentity(identityId, inner), signal),
    listIdentities: (page, signal) =>
      run.listIdentities(administrator, (inner) => gateway.listIdentities(page, inner), signal),
    describeIdentityPool: (signal) =>
      run.describeIdentityPool(administrator, (inner) => gateway.describeIdentityPool(inner), signal),
    mergeDeveloperIdentities: (users, signal) =>
      run.mergeDeveloperIdentities(
        administrator,
        (inner) => gateway.mergeDeveloperIdentities(users, inner),
        signal,
      ),
    unlinkDeveloperIdentity: (link, signal) =>
      run.unlinkDeveloperIdentity(
        administrator,
        (inner) => gateway.unlinkDeveloperIdentity(link, inner),
        signal,
      ),
    deleteIdentities: (ids, signal) =>
      run.deleteIdentities(administrator, (inner) => gateway.deleteIdentities(ids, inner), signal),
  };
}

/** A call that was refused here: told apart from the same code coming from upstream, and never repeated. */
class Shed extends Error {
  constructor(readonly error: ServiceError) {
    super(error.message);
  }
}

function mayRepeat(operation: CognitoOperation, error: unknown): boolean {
  if (!(error instanceof ServiceError)) return false;
  // Whatever the operation: AWS has not begun with it.
  if (error.code === 'UPSTREAM_THROTTLED') return true;
  if (error.cause instanceof AwsFailure && error.cause.beforeExecution) return true;
  if (!repeatable.has(operation)) return false;
  return (
    error.code === 'UPSTREAM_UNAVAILABLE' ||
    error.code === 'UPSTREAM_INVALID_RESPONSE' ||
    // Two first calls of one user at the same moment; whether AWS answers both is not documented.
    (operation === 'issueOpenIdToken' && error.code === 'CONFLICT')
  );
}
