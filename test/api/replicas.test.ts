import { randomBytes } from 'node:crypto';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { type App, createApp } from '../../src/app.ts';
import { RedisServer } from '../support/redisServer.ts';
import { requireTool } from '../support/requirements.ts';
import { silentLogger } from '../support/silentLogger.ts';
import { type Stack, startStack } from '../support/stack.ts';

const query = 'mutation { cognitoCredentials { identityId openIdToken } }';

requireTool('redis-server').describe('two replicas with a Redis', () => {
  let redis: RedisServer;
  let stack: Stack;
  let second: App;
  let urls: readonly [string, string];

  beforeEach(async () => {
    redis = await RedisServer.start();
    stack = await startStack({
      env: {
        REDIS_URL: redis.url,
        CACHE_KEY: randomBytes(32).toString('base64'),
        USER_REQUESTS_PER_MINUTE: '3',
      },
    });
    second = createApp(stack.config, { logger: silentLogger });
    urls = [stack.app.url, (await second.start()).url];
    const ready = async (url: string) => (await fetch(`${url}/readyz`)).json();
    for (const url of urls) await expect.poll(() => ready(url)).toEqual({ status: 'ready', problems: [] });
    stack.upstreamCalls();
  });
  afterEach(async () => {
    await second.stop();
    await stack.stop();
    await redis.stop();
  });

  it('share a token', async () => {
    const first = await stack.send({ query, user: 'alice', url: urls[0] });
    const other = await stack.send({ query, user: 'alice', url: urls[1] });
    expect(other.data).toEqual(first.data);
    expect(stack.upstreamCalls()).toEqual(['GetOpenIdTokenForDeveloperIdentity']);
  });

  it('count the requests of a user together', async () => {
    for (const url of [urls[0], urls[1], urls[0]]) {
      expect((await stack.send({ query, user: 'bob', url })).status).toBe(200);
    }
    const refused = await stack.send({ query, user: 'bob', url: urls[1] });
    expect(refused.status).toBe(429);
    expect(refused.errors?.[0]?.extensions).toEqual({
      code: 'TOO_MANY_REQUESTS',
      retryAfter: expect.toSatisfy((seconds: number) => seconds >= 1 && seconds <= 60),
    });
    expect((await stack.send({ query, user: 'carol', url: urls[1] })).status).toBe(200);
  });

  it('both give the new identity after an unlink at one of them', async () => {
    const { identityId } = (await stack.send({ query, user: 'dave', url: urls[0] })).data.cognitoCredentials;
    await stack.send({ query, user: 'dave', url: urls[1] });
    await stack.send({
      query: `mutation { unlinkDeveloperIdentity(input: { identityId: "${identityId}", developerUserIdentifier: "dave" }) { id } }`,
      user: 'root',
      scope: 'admin',
      url: urls[0],
    });
    const after = await stack.send({ query, user: 'dave', url: urls[1] });
    expect(after.data.cognitoCredentials.identityId).not.toBe(identityId);
  });

  it('go on without it, say so, and are still ready', async () => {
    await redis.stop();
    const health = async () => (await fetch(`${urls[0]}/readyz`)).json();
    await expect.poll(health).toMatchObject({ status: 'ready', problems: [{ check: 'redis' }] });
    for (const url of [urls[0], urls[1]]) {
      expect(await stack.send({ query, user: 'erin', url })).toMatchObject({
        status: 200,
        data: { cognitoCredentials: { identityId: expect.any(String) } },
      });
    }
    // Each counts by itself then.
    for (const status of [200, 200, 429]) {
      expect((await stack.send({ query, user: 'erin', url: urls[0] })).status).toBe(status);
    }
  });
});
