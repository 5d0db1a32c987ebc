import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Cognito, developerProviderName, region, startCognito } from './cognito.ts';
import { type RunningServer, startServer } from './processes.ts';
import { audience, createUsers, issuer, type Users } from './users.ts';

/** Everything that the suites with HTTP requests share, started once. */
export interface Field {
  readonly users: Users;
  readonly servers: readonly {
    readonly name: string;
    readonly server?: RunningServer;
    readonly missing?: string;
  }[];
  stop(): Promise<void>;
}

export const productName = 'cognito-graphql';
export const rawName = 'raw node:http, JWT LRU';

const peers = [
  { name: rawName, file: 'raw.mjs', packages: [] },
  { name: 'mercurius (jit), JWT LRU', file: 'mercurius.mjs', packages: ['mercurius', 'fastify'] },
  { name: 'Apollo standalone, JWT LRU', file: 'apolloStandalone.mjs', packages: [] },
  { name: 'graphql-yoga, JWT LRU', file: 'yoga.mjs', packages: ['graphql-yoga'] },
];

/**
 * The peers and the product, all at once: those that are not asked cost nothing.
 *
 * @param otherBuild `main.js` of another build of the product, to take part as well
 */
export async function startField(otherBuild?: string): Promise<Field> {
  const started: { stop(): Promise<void> }[] = [];
  const users = await createUsers();
  const task = createPeerTask(users.jwks);
  const stop = async () => {
    await Promise.all(started.map((server) => server.stop()));
    users.close();
    task.remove();
  };
  try {
    const cognito = await startCognito('load');
    started.push(cognito);
    const servers: Field['servers'][number][] = [];
    for (const peer of peers) {
      const missing = missingPackages(peer.packages);
      const server = missing === undefined ? await startPeer(peer.file, task) : undefined;
      if (server !== undefined) started.push(server);
      servers.push({ name: peer.name, ...(server && { server }), ...(missing && { missing }) });
    }
    const builds = [
      [productName, 'dist/main.js'],
      ...(otherBuild === undefined ? [] : [[`${productName}, other build`, otherBuild] as const]),
    ] as const;
    for (const [index, [name, main]] of builds.entries()) {
      const server = await startProduct(main, users, cognito);
      started.push(server);
      // After the first, which is the base of all ratios.
      servers.splice(1 + index, 0, { name, server });
    }
    return { users, servers, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

export interface PeerTask {
  readonly path: string;
  remove(): void;
}

/**
 * What the peers have to know, in a file.
 *
 * @param upstream address of a Cognito, for peers that ask one
 */
export function createPeerTask(jwks: Users['jwks'], upstream?: string): PeerTask {
  const folder = mkdtempSync(join(tmpdir(), 'cognito-graphql-bench-'));
  const path = join(folder, 'task.json');
  // About as long as the token and the id that the product hands out.
  const pool = {
    identityPoolId: `${region}:00000000-0000-4000-8000-000000000000`,
    region,
    provider: developerProviderName,
    openIdToken: 'x'.repeat(905),
  };
  writeFileSync(path, JSON.stringify({ issuer, audience, jwks, pool, upstream }));
  return { path, remove: () => rmSync(folder, { recursive: true, force: true }) };
}

export function startPeer(
  file: string,
  { path }: PeerTask,
  settings: Readonly<Record<string, string>> = {},
): Promise<RunningServer> {
  const env = { ...settings, NODE_ENV: 'production', BENCH_TASK: path };
  return startServer(
    { args: [join(import.meta.dirname, 'peers', file)], env, core: 'server' },
    /^listening (\S+)$/m,
  );
}

/** As in production, with limits that are there and not reached. */
export function startProduct(
  main: string,
  { jwksUri }: Pick<Users, 'jwksUri'>,
  cognito: Cognito,
  settings: Readonly<Record<string, string>> = {},
): Promise<RunningServer> {
  const env = {
    NODE_ENV: 'production',
    PORT: '0',
    LOG_LEVEL: 'warn',
    AUDIT_FILE: '/dev/null',
    COGNITO_IDENTITY_POOL_ID: cognito.identityPoolId,
    COGNITO_DEVELOPER_PROVIDER_NAME: developerProviderName,
    COGNITO_REQUESTS_PER_SECOND: '10000',
    USER_REQUESTS_PER_MINUTE: '100000',
    AWS_ENDPOINT_URL_COGNITO_IDENTITY: cognito.url,
    AWS_ACCESS_KEY_ID: 'test',
    AWS_SECRET_ACCESS_KEY: 'test',
    AUTH_ISSUER: issuer,
    AUTH_AUDIENCE: audience,
    AUTH_JWKS_URI: jwksUri,
    ...settings,
  };
  // For profiles, such as --cpu-prof --cpu-prof-dir=DIR.
  const options = process.env['BENCH_NODE_OPTIONS']?.split(' ') ?? [];
  return startServer(
    { args: [...options, main, 'serve'], env, core: 'server' },
    /^GraphQL\s+(http:\S+)\/graphql$/m,
  );
}

function missingPackages(packages: readonly string[]): string | undefined {
  const { resolve } = createRequire(join(import.meta.dirname, 'peers', 'x.mjs'));
  try {
    for (const name of packages) resolve(name);
    return undefined;
  } catch {
    return 'not installed';
  }
}
