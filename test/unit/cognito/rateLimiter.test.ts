import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { PermitGrant, PermitRequest } from '../../../src/cognito/permitSource.ts';
import { createRateLimiter, type RateLimiterOptions } from '../../../src/cognito/rateLimiter.ts';
import type { ServiceError } from '../../../src/errors.ts';
import { SimulatedTime, settled } from '../../support/simulatedTime.ts';

const never = new AbortController().signal;

function setUp(options: Partial<RateLimiterOptions> = {}) {
  const time = new SimulatedTime();
  const begin = time.now();
  const limiter = createRateLimiter({
    ratePerSecond: 10,
    maxWaitMs: 1500,
    clock: time,
    timers: time,
    ...options,
  });
  const starts: { user: string; at: number }[] = [];
  const refusals: { user: string; at: number; retryAfter: number | undefined; code: string }[] = [];
  const ask = (user: string, signal = never) =>
    limiter.acquire(user, signal).then(
      () => {
        starts.push({ user, at: time.now() - begin });
      },
      (error: ServiceError) => {
        refusals.push({ user, at: time.now() - begin, retryAfter: error.retryAfter, code: error.code });
      },
    );
  return { time, limiter, ask, starts, refusals };
}

const times = (count: number, run: () => unknown) => {
  for (let i = 0; i < count; i += 1) run();
};

describe('the budget', () => {
  it('answers a burst at once and then waits for the window', async () => {
    const { time, ask, starts } = setUp();
    times(12, () => ask('alice'));
    await settled();
    expect(starts.map(({ at }) => at)).toEqual(Array(10).fill(0));

    await time.advance(1020);
    expect(starts.slice(10).map(({ at }) => at)).toEqual([1020, 1020]);
  });

  it('tells how many calls could start at this moment', async () => {
    const { time, ask, limiter } = setUp();
    expect(limiter.left).toBe(10);
    times(4, () => ask('alice'));
    expect(limiter.left).toBe(6);
    await time.advance(500);
    times(9, () => ask('alice'));
    expect([limiter.left, limiter.waiting]).toEqual([0, 3]);

    await time.advance(520);
    expect([limiter.left, limiter.waiting]).toEqual([1, 0]);
    await time.advance(1020);
    expect(limiter.left).toBe(10);
    limiter.throttled();
    expect(limiter.left).toBe(5);
  });

  it('makes nobody wait because time went on while it was asked', async () => {
    const time = new SimulatedTime();
    let ticks = 0;
    const { limiter, ask } = setUp({ clock: { now: () => time.now() + ticks++ }, timers: time });
    ask('alice');
    expect(limiter.waiting).toBe(0);
  });

  it('is never exceeded in any second, whoever asks whenever', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1, max: 20 }),
        fc.array(
          fc.record({ pause: fc.integer({ min: 0, max: 400 }), user: fc.constantFrom('a', 'b', 'c') }),
          {
            maxLength: 120,
          },
        ),
        async (ratePerSecond, calls) => {
          const { time, ask, starts, refusals } = setUp({ ratePerSecond });
          for (const { pause, user } of calls) {
            await time.advance(pause);
            ask(user);
          }
          await time.advance(5000);
          expect(starts.length + refusals.length).toBe(calls.length);
          for (const { at } of starts) {
            const inWindow = starts.filter((other) => other.at > at - 1000 && other.at <= at).length;
            expect(inWindow).toBeLessThanOrEqual(ratePerSecond);
          }
        },
      ),
      { numRuns: 60 },
    );
  });

  it('serves nearly all of itself under far too many calls', async () => {
    const { time, ask, starts } = setUp({ ratePerSecond: 50 });
    for (let ms = 0; ms < 10_000; ms += 2) {
      ask(`user-${ms % 1000}`);
      await time.advance(2);
    }
    expect(starts.length).toBeGreaterThan(50 * 10 * 0.95);
    expect(starts.length).toBeLessThanOrEqual(50 * 11);
  });

  it('can be less than one call per second', async () => {
    const { time, ask, starts } = setUp({ ratePerSecond: 0.5, maxWaitMs: 5000 });
    times(2, () => ask('alice'));
    await time.advance(5000);
    expect(starts.map(({ at }) => at)).toEqual([0, 2040]);
  });

  it.each([0, -1, Number.NaN])('is not %s', (ratePerSecond) => {
    expect(() => setUp({ ratePerSecond })).toThrow(RangeError);
    expect(() => setUp().limiter.setRate(ratePerSecond)).toThrow(RangeError);
  });

  it('takes on another ceiling at once', async () => {
    const { time, limiter, ask, starts } = setUp();
    limiter.setRate(2);
    times(3, () => ask('alice'));
    await settled();
    expect(starts).toHaveLength(2);
    await time.advance(1020);
    expect(starts).toHaveLength(3);
  });
});

