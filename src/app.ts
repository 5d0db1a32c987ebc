import type { Authenticator } from './auth/authenticator.ts';
import type { ClaimOptions } from './auth/claims.ts';
import { createIntrospectionAuthenticator, createJwtAuthenticator, type KeyOptions } from './auth/index.ts';
import { createAwsCognitoGateway } from './cognito/awsGateway.ts';
import { createGuestProofVerifier } from './cognito/guestProof.ts';
import { createResilientGateway } from './cognito/resilientGateway.ts';
import { createTracedGateway } from './cognito/tracedGateway.ts';
import type { CognitoConfig, Config, JwtAuthConfig } from './config/config.ts';
import type { DemoLogin } from './demo/demoLogin.ts';
import { createApolloServer } from './graphql/apolloServer.ts';
import { countOperations } from './graphql/countOperations.ts';
import { buildSchema } from './graphql/schema.ts';
import { traceRootFields } from './graphql/traceRootFields.ts';
import { createTrustedDocuments } from './graphql/trustedDocuments.ts';
import { createCors } from './http/cors.ts';
import { createExplorerRoute } from './http/explorerRoute.ts';
import { createGraphqlRoute } from './http/graphqlRoute.ts';
import { createReadinessRoute, livenessRoute, type ReadinessCheck } from './http/health.ts';
import type { InProcessAnswer, InProcessRequest } from './http/inProcess.ts';
import { type FirstTab, noLandingPage, sandboxLandingPage } from './http/landingPage.ts';
import { createMetricsRoute } from './http/metricsRoute.ts';
import type { Handler, Route } from './http/route.ts';
import { createHttpServer, type HttpServer } from './http/server.ts';
import { createIdentityReader } from './identities/identityReader.ts';
import { createIdentityService } from './identities/identityService.ts';
import { type Clock, systemClock } from './lib/clock.ts';
import { partitionOf } from './lib/partition.ts';
import { createAuditLog } from './telemetry/auditLog.ts';
import { createLogger, type Logger } from './telemetry/logger.ts';
import { createMetrics, type Metrics } from './telemetry/metrics.ts';
import { annotate } from './telemetry/tracing.ts';
import { createCachingGateway } from './tokens/cachingGateway.ts';
import { createTokenCache } from './tokens/tokenCache.ts';
import { createTokenService, type UserRateLimit } from './tokens/tokenService.ts';
import { createUserRateLimit } from './tokens/userRateLimit.ts';

export interface App {
  /** Starts everything, the address first. Rejects with a sentence for the operator, and stops again what was started. */
  start(): Promise<RunningApp>;
  /** The same without an address of its own: requests come by `handle`. For function platforms and hosts with a server. */
  startWithoutListening(): Promise<DetachedApp>;
  /** Lets running requests finish for at most the configured grace, then closes everything. May be called again. */
  stop(): Promise<void>;
}

export interface RunningApp extends DetachedApp {
  /** Address of the API without a path. */
  readonly url: string;
}

export interface DetachedApp {
  /** Answers a request that did not come over this service's own address, by the same routes and rules. */
  handle(request: InProcessRequest): Promise<InProcessAnswer>;
  /** Address of the embedded Cognito, when there is one. */
  readonly cognitoUrl?: string;
  readonly identityPoolId: string;
  readonly region: string;
  /** A token of the demo login, when there is one. */
  readonly demoToken?: (user: string, scope?: string) => Promise<string>;
  /** Goes on with the file that bears the audit log's name now: for rotation. */
  reopenAuditLog(): Promise<void>;
}

/** Parts that a host brings itself instead of having them made from the configuration. */
export interface AppParts {
  readonly clock?: Clock;
  readonly logger?: Logger;
  /** Replaces the login of the configuration: the port to any other. */
  readonly authenticator?: Authenticator;
}

type Closers = (() => Promise<void> | void)[];

