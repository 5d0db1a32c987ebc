import { createResilientGateway } from '../cognito/resilientGateway.ts';
import { createTracedGateway } from '../cognito/tracedGateway.ts';
import type { Config } from '../config/config.ts';
import { ServiceError } from '../errors.ts';
import type { ResolverServices } from '../graphql/schema.ts';
import type { ReadinessCheck } from '../http/health.ts';
import { createIdentityService } from '../identities/identityService.ts';
import type { Clock } from '../lib/clock.ts';
import type { AuditSink } from '../telemetry/audit.ts';
import type { Metrics } from '../telemetry/metrics.ts';
import { annotate } from '../telemetry/tracing.ts';
import { createCachingGateway } from '../tokens/cachingGateway.ts';
import { createTokenCache } from '../tokens/tokenCache.ts';
import { createTokenService } from '../tokens/tokenService.ts';
import { createUserRateLimit } from '../tokens/userRateLimit.ts';
import { callsUnderWay, type Pool } from './pool.ts';
import type { Shared } from './redis.ts';

/** What an operator, or a host that embeds the service, decides about issuing. */
export type IssuingRules = Omit<Config['tokens'], 'principalTags'> & Config['limits'];

export interface IssuingParts {
  readonly pool: Pool;
  readonly audit: AuditSink;
  readonly clock: Clock;
  /** Default: this process shares with nobody. */
  readonly shared?: Shared | undefined;
  /** Default: nothing is counted. */
  readonly metrics?: Pick<Metrics, 'upstream' | 'countLookup'>;
}

/** The services below GraphQL: what issues tokens and looks after identities, behind cache, budget and audit log. */
export function createIssuing(rules: IssuingRules, { pool, audit, clock, shared, metrics }: IssuingParts) {
  const { tokenDuration, minTokenLife, userIdHmacKey, awsCredentialsField } = rules;
  const { region, identityPoolId, developerProviderName, loginsKey, guestProof } = pool;
  const resilient = createResilientGateway({
    gateway: createTracedGateway(pool.gateway),
    rates: { tokens: rules.cognitoRequestsPerSecond },
    concurrency: callsUnderWay(rules),
    clock,
    ...(metrics && { observer: metrics.upstream }),
    ...(shared && { permits: shared.permits }),
  });
  // Calls that several requests share outlive each of them. When the last request is over nobody waits any more.
  const ending = new AbortController();
  const cache = createTokenCache({
    identityPoolId,
    developerProviderName,
    minTokenLife,
    maxEntries: rules.cachedUsers,
    clock,
    signal: ending.signal,
    onLookup(outcome) {
      metrics?.countLookup(outcome);
      annotate('cognito_graphql.cache', outcome);
    },
    // Without Redis there is only the gateway to wait for, and that has a limit of its own.
    ...(shared ? { shared: shared.tokens } : { sharedCallTimeoutMs: Number.POSITIVE_INFINITY }),
  });
  const gateway = createCachingGateway({
    gateway: resilient,
    cache,
    ...(shared && { onChange: shared.tokens.announce }),
  });
  shared?.tokens.follow(cache);
  const { userRequestsPerMinute: requestsPerMinute, cachedUsers: maxUsers } = rules;
  const ownRateLimit = createUserRateLimit({ requestsPerMinute, maxUsers, clock });
  const userRateLimit = shared?.userRateLimit(requestsPerMinute, ownRateLimit) ?? ownRateLimit;
  const hashing = userIdHmacKey === undefined ? {} : { userIdHmacKey };
  const resolverServices: ResolverServices = {
    tokens: createTokenService({ gateway, audit, guestProof, userRateLimit }, { tokenDuration, ...hashing }),
    identities: createIdentityService({ gateway, audit }, hashing),
    credentials: { region, identityPoolId, loginsKey, tokenDuration, awsCredentialsField },
  };
  const checks: readonly ReadinessCheck[] = [
    { name: 'cognito', problem: () => resilient.problem() },
    ...(shared?.checks ?? []),
  ];
  const stop = () => ending.abort(stopped());
  return { gateway, checks, watched: { budget: resilient.budget, cache }, resolverServices, stop };
}

const stopped = () =>
  new ServiceError('UPSTREAM_UNAVAILABLE', 'The service has been stopped.', { retryAfter: 1 });
