import { createHash, randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { Redis } from 'ioredis';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { RedisServer } from '../support/redisServer.ts';
import { requireTool } from '../support/requirements.ts';
import { type Stack, startStack } from '../support/stack.ts';

/** What replicas of one layout must agree on. A change here is a change of the layout, and wants the next number in `app/redis.ts`. */
const layouts: Readonly<Record<string, { keys: readonly string[]; scripts: string }>> = {
  1: {
    keys: ['demand:QUOTA', 'gone:NAME', 'rate:NAME', 'replicas', 'starts:QUOTA', 'user:NAME'],
    scripts: '857c9d41c7f88691',
  },
};

requireTool('redis-server').describe('what replicas of two versions find in Redis', () => {
  let redis: RedisServer;
  let stack: Stack;
  beforeAll(async () => {
    redis = await RedisServer.start();
    const env = { REDIS_URL: redis.url, CACHE_KEY: randomBytes(32).toString('base64') };
    stack = await startStack({ env });
  });
  afterAll(async () => {
    await stack.stop();
    await redis.stop();
  });

  it('has the layout that the number in its keys says, which the README names', async () => {
    const ready = async () => (await fetch(`${stack.app.url}/readyz`)).json();
    await expect.poll(ready).toEqual({ status: 'ready', problems: [] });
    const issue = 'mutation { cognitoCredentials { identityId } }';
    const { identityId } = (await stack.send({ query: issue, user: 'alice' })).data.cognitoCredentials;
    const unlink =
      'mutation ($input: UnlinkDeveloperIdentityInput!) { unlinkDeveloperIdentity(input: $input) { id } }';
    const variables = { input: { identityId, developerUserIdentifier: 'alice' } };
    await stack.send({ query: unlink, variables, user: 'root', scope: 'admin' });
    await stack.send({ query: issue, user: 'bob' });

    const client = new Redis(redis.url);
    const found = async () => {
      const names = (await client.keys('*')).map((key) =>
        key.replace(/[\w-]{43}$/, 'NAME').replace(/(starts|demand):\w+$/, '$1:QUOTA'),
      );
      return [...new Set(names)].filter((key) => !key.includes(':lease:')).sort();
    };
    const pool = `{${stack.identityPoolId}/login.demo}`;
    const [number = ''] = (await found()).map((key) => key.split(':')[1]);
    const { keys = [], scripts } = layouts[number] ?? {};
    await expect.poll(found).toEqual(keys.map((key) => `cognito-graphql:${number}:${pool}:${key}`));
    client.disconnect();
    expect(scriptsDigest()).toBe(scripts);
    expect(readFileSync('README.md', 'utf8')).toContain(`\`cognito-graphql:${number}:\``);
  });
});

/** Of what runs in Redis, and so of the forms of values there; indentation and comments aside. */
function scriptsDigest(): string {
  const files = ['redisScripts', 'redisPermits', 'redisUserRateLimit', 'redisLink'];
  const scripts = files.flatMap((file) =>
    [
      ...readFileSync(`src/tokens/${file}.ts`, 'utf8').matchAll(
        /const \w+ = `([^`]*)`;|export const \w+ = `([^`]*)`;/g,
      ),
    ].map(([, inner, outer]) => (inner ?? outer ?? '').replaceAll(/\s+/g, ' ')),
  );
  expect(scripts.length).toBeGreaterThan(7);
  return createHash('sha256').update(JSON.stringify(scripts)).digest('hex').slice(0, 16);
}