/** The service that a configuration describes. This is the composition root: here, and only here, concrete parts meet. */
export function createApp(config: Config, parts: AppParts = {}): App {
  const { clock = systemClock, logger = createLogger(config.telemetry.logLevel) } = parts;
  const closers: Closers = [];
  /** In the order in which things depend on each other: what was started last is stopped first. */
  const stop = async () => {
    for (let close = closers.pop(); close !== undefined; close = closers.pop()) await close();
  };
  const start = async (listening: boolean) => {
    try {
      return await assemble(config, parts, { clock, logger, closers, listening });
    } catch (error) {
      await stop();
      throw error;
    }
  };
  return {
    stop,
    async start() {
      const { url = '', ...app } = await start(true);
      return { url, ...app };
    },
    startWithoutListening: () => start(false),
  };
}

interface Surroundings {
  readonly clock: Clock;
  readonly logger: Logger;
  /** What is pushed last is closed first. */
  readonly closers: Closers;
  /** Whether the service has an address of its own. */
  readonly listening: boolean;
}

async function assemble(
  config: Config,
  parts: AppParts,
  around: Surroundings,
): Promise<DetachedApp & { readonly url?: string }> {
  const { clock, logger, closers, listening } = around;
  const metrics = createMetrics();
  const production = config.environment === 'production';
  const origins = production ? config.http.corsOrigins : [...config.http.corsOrigins, ...sandboxOrigins];
  const server = createHttpServer({
    logger,
    cors: createCors(origins),
    trustedProxies: config.http.trustedProxies,
    onAnswered: metrics.countRequest,
  });
  const url = listening ? (await server.listen(config.http.port, config.http.host)).url : undefined;
  server.mount([livenessRoute]);
  const drain = () => server.drain(config.http.shutdownGraceMs);
  closers.push(drain);

  const pool = await connectPool(config.cognito, around);
  const demoLogin = config.auth.mode === 'demo' ? await startDemoLogin(url, around) : undefined;
  // Before the authenticator is made, which fetches the keys there like those of any other login.
  if (demoLogin !== undefined) server.mount([demoLoginRoute(demoLogin)]);
  const authenticator = parts.authenticator ?? createAuthenticator(config, demoLogin, clock);
  closers.push(() => authenticator.close?.());

  const shared = config.redis === undefined ? undefined : await connectRedis(config.redis, pool, around);
  const issuing = createIssuing(config, pool, shared, metrics, around);
  const firstTab = () => firstTabOf(demoLogin);
  const apollo = createApolloServer({
    schema: traceRootFields(await buildSchema(issuing.resolverServices)),
    logger,
    production,
    introspection: config.documents.introspection,
    plugins: [
      countOperations(metrics.countField),
      production ? noLandingPage() : sandboxLandingPage(firstTab),
    ],
  });
  await apollo.start();
  closers.push(() => apollo.stop());

  const graphqlRoute = createGraphqlRoute({
    apollo,
    authenticator,
    createIdentityReader: (signal) => createIdentityReader(issuing.gateway, signal),
    logger,
    bodyLimitBytes: config.http.bodyLimitBytes,
    landingPage: !production,
    ...(await loadTrustedDocuments(config.documents)),
  });
  const checks: ReadinessCheck[] = [
    { name: 'server', problem: () => (server.draining ? 'The server is stopping.' : null) },
    ...issuing.checks,
    { name: 'login', problem: () => authenticator.problem?.() ?? null },
  ];
  metrics.watch({ ...issuing.watched, checks });
  const readinessRoute = createReadinessRoute(checks);
  server.mount([graphqlRoute, readinessRoute, ...(production ? [] : [createExplorerRoute(firstTab)])]);
  if (demoLogin !== undefined && pool.cognitoUrl !== undefined) {
    server.mount(await demoPageRoutes(pool, pool.cognitoUrl));
  }
  await serveMetrics(config.http, createMetricsRoute(metrics), server, around);
  server.open();
  // Again, and now first: whatever a running request needs is closed after it.
  closers.push(drain);

  return {
    ...(url === undefined ? {} : { url }),
    handle: (request) => server.handle(request),
    region: pool.region,
    identityPoolId: pool.identityPoolId,
    ...(pool.cognitoUrl === undefined ? {} : { cognitoUrl: pool.cognitoUrl }),
    ...(demoLogin === undefined
      ? {}
      : { demoToken: (user: string, scope?: string) => demoLogin.issueToken({ user, scope }) }),
    reopenAuditLog: () => issuing.audit.reopen(),
  };
}

