import { describe, expect, it } from 'vitest';
import { createRateLimiter, longestWaitMs } from '../../../src/cognito/rateLimiter.ts';
import { EventQueue } from '../../bench/capacity/eventQueue.ts';
import { createSharedStores } from '../../bench/capacity/sharedStores.ts';
import { seededRandom } from '../../bench/capacity/simulate.ts';

const never = new AbortController().signal;
const maxWaitMs = 1000;
const seconds = 20;

/** Processes that share a budget and are asked for more, each call by a user of its own; what became of them, by simulated time. */
async function simulate(rate: number, overload: number, shares: readonly number[]) {
  const queue = new EventQueue();
  const random = seededRandom(7);
  const stores = createSharedStores(queue, shares.length);
  const later = <T>(value: T) =>
    // The way to Redis or back.
    new Promise<T>((resolve) => queue.set(() => resolve(value), 0.3 + 2 * random()));
  const begin = queue.now();
  const served = shares.map((): number[] => []);
  const refused: number[] = [];
  shares.forEach((share, process) => {
    const { take } = stores.permits(process);
    const limiter = createRateLimiter({
      ratePerSecond: rate,
      maxWaitMs,
      clock: queue,
      timers: queue,
      permits: {
        available: true,
        replicas: shares.length,
        take: async (request) => later(await take(await later(request))),
      },
    });
    let calls = 0;
    const arrive = () => {
      const at = queue.now();
      calls += 1;
      limiter.acquire(`user-${calls}`, never).then(
        () => served[process]?.push(queue.now() - at),
        () => refused.push(queue.now() - at),
      );
      if (queue.now() < begin + seconds * 1000)
        queue.set(arrive, ((0.5 + random()) * 1000) / (rate * overload * share));
    };
    queue.set(arrive, random() * 10);
  });
  await queue.advance((seconds + 5) * 1000);
  return { served, refused };
}

const nth = (values: readonly number[], share: number) =>
  [...values].sort((a, b) => a - b)[Math.floor(values.length * share)];

describe.each([
  ['20 calls a second, asked for ten times as many', 20, 10, [1 / 3, 1 / 3, 1 / 3]],
  ['50 calls a second, asked for ten times as many', 50, 10, [1 / 3, 1 / 3, 1 / 3]],
  ['50 calls a second, asked for half as many again', 50, 1.5, [1 / 3, 1 / 3, 1 / 3]],
  ['50 calls a second, most of the load at one of them', 50, 10, [0.8, 0.1, 0.1]],
])('three processes with a shared budget of %s', (_, rate, overload, shares) => {
  it('refuse at once what they cannot serve, and serve what they have let in', async () => {
    const { served, refused } = await simulate(rate, overload, shares);
    const all = served.flat();
    expect(all.length).toBeGreaterThanOrEqual(0.95 * rate * seconds);
    // By the clock of the simulation: in the very turn in which they came.
    expect(nth(refused, 0.99)).toBe(0);
    expect(Math.max(...all)).toBeLessThanOrEqual(longestWaitMs(maxWaitMs, true));
    // None of them lives on what the others leave.
    for (const one of served) expect(one.length).toBeGreaterThan((0.8 * all.length) / 3);
  });
});
