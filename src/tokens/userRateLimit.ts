import { LRUCache } from 'lru-cache';
import { ServiceError } from '../errors.ts';
import type { Clock } from '../lib/clock.ts';
import type { UserRateLimit } from './tokenService.ts';

export interface UserRateLimitOptions {
  /** Requests of one user within a minute, a whole number of 1 or more. */
  readonly requestsPerMinute: number;
  /** Most users to keep count of; beyond that the longest silent one is forgotten. Default 100,000 (some 20 MB). */
  readonly maxUsers?: number;
  readonly clock: Clock;
}

const windowMs = 60_000;

/** Requests of one user since the window began. */
interface Window {
  endsMs: number;
  taken: number;
}

/**
 * Counts requests per user in the memory of this process.
 *
 * A user's minute begins with the first request after the last minute ended, so a user who keeps to `retryAfter` is served. What is
 * refused is not counted: asking too often does not make the wait longer. Throws RangeError for bad options.
 */
export function createUserRateLimit(options: UserRateLimitOptions): UserRateLimit {
  const { requestsPerMinute, maxUsers = 100_000, clock } = options;
  if (!Number.isInteger(requestsPerMinute) || requestsPerMinute < 1) {
    throw new RangeError('requestsPerMinute must be a whole number of 1 or more');
  }
  if (!Number.isInteger(maxUsers) || maxUsers < 1) {
    throw new RangeError('maxUsers must be a whole number of 1 or more');
  }
  // By size: for `max` lru-cache makes room beforehand, which is 25 ms of the start of the process.
  const windows = new LRUCache<string, Window>({ maxSize: maxUsers, sizeCalculation: () => 1 });

  return {
    take(userId, count) {
      const now = clock.now();
      const window = windows.get(userId);
      // A clock that was set back must not lock anybody out for longer than a minute.
      const isOpen = window !== undefined && now < window.endsMs && now >= window.endsMs - windowMs;
      const taken = isOpen ? window.taken : 0;
      if (taken + count > requestsPerMinute)
        throw tooManyRequests(isOpen && count <= requestsPerMinute ? window.endsMs - now : undefined);
      if (isOpen) window.taken += count;
      else if (window === undefined) windows.set(userId, { endsMs: now + windowMs, taken: count });
      else {
        // Begun anew in place: a new one for each user and minute would be old garbage by the time it is left.
        window.endsMs = now + windowMs;
        window.taken = count;
      }
    },
  };
}

/** @param waitMs until there is room again; undefined when no wait helps, because one request alone asks for too much */
export function tooManyRequests(waitMs: number | undefined): ServiceError {
  const message = 'Too many requests for credentials; reuse those that are still valid.';
  if (waitMs === undefined) return new ServiceError('TOO_MANY_REQUESTS', message);
  return new ServiceError('TOO_MANY_REQUESTS', message, {
    retryAfter: Math.max(1, Math.ceil(waitMs / 1000)),
  });
}