describe('the waiting line', () => {
  it('refuses at once what it could not serve in time, and says when there is room', async () => {
    const { ask, refusals } = setUp();
    times(21, () => ask('alice'));
    await settled();
    expect(refusals).toEqual([{ user: 'alice', at: 0, retryAfter: 3, code: 'UPSTREAM_THROTTLED' }]);
  });

  it('keeps the promise of its refusals: whoever comes back then is served at once', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1, max: 30 }),
        fc.integer({ min: 1, max: 200 }),
        async (rate, calls) => {
          const { time, ask, starts, refusals } = setUp({ ratePerSecond: rate });
          times(calls, () => ask('alice'));
          await settled();
          const refused = refusals.at(-1);
          if (!refused) return;
          await time.advance((refused.retryAfter ?? 0) * 1000);
          const before = starts.length;
          await ask('alice');
          expect(starts.length).toBe(before + 1);
        },
      ),
      { numRuns: 50 },
    );
  });

  it('lets users take turns, so that one with many calls delays only his own', async () => {
    const { time, ask, starts } = setUp();
    times(18, () => ask('hog'));
    ask('alice');
    ask('bob');
    await time.advance(1020);
    const second = starts.slice(10).map(({ user }) => user);
    expect(second.slice(0, 4)).toEqual(['hog', 'alice', 'bob', 'hog']);
    expect(second).toHaveLength(10);
  });

  it('has room for others while one user has filled it', async () => {
    const { time, ask, starts, refusals } = setUp();
    times(100, () => ask('hog'));
    ask('alice');
    await time.advance(1020);
    expect(starts.some(({ user }) => user === 'alice')).toBe(true);
    expect(refusals.every(({ user }) => user === 'hog')).toBe(true);
  });

  it('counts only those calls of others that come before in turn', async () => {
    const { time, ask, starts } = setUp();
    times(20, () => ask('hog'));
    times(2, () => ask('alice'));
    await time.advance(1020);
    expect(starts.filter(({ user }) => user === 'alice')).toHaveLength(2);
  });

  it('lets nobody pass those who wait, even when their turn is overdue', async () => {
    let late = 0;
    const time = new SimulatedTime();
    const { ask, starts } = setUp({ clock: { now: () => time.now() + late }, timers: time });
    times(11, () => ask('alice'));
    late = 1100;
    ask('bob');
    await time.advance(1100);
    expect(starts.slice(10).map(({ user }) => user)).toEqual(['alice', 'bob']);
  });

  it('lets nobody wait longer than promised, also when others came in between', async () => {
    const { time, ask, refusals, starts } = setUp();
    times(20, () => ask('hog'));
    for (let i = 0; i < 20; i += 1) ask(`user-${i}`);
    await time.advance(10_000);
    expect(starts.length + refusals.length).toBe(40);
    for (const { at } of [...starts, ...refusals]) expect(at).toBeLessThanOrEqual(1501);
  });

  it('forgets whoever goes away, and serves the next one in his place', async () => {
    const { time, limiter, ask, starts, refusals } = setUp();
    const caller = new AbortController();
    times(10, () => ask('alice'));
    ask('bob', caller.signal);
    ask('carol');
    expect(limiter.waiting).toBe(2);
    caller.abort();
    expect(limiter.waiting).toBe(1);
    await time.advance(1020);
    expect(starts.at(-1)).toEqual({ user: 'carol', at: 1020 });
    expect(starts).toHaveLength(11);
    expect(refusals).toHaveLength(1);
  });

  it('refuses callers who have already gone without counting them', async () => {
    const { ask, limiter, starts } = setUp({ ratePerSecond: 1 });
    await ask('alice', AbortSignal.abort());
    await ask('alice');
    expect(starts).toHaveLength(1);
    expect(limiter.waiting).toBe(0);
  });

  it('leaves no timer behind when nobody waits', async () => {
    const { time, ask } = setUp();
    times(30, () => ask('alice'));
    await time.advance(5000);
    expect(time.pending).toBe(0);
  });

  it('reports every refusal', async () => {
    let shed = 0;
    const { ask } = setUp({ onShed: () => (shed += 1) });
    times(25, () => ask('alice'));
    await settled();
    expect(shed).toBe(5);
  });

  it('foretells a refusal, which counts once it is made', async () => {
    let shed = 0;
    const { limiter, ask, refusals } = setUp({ onShed: () => (shed += 1) });
    times(19, () => ask('hog'));
    expect(limiter.refusal('hog')).toBeUndefined();
    ask('hog');
    const refusal = limiter.refusal('hog');
    // Those who would be served before are not refused with the others.
    expect(limiter.refusal('alice')).toBeUndefined();
    expect(shed).toBe(0);
    expect(refusal?.()).toMatchObject({ code: 'UPSTREAM_THROTTLED', retryAfter: 3 });
    expect([shed, limiter.waiting]).toEqual([1, 10]);
    await ask('hog');
    expect(refusals).toMatchObject([{ code: 'UPSTREAM_THROTTLED', retryAfter: 3 }]);
  });

  it('refuses without a stack, which nobody has time to write out', () => {
    const { limiter, ask } = setUp();
    times(20, () => ask('alice'));
    expect(limiter.refusal('alice')?.().stack).not.toContain('\n');
    expect(new Error('of somebody else').stack).toContain('\n');
  });
});

