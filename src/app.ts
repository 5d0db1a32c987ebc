import type { Authenticator } from './auth/authenticator.ts';
import type { ClaimOptions } from './auth/claims.ts';
import { createIntrospectionAuthenticator, createJwtAuthenticator, type KeyOptions } from './auth/index.ts';
import { createAwsCognitoGateway } from './cognito/awsGateway.ts';
import { createGuestProofVerifier } from './cognito/guestProof.ts';
import { createResilientGateway } from './cognito/resilientGateway.ts';
import type { CognitoConfig, Config, JwtAuthConfig } from './config/config.ts';
import type { DemoLogin } from './demo/demoLogin.ts';
import { createApolloServer } from './graphql/apolloServer.ts';
import { buildSchema } from './graphql/schema.ts';
import { createCors } from './http/cors.ts';
import { createExplorerRoute } from './http/explorerRoute.ts';
import { createGraphqlRoute } from './http/graphqlRoute.ts';
import { createHealthRoutes, type ReadinessCheck } from './http/health.ts';
import { type FirstTab, noLandingPage, sandboxLandingPage } from './http/landingPage.ts';
import type { Handler, Route } from './http/route.ts';
import { createHttpServer } from './http/server.ts';
import { createIdentityReader } from './identities/identityReader.ts';
import { createIdentityService } from './identities/identityService.ts';
import { type Clock, systemClock } from './lib/clock.ts';
import { partitionOf } from './lib/partition.ts';
import { createAuditSink } from './telemetry/auditSink.ts';
import { createLogger, type Logger } from './telemetry/logger.ts';
import { createMetrics } from './telemetry/metrics.ts';
import { createCachingGateway } from './tokens/cachingGateway.ts';
import { createTokenCache } from './tokens/tokenCache.ts';
import { createTokenService } from './tokens/tokenService.ts';

export interface App {
  /** Address of the API without a path. */
  readonly url: string;
  /** Address of the embedded Cognito, when there is one. */
  readonly cognitoUrl?: string;
  readonly identityPoolId: string;
  readonly region: string;
  /** A token of the demo login, when there is one. */
  readonly demoToken?: (user: string, scope?: string) => Promise<string>;
  /** Lets running requests finish for at most the configured grace, then closes everything. May be called again. */
  stop(): Promise<void>;
}

/** Parts that a host brings itself instead of having them made from the configuration. */
export interface AppParts {
  readonly clock?: Clock;
  readonly logger?: Logger;
  /** Replaces the login of the configuration: the port to any other. */
  readonly authenticator?: Authenticator;
}

/** Starts the service: first the address, then everything that needs it. What was started is stopped again when a later step fails. */
export async function startApp(config: Config, parts: AppParts = {}): Promise<App> {
  const { clock = systemClock, logger = createLogger(config.telemetry.logLevel) } = parts;
  const closers: (() => Promise<void> | void)[] = [];
  const stopAll = async () => {
    for (const close of closers.splice(0).reverse()) await close();
  };
  try {
    return await assemble(config, { ...parts, clock, logger }, closers, stopAll);
  } catch (error) {
    await stopAll();
    throw error;
  }
}

