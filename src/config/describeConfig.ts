import type { AuthConfig, Config } from './config.ts';

/** The configuration as the start-up log shows it: choices, sizes and addresses without credentials, and no secret. */
export function describeConfig(config: Config): Readonly<Record<string, unknown>> {
  const { cognito, tokens, limits, http, documents, telemetry } = config;
  return {
    environment: config.environment,
    cognito:
      cognito.mode === 'embedded'
        ? { mode: 'embedded', region: cognito.region, developerProviderName: cognito.developerProviderName }
        : { ...cognito },
    login: describeAuth(config.auth),
    tokenDuration: tokens.tokenDuration,
    minTokenLife: tokens.minTokenLife,
    userIdsHashed: tokens.userIdHmacKey !== undefined,
    principalTags: Object.keys(tokens.principalTags),
    awsCredentialsField: tokens.awsCredentialsField,
    cognitoRequestsPerSecond: limits.cognitoRequestsPerSecond,
    userRequestsPerMinute: limits.userRequestsPerMinute,
    cachedUsers: limits.cachedUsers,
    redis: config.redis === undefined ? 'none' : { cacheKeyIds: config.redis.cacheKeys.map(({ id }) => id) },
    corsOrigins: http.corsOrigins,
    bodyLimitBytes: http.bodyLimitBytes,
    keepAliveTimeoutMs: http.keepAliveTimeoutMs,
    headersTimeoutMs: http.headersTimeoutMs,
    requestTimeoutMs: http.requestTimeoutMs,
    shutdownGraceMs: http.shutdownGraceMs,
    trustedDocuments: documents.trustedDocuments,
    introspection: documents.introspection,
    logLevel: telemetry.logLevel,
    audit: telemetry.auditFile ?? 'stdout',
  };
}

function describeAuth(auth: AuthConfig): Readonly<Record<string, unknown>> {
  if (auth.mode === 'host') return { mode: 'host' };
  const { mode, userClaim, adminScope, clockTolerance, maxTokenAge, cookie } = auth;
  const common = { mode, userClaim, adminScope, clockTolerance, maxTokenAge, cookie: cookie ?? 'none' };
  if (auth.mode === 'demo') return common;
  const whose = { ...common, issuer: auth.issuer ?? 'not checked', audience: shownAudience(auth.audience) };
  return auth.mode === 'jwt'
    ? { ...whose, keys: auth.keys.kind, algorithms: auth.algorithms, tokenType: auth.tokenType ?? 'any' }
    : { ...whose, introspectionHost: new URL(auth.introspectionUrl).host };
}

const shownAudience = (audience: readonly string[]) => (audience.length === 0 ? 'not checked' : audience);

/** What works but should not go unnoticed, as sentences for the log. */
export function configWarnings({ auth, cognito, environment }: Config): readonly string[] {
  const warnings: string[] = [];
  const where = environment === 'production' ? 'in production, as asked for by name' : 'for trials';
  if (cognito.mode === 'embedded') {
    warnings.push(`The embedded Cognito is used (${where}): its credentials open nothing at AWS.`);
  }
  if (auth.mode === 'demo') {
    warnings.push(`The demo login is used (${where}): it gives a token for any user name.`);
  } else if (auth.mode !== 'host' && auth.audience.length === 0) {
    warnings.push('AUTH_AUDIENCE is not set: tokens of your login for other applications are accepted, too.');
  }
  return warnings;
}
