import { createResilientGateway } from '../cognito/resilientGateway.ts';
import { createTracedGateway } from '../cognito/tracedGateway.ts';
import type { Config } from '../config/config.ts';
import { ServiceError } from '../errors.ts';
import type { ReadinessCheck } from '../http/health.ts';
import { createIdentityService } from '../identities/identityService.ts';
import { createAuditLog } from '../telemetry/auditLog.ts';
import type { Metrics } from '../telemetry/metrics.ts';
import { annotate } from '../telemetry/tracing.ts';
import { createCachingGateway } from '../tokens/cachingGateway.ts';
import { createTokenCache } from '../tokens/tokenCache.ts';
import { createTokenService, type UserRateLimit } from '../tokens/tokenService.ts';
import { createUserRateLimit } from '../tokens/userRateLimit.ts';
import { callsUnderWay, type Pool } from './pool.ts';
import type { Surroundings } from './surroundings.ts';

/** The services below GraphQL: what issues tokens and looks after identities, behind cache, budget and audit log. */
export function createIssuing(
  config: Config,
  pool: Pool,
  shared: Shared | undefined,
  metrics: Metrics,
  { clock, closers }: Surroundings,
) {
  const { tokenDuration, minTokenLife, userIdHmacKey, awsCredentialsField } = config.tokens;
  const { region, identityPoolId, developerProviderName, loginsKey, guestProof } = pool;
  const audit = createAuditLog({ target: config.telemetry.auditFile ?? process.stdout, clock });
  closers.push(() => audit.close());
  const resilient = createResilientGateway({
    gateway: createTracedGateway(pool.gateway),
    rates: { tokens: config.limits.cognitoRequestsPerSecond },
    concurrency: callsUnderWay(config.limits),
    clock,
    observer: metrics.upstream,
    ...(shared && { permits: shared.permits }),
  });
  // Calls that several requests share outlive each of them. When the last request is over nobody waits any more.
  const ending = new AbortController();
  closers.push(() => ending.abort(stopped()));
  const cache = createTokenCache({
    identityPoolId,
    developerProviderName,
    minTokenLife,
    clock,
    signal: ending.signal,
    onLookup(outcome) {
      metrics.countLookup(outcome);
      annotate('cognito_graphql.cache', outcome);
    },
    ...(shared && { shared: shared.tokens }),
  });
  const gateway = createCachingGateway({
    gateway: resilient,
    cache,
    ...(shared && { onChange: shared.tokens.announce }),
  });
  shared?.tokens.follow(cache);
  const { userRequestsPerMinute: requestsPerMinute } = config.limits;
  const ownRateLimit = createUserRateLimit({ requestsPerMinute, clock });
  const userRateLimit = shared?.userRateLimit(requestsPerMinute, ownRateLimit) ?? ownRateLimit;
  const checks: ReadinessCheck[] = [
    { name: 'cognito', problem: () => resilient.problem() },
    { name: 'audit log', problem: () => audit.problem() },
    ...(shared?.checks ?? []),
  ];
  return {
    gateway,
    audit,
    checks,
    watched: { budget: resilient.budget, cache },
    resolverServices: {
      tokens: createTokenService(
        { gateway, audit, guestProof, userRateLimit },
        { tokenDuration, userIdHmacKey },
      ),
      identities: createIdentityService({ gateway, audit }, { userIdHmacKey }),
      credentials: { region, identityPoolId, loginsKey, tokenDuration, awsCredentialsField },
    },
  };
}

const stopped = () =>
  new ServiceError('UPSTREAM_UNAVAILABLE', 'The service has been stopped.', { retryAfter: 1 });

type Shared = Awaited<ReturnType<typeof connectRedis>>;

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
    namespace: `cognito-graphql:{${identityPoolId}/${developerProviderName}}`,
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