async function assemble(
  config: Config,
  parts: AppParts & { readonly clock: Clock; readonly logger: Logger },
  closers: (() => Promise<void> | void)[],
  stopAll: () => Promise<void>,
): Promise<App> {
  const { clock, logger } = parts;
  const production = config.environment === 'production';
  const metrics = createMetrics();
  const server = createHttpServer({
    logger,
    cors: createCors(production ? config.http.corsOrigins : [...config.http.corsOrigins, ...sandboxOrigins]),
    onAnswered: (route, status) => metrics.countRequest(route, status),
  });
  const { url } = await server.listen(config.http.port, config.http.host);
  closers.push(() => server.drain(config.http.shutdownGraceMs));

  const pool = await connectPool(config.cognito, clock, closers);
  const demoLogin = config.auth.mode === 'demo' ? await startDemoLogin(url, clock) : undefined;
  // Before the authenticator is made, which fetches the keys there like those of any other login.
  if (demoLogin !== undefined) server.mount([demoLoginRoute(demoLogin)]);
  const authenticator = parts.authenticator ?? createAuthenticator(config, demoLogin, clock);
  closers.push(() => authenticator.close?.());

  const { tokenDuration, userIdHmacKey, awsCredentialsField } = config.tokens;
  const audit = createAuditSink(config.telemetry.auditFile, clock);
  const resilient = createResilientGateway({
    gateway: pool.gateway,
    rates: { tokens: config.limits.cognitoRequestsPerSecond },
    clock,
  });
  const cache = createTokenCache({
    identityPoolId: pool.identityPoolId,
    developerProviderName: pool.developerProviderName,
    minTokenLife: config.tokens.minTokenLife,
    clock,
  });
  const gateway = createCachingGateway({ gateway: resilient, cache });
  const tokens = createTokenService(
    { gateway, audit, guestProof: pool.guestProof, userRateLimit: { take: () => undefined } },
    { tokenDuration, userIdHmacKey },
  );
  const identities = createIdentityService({ gateway, audit }, { userIdHmacKey });
  const { region, identityPoolId, loginsKey } = pool;
  const schema = await buildSchema({
    tokens,
    identities,
    credentials: { region, identityPoolId, loginsKey, tokenDuration, awsCredentialsField },
  });

  const firstTab = () => firstTabOf(demoLogin);
  const apollo = createApolloServer({
    schema,
    logger,
    production,
    introspection: config.documents.introspection,
    plugins: [production ? noLandingPage() : sandboxLandingPage(firstTab)],
  });
  await apollo.start();
  closers.push(() => apollo.stop());

  const checks: ReadinessCheck[] = [
    { name: 'server', problem: () => (server.draining ? 'The server is stopping.' : null) },
    { name: 'cognito', problem: () => resilient.problem() },
    { name: 'login', problem: () => authenticator.problem?.() ?? null },
  ];
  const routes: Route[] = [
    createGraphqlRoute({
      apollo,
      authenticator,
      createIdentityReader: (signal) => createIdentityReader(gateway, signal),
      logger,
      bodyLimitBytes: config.http.bodyLimitBytes,
    }),
    ...createHealthRoutes(checks),
    ...(production ? [] : [createExplorerRoute(firstTab)]),
  ];
  server.mount(routes);
  server.open();

  return {
    url,
    region,
    identityPoolId,
    ...(pool.cognitoUrl === undefined ? {} : { cognitoUrl: pool.cognitoUrl }),
    ...(demoLogin === undefined
      ? {}
      : { demoToken: (user: string, scope?: string) => demoLogin.issueToken({ user, scope }) }),
    stop: stopAll,
  };
}

/** Where Apollo's hosted Sandbox and the one embedded in our landing page run. */
const sandboxOrigins = ['https://studio.apollographql.com', 'https://sandbox.embed.apollographql.com'];

/** Everything that comes with an identity pool, on AWS or embedded. From here on nobody knows which. */
async function connectPool(config: CognitoConfig, clock: Clock, closers: (() => Promise<void> | void)[]) {
  const target =
    config.mode === 'aws' ? awsTarget(config) : await startEmbeddedCognito(config, clock, closers);
  const partition = partitionOf(target.region);
  const keysBase = target.endpoint ?? partition.issuer;
  return {
    ...target,
    loginsKey: partition.loginsKey,
    gateway: createAwsCognitoGateway(target),
    guestProof: createGuestProofVerifier({
      issuer: partition.issuer,
      jwksUri: new URL('/.well-known/jwks_uri', keysBase),
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
  closers: (() => Promise<void> | void)[],
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

async function startDemoLogin(url: string, clock: Clock): Promise<DemoLogin> {
  const { createDemoLogin } = await import('./demo/demoLogin.ts');
  const demoLogin = createDemoLogin({ clock });
  demoLogin.mount(url);
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
