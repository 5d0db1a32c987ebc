import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ServiceError } from '../../../src/errors.ts';
import { createUserRateLimit, type UserRateLimitOptions } from '../../../src/tokens/userRateLimit.ts';

class SetClock {
  time = 1_795_600_800_000;
  now = () => this.time;
}

function limit(options: Partial<UserRateLimitOptions> = {}) {
  const clock = new SetClock();
  const rate = createUserRateLimit({ requestsPerMinute: 60, maxUsers: 10, clock, ...options });
  /** `ok`, or what was refused with. */
  const take = (userId: string, count = 1) => {
    try {
      rate.take(userId, count);
      return 'ok';
    } catch (error) {
      if (!(error instanceof ServiceError)) throw error;
      return `${error.code} ${error.retryAfter}`;
    }
  };
  return { clock, take };
}

describe('the rate limit per user', () => {
  it('lets exactly the configured number through within a minute', () => {
    const { clock, take } = limit();
    for (let i = 0; i < 60; i++) {
      expect(take('u1')).toBe('ok');
      clock.time += 500;
    }
    expect(take('u1')).toBe('TOO_MANY_REQUESTS 30');
    clock.time += 29_999;
    expect(take('u1')).toBe('TOO_MANY_REQUESTS 1');
    clock.time += 1;
    // The next minute lets through as many again, and no more.
    for (let i = 0; i < 60; i++) expect(take('u1')).toBe('ok');
    expect(take('u1')).toBe('TOO_MANY_REQUESTS 60');
  });

  it('counts every field of an operation, and none of an operation that is refused', () => {
    const { take } = limit({ requestsPerMinute: 5 });
    expect(take('u1', 3)).toBe('ok');
    expect(take('u1', 3)).toBe('TOO_MANY_REQUESTS 60');
    expect(take('u1', 2)).toBe('ok');
    expect(take('u1', 1)).toBe('TOO_MANY_REQUESTS 60');
  });

  it('names no time to wait when waiting cannot help', () => {
    const { take } = limit({ requestsPerMinute: 5 });
    expect(take('u1', 6)).toBe('TOO_MANY_REQUESTS undefined');
    expect(take('u1', 5)).toBe('ok');
  });

  it('keeps users apart, byte for byte', () => {
    const { take } = limit({ requestsPerMinute: 1 });
    const users = ['u1', 'U1', 'u1 ', 'é', 'é'.normalize('NFD'), '__proto__', 'constructor'];
    expect(users.map((user) => take(user))).toEqual(users.map(() => 'ok'));
    expect(users.map((user) => take(user))).toEqual(users.map(() => 'TOO_MANY_REQUESTS 60'));
  });

  it('names no user in its message', () => {
    const rate = createUserRateLimit({ requestsPerMinute: 1, clock: new SetClock() });
    rate.take('secret-user', 1);
    expect(() => rate.take('secret-user', 1)).toThrow(
      'Too many requests for credentials; reuse those that are still valid.',
    );
  });

  it('locks nobody out when the clock is set back', () => {
    const { clock, take } = limit({ requestsPerMinute: 1 });
    take('u1');
    clock.time -= 3_600_000;
    expect(take('u1')).toBe('ok');
    expect(take('u1')).toBe('TOO_MANY_REQUESTS 60');
  });

  it('remembers no more users than configured', () => {
    const { take } = limit({ requestsPerMinute: 1, maxUsers: 2 });
    for (const user of ['a', 'b', 'c']) take(user);
    expect(take('c')).toBe('TOO_MANY_REQUESTS 60');
    expect(take('a')).toBe('ok');
  });

  it('serves whoever waits as long as told, whatever came before', () => {
    const calls = fc.array(fc.record({ waitMs: fc.nat(40_000), count: fc.integer({ min: 1, max: 4 }) }), {
      maxLength: 60,
    });
    fc.assert(
      fc.property(calls, (steps) => {
        const { clock, take } = limit({ requestsPerMinute: 4 });
        for (const { waitMs, count } of steps) {
          clock.time += waitMs;
          const [code, retryAfter] = take('u1', count).split(' ');
          if (code === 'ok') continue;
          clock.time += Number(retryAfter) * 1000;
          if (take('u1', count) !== 'ok') return false;
        }
        return true;
      }),
    );
  });

  it.each([
    [{ requestsPerMinute: 0 }],
    [{ requestsPerMinute: 1.5 }],
    [{ requestsPerMinute: Number.NaN }],
    [{ maxUsers: 0 }],
  ])('refuses %j', (options) => {
    expect(() => limit(options)).toThrow(RangeError);
  });
});
