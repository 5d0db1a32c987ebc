import { Redis } from 'ioredis';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { createRateLimiter } from '../../../src/cognito/rateLimiter.ts';
import { systemClock } from '../../../src/lib/clock.ts';
import { systemTimers } from '../../../src/lib/timers.ts';
import { createRedisLink, type RedisLink, type RedisLinkOptions } from '../../../src/tokens/redisLink.ts';
import { createRedisPermits } from '../../../src/tokens/redisPermits.ts';
import { RedisServer, until } from '../../support/redisServer.ts';
import { requireTool } from '../../support/requirements.ts';

const never = new AbortController().signal;

requireTool('redis-server').describe('one budget for several processes', () => {
  let server: RedisServer;
  let admin: Redis;
  let links: RedisLink[] = [];
  beforeEach(async () => {
    server = await RedisServer.start();
    admin = new Redis(server.url);
    admin.on('error', () => {});
  });
  afterEach(async () => {
    await Promise.all(links.map((link) => link.close()));
    links = [];
    admin.disconnect();
    await server.stop();
  });

  async function replica(settings: Partial<RedisLinkOptions> = {}): Promise<RedisLink> {
    // Generous: what is tested here is not speed.
    const link = createRedisLink({
      url: server.url,
      namespace: 'cg:test',
      commandTimeoutMs: 5000,
      heartbeatMs: 50,
      ...settings,
    });
    links.push(link);
    await until(() => link.available, 'Redis answers');
    return link;
  }

  const hour = 3_600_000;
  const ask = (link: RedisLink, count: number, unreported: number[] = []) =>
    createRedisPermits(link, 'tokens', 10).take({ count, calls: 10, windowMs: hour, unreported });
  /** A count that exists and has nothing in its window. */
  const quiet = () => admin.zadd('cg:test:starts:tokens', 0, 'long ago');

  it('grants no more than the budget to all of them together, and says when there is more', async () => {
    await quiet();
    const [one, two] = [await replica(), await replica()];
    expect(await ask(one, 7)).toEqual({ granted: 7, waitMs: 0, sharers: 1 });
    const second = await ask(two, 7);
    expect(second).toMatchObject({ granted: 3, sharers: 2 });
    expect(second?.waitMs).toBeGreaterThan(hour - 60_000);
    expect(second?.waitMs).toBeLessThanOrEqual(hour);
  });

  it('counts what was started while the count could not be reached', async () => {
    await quiet();
    expect(await ask(await replica(), 9, [1000, 2000, 3000])).toMatchObject({ granted: 7 });
  });

  it('begins at the pace of the budget when nobody knows what was before', async () => {
    const link = await replica();
    const first = await ask(link, 5);
    expect(first).toMatchObject({ granted: 0 });
    expect(first?.waitMs).toBeGreaterThan(hour / 10 - 60_000);
    expect(first?.waitMs).toBeLessThanOrEqual(hour / 10);
  });

  it('remembers no more starts than it needs, and names nobody', async () => {
    await quiet();
    const link = await replica();
    for (let i = 0; i < 5; i += 1) {
      await createRedisPermits(link, 'tokens', 10).take({
        count: 10,
        calls: 10,
        windowMs: 0,
        unreported: [],
      });
    }
    expect(await admin.zcard('cg:test:starts:tokens')).toBe(11);
  });

  it('knows how many processes share it, also when one ends', async () => {
    const [one, two] = [await replica(), await replica()];
    await until(() => one.replicas === 2 && two.replicas === 2, 'both see each other');
    await two.close();
    await until(() => one.replicas === 1, 'the other one is gone');
  });

  it('answers null instead of waiting for a Redis that is gone, and comes back by itself', async () => {
    const link = await replica();
    await server.stop();
    await until(() => !link.available, 'the loss is noticed');
    expect(await ask(link, 1)).toBeNull();
    expect(link.problem()).toContain('keeps to its part of the budget');
    await server.restart();
    await until(() => link.problem() === null, 'it is back');
    expect(await ask(link, 1)).toMatchObject({ sharers: 1 });
  });

  it('keeps sharing after an answer that was late, and splits when silence lasts', async () => {
    const states: boolean[] = [];
    const link = await replica({
      commandTimeoutMs: 30,
      patienceMs: 2000,
      heartbeatMs: 200,
      onState: (available) => states.push(available),
    });
    server.freeze();
    expect(await ask(link, 1)).toBeNull();
    expect(link.available).toBe(true);
    server.thaw();
    // That it answers again ends the silence, however long ago it began.
    await until(async () => (await ask(link, 0)) !== null, 'it answers again');
    server.freeze();
    expect(await ask(link, 1)).toBeNull();
    expect(link.available).toBe(true);
    await until(() => !link.available, 'it counts as gone');
    server.thaw();
    await until(() => link.available, 'it is back');
    expect(states).toEqual([true, false, true]);
  });

  it('reads what has arrived before it calls an answer late', async () => {
    const link = await replica({ commandTimeoutMs: 50, heartbeatMs: 60_000 });
    // After this turn of the event loop, timers come before what has arrived.
    await new Promise((resolve) => setImmediate(resolve));
    const answer = ask(link, 1);
    const end = performance.now() + 200;
    while (performance.now() < end);
    expect(await answer).not.toBeNull();
  });

  it('lets limiters of several processes serve all of the budget and no more', async () => {
    const rate = 40;
    const limiters = [];
    for (let i = 0; i < 3; i += 1) {
      limiters.push(
        createRateLimiter({
          ratePerSecond: rate,
          maxWaitMs: 1000,
          clock: systemClock,
          timers: systemTimers,
          permits: createRedisPermits(await replica(), 'tokens', rate),
        }),
      );
    }
    const begin = Date.now();
    let served = 0;
    let refused = 0;
    const running: Promise<void>[] = [];
    while (Date.now() - begin < 2500) {
      for (const [i, limiter] of limiters.entries()) {
        running.push(
          limiter.acquire(`user-${i}-${running.length % 50}`, never).then(
            () => {
              served += 1;
            },
            () => {
              refused += 1;
            },
          ),
        );
      }
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    await Promise.all(running);
    const seconds = (Date.now() - begin) / 1000;
    expect(served + refused).toBe(running.length);
    expect(served).toBeLessThanOrEqual(rate * (seconds + 1));
    expect(served).toBeGreaterThan(rate);
    expect(refused).toBeGreaterThan(0);
  });

  it('lets a limiter go on with its part when Redis goes away in the middle', async () => {
    const link = await replica();
    await replica();
    await until(() => link.replicas === 2, 'both are seen');
    const limiter = createRateLimiter({
      ratePerSecond: 10,
      maxWaitMs: 0,
      clock: systemClock,
      timers: systemTimers,
      permits: createRedisPermits(link, 'tokens', 10),
    });
    await server.stop();
    await until(() => !link.available, 'the loss is noticed');
    const answers = await Promise.allSettled(
      Array.from({ length: 10 }, () => limiter.acquire('alice', never)),
    );
    expect(answers.filter(({ status }) => status === 'fulfilled')).toHaveLength(5);
  });
});
