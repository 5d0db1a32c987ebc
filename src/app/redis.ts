import type { Config } from '../config/config.ts';
import type { UserRateLimit } from '../tokens/tokenService.ts';
import type { Pool } from './pool.ts';
import type { Surroundings } from './surroundings.ts';

/**
 * In the name of every key. Replicas of two versions that keep things in another way must not meet in Redis: whoever changes a name, a
 * value or a script there takes the next number, and says so under "Breaking" in the change log.
 */
const layout = 1;

/** What replicas have in common. */
export type Shared = Awaited<ReturnType<typeof connectRedis>>;

/**
 * What replicas share: budget, tokens, changes of identities, and the count per user. While Redis is away, each goes on with its part of
 * the budget and what it keeps itself.
 */
export async function connectRedis(
  { url, cacheKeys }: NonNullable<Config['redis']>,
  { identityPoolId, developerProviderName }: Pool,
  { clock, logger, closers }: Surroundings,
) {
  const [
    { createRedisLink },
    { createRedisPermits },
    { createRedisTokens },
    { createRedisUserRateLimit },
    { createTokenCipher },
  ] = await Promise.all([
    import('../tokens/redisLink.ts'),
    import('../tokens/redisPermits.ts'),
    import('../tokens/redisTokens.ts'),
    import('../tokens/redisUserRateLimit.ts'),
    import('../tokens/tokenCipher.ts'),
  ]);
  const link = createRedisLink({
    url,
    namespace: `cognito-graphql:${layout}:{${identityPoolId}/${developerProviderName}}`,
    onState: (available) =>
      available
        ? logger.info({}, 'Redis is there')
        : logger.warn({}, 'Redis does not answer; going on without it'),
  });
  closers.push(() => link.close());
  const cipher = createTokenCipher(cacheKeys.map(({ key }) => key));
  return {
    tokens: createRedisTokens({ link, cipher, clock }),
    permits: (quota: string, ratePerSecond: number) => createRedisPermits(link, quota, ratePerSecond),
    userRateLimit: (requestsPerMinute: number, local: UserRateLimit) =>
      createRedisUserRateLimit({ link, cipher, requestsPerMinute, local }),
    checks: [{ name: 'redis', hinders: false, problem: () => link.problem() }],
  };
}
