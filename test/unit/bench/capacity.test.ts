import { describe, expect, it } from 'vitest';
import { EventQueue } from '../../bench/capacity/eventQueue.ts';
import { partsOf, quotaFor } from '../../bench/capacity/plans.ts';
import { capacityChart, capacityTable } from '../../bench/capacity/report.ts';
import { type Plan, seededRandom, simulate } from '../../bench/capacity/simulate.ts';

const habits = { sessionsPerDay: 86_400, asksPerSession: 1, secondsBetweenAsks: 1, peakFactor: 1 };
/** One session a second for each user, unless told otherwise. */
const plan = (changes: Partial<Plan>): Plan => ({
  users: 1,
  habits,
  tokenDuration: 900,
  quota: 1000,
  replicas: 1,
  redis: false,
  measureSeconds: 6000,
  random: seededRandom(7),
  ...changes,
});

describe('the queue of events', () => {
  it('lets things happen in the order of their times, those of one moment in the order in which they were planned', async () => {
    const queue = new EventQueue();
    const begin = queue.now();
    const seen: string[] = [];
    const note = (name: string) => () => void seen.push(`${name}@${queue.now() - begin}`);
    queue.set(note('c'), 30);
    queue.set(note('a'), 10);
    const cancelled = queue.set(note('never'), 15);
    queue.set(note('b1'), 20);
    queue.set(() => queue.set(note('b3'), 0), 20);
    queue.set(note('b2'), 20);
    queue.clear(cancelled);
    await queue.advance(25);
    expect(seen).toEqual(['a@10', 'b1@20', 'b2@20', 'b3@20']);
    expect(queue.now() - begin).toBe(25);
    await queue.advance(5);
    expect(seen.at(-1)).toBe('c@30');
  });

  it('keeps thousands of events in order', async () => {
    const queue = new EventQueue();
    const random = seededRandom(3);
    const seen: number[] = [];
    for (let i = 0; i < 3000; i += 1) queue.set(() => void seen.push(queue.now()), random() * 1000);
    await queue.advance(1000);
    expect(seen).toHaveLength(3000);
    expect(seen).toEqual([...seen].sort((a, b) => a - b));
  });
});

describe('the simulation of a peak hour', () => {
  it('asks Cognito once for as long as a token can be reused', async () => {
    // Ten minutes of fifteen, then a new one at the next request, a second later on average.
    const { asks, calls, shed } = await simulate(plan({}));
    expect(calls).toBe(10);
    expect(shed).toBe(0);
    expect(Math.abs(asks - 6000)).toBeLessThan(300);
  });

  it('has the hit rate that the arithmetic of chance foretells', async () => {
    // λ requests a second and user, W seconds of reuse: λ/(1 + λW) calls.
    const often = { ...habits, sessionsPerDay: 144 };
    const [users, seconds] = [200, 3000];
    const { calls } = await simulate(plan({ users, habits: often, measureSeconds: seconds }));
    const rate = 144 / 86_400;
    const foretold = (users * seconds * rate) / (1 + rate * 600);
    expect(Math.abs(calls / foretold - 1)).toBeLessThan(0.1);
  });

  it('counts every ask of a session', async () => {
    const four = { ...habits, sessionsPerDay: 864, asksPerSession: 4, secondsBetweenAsks: 10 };
    const { asks } = await simulate(plan({ habits: four, users: 100, measureSeconds: 600 }));
    expect(Math.abs(asks / (100 * 0.01 * 4 * 600) - 1)).toBeLessThan(0.1);
  });

  it('serves the quota and sheds the rest, of whom those who come back in vain give up', async () => {
    // Ten new users a second, one of whom can be served.
    const crowd = { users: 10_000_000, habits: { ...habits, sessionsPerDay: 0.0864 } };
    const { asks, calls, shed, givenUp, p99WaitMs } = await simulate(
      plan({ ...crowd, quota: 1, measureSeconds: 300, tokenDuration: 120 }),
    );
    expect(calls).toBeGreaterThan(0.95 * 300);
    expect(calls).toBeLessThanOrEqual(301);
    // Whoever waits at the beginning or end is counted on one side only.
    expect(Math.abs(asks - calls - shed)).toBeLessThanOrEqual(2);
    expect(Math.abs(givenUp / 300 - 9)).toBeLessThan(1);
    expect(p99WaitMs).toBeGreaterThan(0);
    expect(p99WaitMs).toBeLessThanOrEqual(1500);
  });

  it('needs one call for all replicas with a Redis, and one for each without', async () => {
    const four = { replicas: 4, measureSeconds: 3000 };
    expect((await simulate(plan({ ...four, redis: true }))).calls).toBe(5);
    const { calls } = await simulate(plan(four));
    expect(calls).toBeGreaterThanOrEqual(16);
    expect(calls).toBeLessThanOrEqual(20);
  });

  it('splits the quota among replicas without a Redis, and shares it with one', async () => {
    const crowd = { users: 10_000_000, habits: { ...habits, sessionsPerDay: 0.0864 }, measureSeconds: 200 };
    for (const redis of [true, false]) {
      const { calls } = await simulate(plan({ ...crowd, quota: 4, replicas: 2, redis, tokenDuration: 120 }));
      expect(calls).toBeGreaterThan(0.93 * 800);
      expect(calls).toBeLessThanOrEqual(804);
    }
  });

  it('is the same every time', async () => {
    const once = () => simulate(plan({ measureSeconds: 100, random: seededRandom(5) }));
    expect(await once()).toEqual(await once());
  });
});

describe('what to ask AWS for', () => {
  it.each([
    [1, 50],
    [40, 50],
    [54, 70],
    [273, 350],
    [1347, 1700],
  ])('is for %i calls a second %i', (calls, quota) => {
    expect(quotaFor(calls)).toBe(quota);
  });

  it('comes from parts of a Region where the whole would take too long', () => {
    expect(partsOf(10_000)).toBe(1);
    expect(partsOf(25_000_000)).toBe(116);
  });

  it('is told in a table and a plot', () => {
    const size = { users: 1_000_000, regions: 1, replicas: 3, redis: true, parts: 5, tokenDuration: 900 };
    const facts = {
      ...size,
      quota: 70,
      callsPerSecond: 54.2,
      shedShare: 0.007,
      failedShare: 0,
      p99WaitMs: 650,
    };
    const finding = {
      free: facts,
      longer: facts,
      byDefault: { ...facts, shedShare: 0.29 },
      recommended: facts,
    };
    const table = capacityTable([finding], habits).replace(/ +/g, ' ');
    expect(table).toContain(
      '| 1,000,000 | 1 × 3 | 54 | 54 | 29 % | 0 % | 650 ms | 70/s | 0.70 % | 650 ms | 5 |',
    );
    const svg = capacityChart([finding]);
    expect(svg).toMatch(/^<svg [^>]*>[\s\S]*<\/svg>\n$/);
    expect(svg.match(/<circle/g)).toHaveLength(2);
    expect(svg).not.toContain('NaN');
  });
});
