import type { IncomingMessage, ServerResponse } from 'node:http';
import { createIssuing } from './app/issuing.ts';
import { chooseLogin, createAuthenticator, type Login, startDemoLogin } from './app/login.ts';
import { connectPool } from './app/pool.ts';
import { connectRedis } from './app/redis.ts';
import type { Closers, Surroundings } from './app/surroundings.ts';
import { demoLoginRoute, demoPageRoutes, firstTabOf } from './app/trial.ts';
import type { Authenticator } from './auth/authenticator.ts';
import type { Config } from './config/config.ts';
import { createApolloServer } from './graphql/apolloServer.ts';
import { countOperations } from './graphql/countOperations.ts';
import { buildSchema } from './graphql/schema.ts';
import { traceRootFields } from './graphql/traceRootFields.ts';
import { createTrustedDocuments } from './graphql/trustedDocuments.ts';
import { createValidatedOperations } from './graphql/validatedOperations.ts';
import { createCors } from './http/cors.ts';
import { createExplorerRoute } from './http/explorerRoute.ts';
import { createGraphqlRoute } from './http/graphqlRoute.ts';
import { createReadinessRoute, livenessRoute, type ReadinessCheck } from './http/health.ts';
import type { InProcessAnswer, InProcessRequest } from './http/inProcess.ts';
import { noLandingPage, sandboxLandingPage } from './http/landingPage.ts';
import { createMetricsRoute } from './http/metricsRoute.ts';
import type { Route } from './http/route.ts';
import { createHttpServer, type HttpServer } from './http/server.ts';
import { createIdentityReader } from './identities/identityReader.ts';
import { type Clock, systemClock } from './lib/clock.ts';
import { createAuditLog } from './telemetry/auditLog.ts';
import { createLogger, type Logger } from './telemetry/logger.ts';
import { createMetrics } from './telemetry/metrics.ts';

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
  /** Answers a request of a `node:http` server, or of a framework on one, by the same routes and rules. Its body must not have been read. */
  readonly listener: (request: IncomingMessage, response: ServerResponse) => void;
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
  /** Takes the place of the login of the configuration, the demo login included: the port to any other. See `loadConfig`. */
  readonly authenticator?: Authenticator;
}

/**
 * The service that a configuration describes. This is the composition root: here, and only here, concrete parts meet.
 * Throws `TypeError` for a configuration that leaves the login to the host where no authenticator comes with it.
 */
export function createApp(config: Config, parts: AppParts = {}): App {
  const { clock = systemClock, logger = createLogger(config.telemetry.logLevel) } = parts;
  const login = chooseLogin(config, parts.authenticator);
  const closers: Closers = [];
  /** In the order in which things depend on each other: what was started last is stopped first. */
  const stop = async () => {
    for (let close = closers.pop(); close !== undefined; close = closers.pop()) await close();
  };
  const start = async (listening: boolean) => {
    try {
      return await assemble(config, login, { clock, logger, closers, listening });
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

async function assemble(
  config: Config,
  login: Login,
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
    keepAliveTimeoutMs: config.http.keepAliveTimeoutMs,
    headersTimeoutMs: config.http.headersTimeoutMs,
    requestTimeoutMs: config.http.requestTimeoutMs,
    onAnswered: metrics.countRequest,
  });
  const url = listening ? (await server.listen(config.http.port, config.http.host)).url : undefined;
  server.mount([livenessRoute]);
  const drain = () => server.drain(config.http.shutdownGraceMs);
  closers.push(drain);

  const pool = await connectPool(config, around);
  const demoLogin = login.mode === 'demo' ? await startDemoLogin(url, around) : undefined;
  // Before the authenticator is made, which fetches the keys there like those of any other login.
  if (demoLogin !== undefined) server.mount([demoLoginRoute(demoLogin)]);
  const authenticator = createAuthenticator(login, config, demoLogin, around);
  closers.push(() => authenticator.close?.());

  const shared = config.redis === undefined ? undefined : await connectRedis(config.redis, pool, around);
  const audit = createAuditLog({ target: config.telemetry.auditFile ?? process.stdout, clock });
  closers.push(() => audit.close());
  const issuing = createIssuing(
    { ...config.tokens, ...config.limits },
    { pool, audit, clock, shared, metrics },
  );
  closers.push(issuing.stop);
  const firstTab = () => firstTabOf(demoLogin);
  const schema = traceRootFields(await buildSchema(issuing.resolverServices));
  const validated = createValidatedOperations({ schema, logger, countField: metrics.countField });
  const apollo = createApolloServer({
    schema,
    logger,
    production,
    introspection: config.documents.introspection,
    plugins: [
      countOperations(metrics.countField),
      validated.plugin,
      production ? noLandingPage() : sandboxLandingPage(firstTab),
    ],
  });
  await apollo.start();
  closers.push(() => apollo.stop());

  const graphqlRoute = createGraphqlRoute({
    apollo,
    validated,
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
    { name: 'audit log', problem: () => audit.problem() },
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
    listener: server.listener,
    region: pool.region,
    identityPoolId: pool.identityPoolId,
    ...(pool.cognitoUrl === undefined ? {} : { cognitoUrl: pool.cognitoUrl }),
    ...(demoLogin === undefined
      ? {}
      : { demoToken: (user: string, scope?: string) => demoLogin.issueToken({ user, scope }) }),
    reopenAuditLog: () => audit.reopen(),
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
