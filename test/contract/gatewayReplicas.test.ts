import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createAwsCognitoGateway } from '../../src/cognito/awsGateway.ts';
import { createBudget } from '../../src/cognito/budget.ts';
import { createResilientGateway } from '../../src/cognito/resilientGateway.ts';
import { createEmulator, type Emulator } from '../../src/emulator/index.ts';
import { systemClock } from '../../src/lib/clock.ts';
import { systemTimers } from '../../src/lib/timers.ts';
import { createCachingGateway } from '../../src/tokens/cachingGateway.ts';
import { createRedisLink, type RedisLink } from '../../src/tokens/redisLink.ts';
import { createRedisPermits } from '../../src/tokens/redisPermits.ts';
import { createRedisTokens } from '../../src/tokens/redisTokens.ts';
import { createTokenCache } from '../../src/tokens/tokenCache.ts';
import { createTokenCipher } from '../../src/tokens/tokenCipher.ts';
import { RedisServer, until } from '../support/redisServer.ts';
import { requireTool } from '../support/requirements.ts';
import { pool, provider } from './gatewaySuite.ts';

const never = new AbortController().signal;
const operation = 'GetOpenIdTokenForDeveloperIdentity';
const rate = 20;
const request = (user: string) => ({ developerUserIdentifier: user, tokenDuration: 900, principalTags: {} });

requireTool('redis-server').describe('three replicas with one Redis', () => {
  let emulator: Emulator;
  let endpoint: string;
  let redis: RedisServer;
  const links: RedisLink[] = [];
  const key = randomBytes(32);

  beforeAll(async () => {
    redis = await RedisServer.start();
    emulator = createEmulator({
      // Each with a budget of his own they would exceed this; calls that are held up on a busy machine do not.
      throttles: { [operation]: 2 * rate },
      seed: {
        Pools: [
          {
            IdentityPoolId: pool,
            IdentityPoolName: 'demo',
            AllowUnauthenticatedIdentities: false,
            DeveloperProviderName: provider,
          },
        ],
      },
    });
    endpoint = (await emulator.listen()).url;
  });
  afterAll(async () => {
    await Promise.all(links.map((link) => link.close()));
    await emulator.close();
    await redis.stop();
  });

  async function replica() {
    const link = createRedisLink({ url: redis.url, namespace: 'cg:test', commandTimeoutMs: 5000 });
    links.push(link);
    const shared = createRedisTokens({ link, cipher: createTokenCipher([key]) });
    const cache = createTokenCache({ identityPoolId: pool, developerProviderName: provider, shared });
    shared.follow(cache);
    const gateway = createResilientGateway({
      gateway: createAwsCognitoGateway({
        endpoint,
        identityPoolId: pool,
        developerProviderName: provider,
        credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
        requestTimeoutMs: 15_000,
      }),
      attemptTimeoutMs: 15_000,
      concurrency: 500,
      totalTimeoutMs: 19_000,
      budget: createBudget({
        rates: { tokens: rate },
        clock: systemClock,
        timers: systemTimers,
        permits: (quota, ratePerSecond) => createRedisPermits(link, quota, ratePerSecond),
      }),
    });
    await until(() => link.problem() === null, 'Redis can be used');
    return createCachingGateway({ gateway, cache, onChange: (what) => shared.announce(what) });
  }

  it('share one budget under far too many calls, and give everybody their own identity', async () => {
    const replicas = [await replica(), await replica(), await replica()];
    for (const [i, gateway] of replicas.entries()) {
      // What a first call loads would hold up the calls that come with it.
      await gateway.issueOpenIdToken(request(`early-${i}`), never);
    }
    emulator.requests.clear();
    const owners = new Map<string, string>();
    const codes = new Set<string>();
    const running: Promise<void>[] = [];
    for (let round = 0; round < 20; round += 1) {
      for (let i = 0; i < 5; i += 1) {
        for (const [r, gateway] of replicas.entries()) {
          const user = `user-${round}-${i}-${r}`;
          running.push(
            gateway.issueOpenIdToken(request(user), never).then(
              ({ identityId }) => {
                expect(owners.get(identityId) ?? user).toBe(user);
                owners.set(identityId, user);
              },
              (error) => {
                codes.add(error.code);
              },
            ),
          );
        }
      }
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    await Promise.all(running);

    const entries = emulator.requests.entries(operation);
    expect(entries.filter(({ error }) => error !== undefined)).toEqual([]);
    expect([...codes]).toEqual(['UPSTREAM_THROTTLED']);
    expect(owners.size).toBeGreaterThan(rate);
    expect(new Set(owners.values()).size).toBe(owners.size);
    expect(entries.length).toBe(owners.size);
  });
});
