import type { Clock } from '../lib/clock.ts';
import { operationNames } from './operationNames.ts';

/** Calls per second that AWS publishes for an account and Region. All other operations: not published. */
export const publishedRates: Readonly<Record<string, number>> = {
  GetId: 25,
  GetOpenIdToken: 200,
  GetCredentialsForIdentity: 200,
  GetOpenIdTokenForDeveloperIdentity: 50,
  ListIdentities: 5,
  DeleteIdentities: 10,
  TagResource: 5,
  UntagResource: 5,
  ListTagsForResource: 10,
};

export interface Throttles {
  /** Whether one more call is within the rate now; counts it if so. */
  allows(operation: string): boolean;
  /**
   * Calls per second by operation; replaces what was set before.
   *
   * @throws RangeError for an operation that is not served here, or a rate that is not above 0; nothing was changed then
   */
  set(rates: Readonly<Record<string, number>>): void;
}

/** @throws RangeError for an operation that is not served here, or a rate that is not above 0. */
export function checkRates(rates: Readonly<Record<string, unknown>>): void {
  for (const [operation, rate] of Object.entries(rates)) {
    if (!operationNames.has(operation)) throw new RangeError(`There is no operation '${operation}'.`);
    if (!(typeof rate === 'number' && Number.isFinite(rate) && rate > 0)) {
      throw new RangeError(`The rate of ${operation} must be a number above 0.`);
    }
  }
}

/** A bucket of one second's calls per operation, refilled evenly. AWS does not publish its algorithm. */
export function createThrottles(clock: Clock, initial: Readonly<Record<string, number>>): Throttles {
  let rates = initial;
  const buckets = new Map<string, { tokens: number; at: number }>();
  return {
    set: (next) => {
      checkRates(next);
      rates = next;
      buckets.clear();
    },
    allows: (operation) => {
      const rate = Object.hasOwn(rates, operation) ? rates[operation] : undefined;
      if (rate === undefined) return true;
      const now = clock.now();
      const bucket = buckets.get(operation) ?? { tokens: rate, at: now };
      const tokens = Math.min(rate, bucket.tokens + (Math.max(0, now - bucket.at) / 1000) * rate);
      const allowed = tokens >= 1;
      buckets.set(operation, { tokens: allowed ? tokens - 1 : tokens, at: now });
      return allowed;
    },
  };
}