/** The services below GraphQL: what issues tokens and looks after identities, behind cache, budget and audit log. */
function createIssuing(
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
    clock,
    observer: metrics.upstream,
    ...(shared && { permits: shared.permits }),
  });
  const cache = createTokenCache({
    identityPoolId,
    developerProviderName,
    minTokenLife,
    clock,
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

type Shared = Awaited<ReturnType<typeof connectRedis>>;

/**
 * What replicas share: budget, tokens, changes of identities, and the count per user. While Redis is away, each goes on with its part of
 * the budget and what it keeps itself.
 */
async function connectRedis(
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
    import('./tokens/redisLink.ts'),
    import('./tokens/redisPermits.ts'),
    import('./tokens/redisTokens.ts'),
    import('./tokens/redisUserRateLimit.ts'),
    import('./tokens/tokenCipher.ts'),
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

/** `/metrics` on the API's own port, or on one that only the inside of a network reaches. */
async function serveMetrics(
  { metricsPort, host }: Config['http'],
  route: Route,
  server: HttpServer,
  { logger, closers, listening }: Surroundings,
): Promise<void> {
  if (metricsPort === undefined) return server.mount([route]);
  if (!listening) return;
  const own = createHttpServer({ logger });
  await own.listen(metricsPort, host);
  closers.push(() => own.drain(1_000));
  own.mount([route]);
  own.open();
}

async function loadTrustedDocuments({ trustedDocuments, trustedDocumentsFile }: Config['documents']) {
  if (trustedDocuments === 'off') return {};
  const { readTrustedDocuments } = await import('./config/readTrustedDocuments.ts');
  return { trustedDocuments: createTrustedDocuments(await readTrustedDocuments(trustedDocumentsFile)) };
}

/** Where Apollo's hosted Sandbox and the one embedded in our landing page run. */
const sandboxOrigins = ['https://studio.apollographql.com', 'https://sandbox.embed.apollographql.com'];

type Pool = Awaited<ReturnType<typeof connectPool>>;

/** Everything that comes with an identity pool, on AWS or embedded. From here on nobody knows which. */
async function connectPool(config: CognitoConfig, { clock, closers }: Surroundings) {
  const target =
    config.mode === 'aws' ? awsTarget(config) : await startEmbeddedCognito(config, clock, closers);
  const partition = partitionOf(target.region);
  return {
    ...target,
    loginsKey: partition.loginsKey,
    gateway: createAwsCognitoGateway(target),
    guestProof: createGuestProofVerifier({
      issuer: partition.issuer,
      jwksUri: new URL('/.well-known/jwks_uri', target.endpoint ?? partition.issuer),
      identityPoolId: target.identityPoolId,
      clock,
    }),
  };
}

interface PoolTarget {
  readonly identityPoolId: string;
  readonly developerProviderName: string;
  readonly region: string;
  readonly endpoint?: string;
  readonly credentials?: { readonly accessKeyId: string; readonly secretAccessKey: string };
  readonly cognitoUrl?: string;
}

function awsTarget({
  endpoints,
  identityPoolId,
  developerProviderName,
  region,
}: Extract<CognitoConfig, { mode: 'aws' }>): PoolTarget {
  const { cognitoIdentity: endpoint } = endpoints;
  return { identityPoolId, developerProviderName, region, ...(endpoint === undefined ? {} : { endpoint }) };
}

/** Starts a Cognito in this process and sets its pool up over the wire, as one would on AWS. */
async function startEmbeddedCognito(
  { port, region, developerProviderName }: Extract<CognitoConfig, { mode: 'embedded' }>,
  clock: Clock,
  closers: Closers,
): Promise<PoolTarget> {
  const [{ createEmulator }, { provisionPool }, { createPoolClients, destroyClients }] = await Promise.all([
    import('./emulator/index.ts'),
    import('./pool/provisionPool.ts'),
    import('./pool/awsClients.ts'),
  ]);
  const emulator = createEmulator({ region, clock });
  const { url } = await emulator.listen(port, '127.0.0.1');
  closers.push(() => emulator.close());
  const credentials = { accessKeyId: 'test', secretAccessKey: 'test' };
  const clients = createPoolClients({
    region,
    credentials,
    endpoints: { cognitoIdentity: url, sts: url, iam: url },
  });
  try {
    const { identityPoolId } = await provisionPool(
      { poolName: 'cognito-graphql', developerProviderName, allowGuests: true, allowClassicFlow: true },
      clients,
    );
    return { identityPoolId, developerProviderName, region, endpoint: url, credentials, cognitoUrl: url };
  } finally {
    destroyClients(clients);
  }
}

async function startDemoLogin(url: string | undefined, { clock, closers }: Surroundings): Promise<DemoLogin> {
  const { createDemoLogin } = await import('./demo/demoLogin.ts');
  const demoLogin = createDemoLogin({ clock });
  if (url !== undefined) demoLogin.mount(url);
  else {
    // Its keys are fetched like those of any other login, so it needs an address even where the service has none.
    await demoLogin.listen();
    closers.push(() => demoLogin.close());
  }
  return demoLogin;
}

/** The authenticator that the configuration describes. */
function createAuthenticator(
  { auth, tokens }: Config,
  demoLogin: DemoLogin | undefined,
  clock: Clock,
): Authenticator {
  const claims: ClaimOptions = {
    userClaim: auth.userClaim,
    adminScope: auth.adminScope,
    clockToleranceSeconds: auth.clockTolerance,
    maxTokenAgeSeconds: auth.maxTokenAge,
    principalTags: Object.entries(tokens.principalTags).map(([tag, claim]) => ({ tag, claim })),
  };
  const common = { ...claims, clock, ...(auth.cookie === undefined ? {} : { cookieName: auth.cookie }) };
  if (auth.mode === 'introspection') {
    const { introspectionUrl, clientId, clientSecret, issuer, audience } = auth;
    return createIntrospectionAuthenticator({
      ...common,
      url: introspectionUrl,
      clientId,
      clientSecret,
      issuer,
      audience,
    });
  }
  if (demoLogin !== undefined) {
    const { issuer, audience } = demoLogin;
    return createJwtAuthenticator({ ...common, issuer, audience, keys: { kind: 'jwks' } });
  }
  const { issuer, audience, algorithms, keys } = auth as JwtAuthConfig;
  return createJwtAuthenticator({ ...common, issuer, audience, algorithms, keys: keyOptionsOf(keys) });
}

function keyOptionsOf(keys: JwtAuthConfig['keys']): KeyOptions {
  switch (keys.kind) {
    case 'discovery':
      return { kind: 'jwks' };
    case 'publicKey':
      return { kind: 'publicKey', key: keys.pem };
    default:
      return keys;
  }
}

/** What the first tab of the explorers holds: the main mutation, and on the demo login a token that works. */
async function firstTabOf(demoLogin: DemoLogin | undefined): Promise<FirstTab> {
  const token =
    demoLogin === undefined ? '<your access token>' : await demoLogin.issueToken({ user: 'alice' });
  return { document: firstDocument, headers: { authorization: `Bearer ${token}` } };
}

const firstDocument = `# Your user's identity in the pool, with a token to exchange for AWS credentials.
# The user is the one of the access token in the headers.
mutation CognitoCredentials {
  cognitoCredentials {
    identityId
    openIdToken
    expiresAt
    region
    identityPoolId
    loginsKey
  }
}
`;

const demoLoginRoute = (demoLogin: DemoLogin): Route => {
  const handle: Handler = (request, response) => void demoLogin.handler(request, response);
  return { path: '/demo-login/*', methods: { GET: handle, POST: handle, OPTIONS: handle } };
};

/** The page to click through, which exists where login and Cognito are both this process's own. */
async function demoPageRoutes({ identityPoolId, region }: Pool, cognitoEndpoint: string): Promise<Route[]> {
  const { createDemoPage } = await import('./demo/pageRoutes.ts');
  const page = createDemoPage({
    config: () => ({
      graphqlEndpoint: '/graphql',
      cognitoEndpoint,
      loginTokenEndpoint: '/demo-login/token',
      identityPoolId,
      region,
    }),
  });
  const handle: Handler = (request, response) => void page(request, response);
  return ['/', '/demo/*'].map((path) => ({ path, methods: { GET: handle } }));
}