describe('when AWS throttles earlier than configured', () => {
  it('the budget halves once for a volley of refusals and grows back in steps', async () => {
    const { time, limiter } = setUp();
    times(5, () => limiter.throttled());
    expect(limiter.rate).toBe(5);
    await time.advance(1000);
    expect(limiter.rate).toBe(5);
    await time.advance(4000);
    expect(limiter.rate).toBe(7);
    limiter.throttled();
    expect(limiter.rate).toBe(3.5);
    await time.advance(60_000);
    expect(limiter.rate).toBe(10);
  });

  it('the budget never vanishes', async () => {
    const { time, limiter } = setUp();
    for (let i = 0; i < 20; i += 1) {
      limiter.throttled();
      await time.advance(1000);
    }
    expect(limiter.rate).toBe(0.5);
  });

  it('a new ceiling keeps the reduction', async () => {
    const { limiter } = setUp();
    limiter.throttled();
    limiter.setRate(4);
    expect(limiter.rate).toBe(2);
  });
});

describe('with a count that several processes share', () => {
  /** A count that answers by script; the last answer is repeated. */
  function count(...answers: (PermitGrant | null)[]) {
    const requests: PermitRequest[] = [];
    const permits = {
      available: true,
      replicas: 2,
      take: async (request: PermitRequest) => {
        requests.push(request);
        return (answers.length > 1 ? answers.shift() : answers[0]) ?? null;
      },
    };
    return { permits, requests };
  }

  it('starts what is granted, in turn, and asks again when told to', async () => {
    const { permits, requests } = count(
      { granted: 2, waitMs: 300, sharers: 2 },
      { granted: 1, waitMs: 0, sharers: 2 },
    );
    const { time, ask, starts } = setUp({ permits });
    times(2, () => ask('hog'));
    ask('alice');
    await settled();
    expect(requests[0]).toEqual({ count: 1, calls: 10, windowMs: 1020, unreported: [] });
    expect(starts.map(({ user }) => user)).toEqual(['hog', 'alice']);
    await time.advance(299);
    expect(requests).toHaveLength(1);
    await time.advance(1);
    expect(starts.map(({ user }) => user)).toEqual(['hog', 'alice', 'hog']);
    // What was granted is known there.
    expect(requests[1]?.unreported).toEqual([]);
    expect(time.pending).toBe(0);
  });

  it('lets go what is granted for a caller who has gone meanwhile', async () => {
    const { permits } = count({ granted: 1, waitMs: 0, sharers: 1 });
    const { ask, starts } = setUp({ permits });
    const caller = new AbortController();
    ask('alice', caller.signal);
    caller.abort();
    await settled();
    expect(starts).toEqual([]);
    ask('bob');
    await settled();
    expect(starts.map(({ user }) => user)).toEqual(['bob']);
  });

  it('foresees longer waits when others want their part too', async () => {
    const { permits } = count({ granted: 1, waitMs: 100, sharers: 10 });
    const { time, ask, refusals } = setUp({ permits });
    ask('alice');
    await settled();
    times(3, () => ask('alice'));
    await settled();
    expect(refusals).toHaveLength(2);
    await time.advance(5000);
  });

  it('foresees nothing from the time in which nobody waited', async () => {
    const { permits } = count({ granted: 10, waitMs: 0, sharers: 1 });
    const { time, ask, starts, refusals } = setUp({ permits });
    times(10, () => ask('alice'));
    await time.advance(60_000);
    times(12, () => ask('alice'));
    await time.advance(5000);
    expect([starts.length, refusals.length]).toEqual([22, 0]);
  });

  it('tells that no call could start before the count has something again', async () => {
    const { permits } = count({ granted: 1, waitMs: 300, sharers: 2 });
    const { time, ask, limiter } = setUp({ permits });
    ask('alice');
    await settled();
    expect(limiter.left).toBe(0);
    await time.advance(300);
    expect(limiter.left).toBe(4);
  });

  it('does not ask without a pause when nothing is granted and no time is named', async () => {
    const { permits, requests } = count({ granted: 0, waitMs: 0, sharers: 1 });
    const { time, ask } = setUp({ permits });
    ask('alice');
    await time.advance(10);
    expect(requests.length).toBeLessThanOrEqual(11);
  });

  it('refuses in the end whoever waited for nothing', async () => {
    const { permits } = count({ granted: 0, waitMs: 100, sharers: 1 });
    const { time, ask, refusals } = setUp({ permits });
    ask('alice');
    await time.advance(5000);
    expect(refusals.map(({ user, at }) => [user, at])).toEqual([['alice', 2251]]);
  });

  it('keeps to its part while the count cannot be reached, and reports that afterwards', async () => {
    const { permits, requests } = count({ granted: 1, waitMs: 0, sharers: 2 });
    permits.available = false;
    const { time, ask, starts, refusals } = setUp({ permits, maxWaitMs: 0 });
    times(7, () => ask('alice'));
    await settled();
    expect([starts.length, refusals.length]).toEqual([5, 2]);

    permits.available = true;
    await time.advance(400);
    // Its own part is used up, which says nothing about what the count would grant.
    await time.advance(700);
    ask('alice');
    await settled();
    expect(starts).toHaveLength(6);
    expect(requests[0]?.unreported).toEqual([]);
  });

  it('tells the count of starts that are still within its window, again if that was not heard', async () => {
    const { permits, requests } = count(null, { granted: 1, waitMs: 0, sharers: 2 });
    permits.available = false;
    const { time, ask } = setUp({ permits });
    times(2, () => ask('alice'));
    await time.advance(500);
    permits.available = true;
    ask('alice');
    await time.advance(10);
    expect(requests[0]?.unreported).toEqual([500, 500]);
    expect(requests[1]?.unreported).toHaveLength(2);
  });
});
