import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { gzipSync } from 'node:zlib';
import { build } from 'esbuild';
import { signedTokenRequest, startCognito } from './cognito.ts';
import { createPeerTask, type Field, productName, rawName, startField, startPeer } from './contestants.ts';
import { type RunningServer, runToJson, startServer } from './processes.ts';
import { type Contestant, measureInRounds, type Pace, type Round, type Row, runLoad } from './rounds.ts';
import { median, spread } from './statistics.ts';
import { graphqlRequest, type Users, userCount } from './users.ts';

export interface Session {
  readonly pace: Pace;
  /** Started when the first suite needs it. */
  field(): Promise<Field>;
  stop(): Promise<void>;
}

export function createSession(pace: Pace, otherBuild?: string): Session {
  let field: Promise<Field> | undefined;
  return {
    pace,
    field: () => {
      field ??= startField(otherBuild);
      return field;
    },
    stop: async () => (await field)?.stop(),
  };
}

export interface Suite {
  readonly about: string;
  run(session: Session): Promise<Row[]>;
}

const documentOf = (name: string) => readFileSync(`schema/operations/${name}.graphql`, 'utf8');

const overHttp = (
  suite: string,
  expectedStatus: number,
  requestsOf: (users: Users) => string[],
): Suite['run'] => {
  return async ({ field, pace }) => {
    const { users, servers } = await field();
    const requests = requestsOf(users);
    const contestants = servers.map(({ name, server, missing }): Contestant => {
      const { url = '', pid = 0 } = server ?? {};
      const task = { url, serverPid: pid, requests, connections: pace.connections, expectedStatus };
      return { name, ...(missing && { missing }), measure: (times) => runLoad(task, times) };
    });
    return measureInRounds(suite, 'requests/s', contestants, pace);
  };
};

const mutation = { query: documentOf('cognitoCredentials'), variables: {} };

export const suites: Readonly<Record<string, Suite>> = {
  mutation: {
    about: `the main mutation, ${userCount} users with RS256 and ES256 tokens, everything served from memory`,
    run: overHttp('mutation', 200, ({ tokens }) => tokens.map((token) => graphqlRequest(mutation, token))),
  },
  invalidToken: {
    about: 'the main mutation with a signature that is not right: checked and refused each time',
    run: overHttp('invalidToken', 401, ({ badTokens }) =>
      badTokens.map((token) => graphqlRequest(mutation, token)),
    ),
  },
  lookup: {
    about:
      'a query for the signed-in user, without a call at Cognito (those have a fixed budget of 25 a second)',
    run: overHttp('lookup', 200, ({ tokens }) =>
      tokens.map((token) => graphqlRequest({ query: 'query { me { userId administrator } }' }, token)),
    ),
  },
  coldStart: { about: 'from the start of the process to the first answer, in ms', run: coldStart },
  emulator: {
    about: 'embedded Cognito: GetOpenIdTokenForDeveloperIdentity over HTTP against RSA-2048 signing alone',
    run: emulator,
  },
  client: { about: 'size of the client in a browser bundle, gzipped', run: clientSize },
};

async function coldStart({ pace }: Session): Promise<Row[]> {
  const product = {
    args: ['dist/main.js', 'serve'],
    env: { PORT: '0', EMULATOR_PORT: '0', AUDIT_FILE: '/dev/null', LOG_LEVEL: 'warn' },
    core: 'server',
  } as const;
  const task = createPeerTask({ keys: [] });
  const starts = [
    [rawName, () => startPeer('raw.mjs', task)],
    [`${productName}, embedded default`, () => startServer(product, /^GraphQL\s+(http:\S+)\/graphql$/m)],
    ['Apollo standalone, JWT LRU', () => startPeer('apolloStandalone.mjs', task)],
  ] as const;
  const times = new Map<string, number[]>(starts.map(([name]) => [name, []]));
  try {
    // One more than counts: the first start fills the caches of the file system.
    for (let round = 0; round <= pace.rounds; round++) {
      for (const [name, start] of starts) {
        const begin = performance.now();
        const server = await start();
        await answer(server);
        if (round > 0) times.get(name)?.push(performance.now() - begin);
        await server.stop();
      }
    }
  } finally {
    task.remove();
  }
  const base = median(times.get(rawName) ?? []);
  return [...times].map(([server, all]) => ({
    suite: 'coldStart',
    server,
    unit: 'ms',
    value: median(all),
    spread: spread(all),
    ratio: base / median(all),
  }));
}

/** Asks until there is an answer to a query that needs nobody signed in. */
async function answer({ url }: RunningServer): Promise<void> {
  for (;;) {
    const headers = { 'content-type': 'application/json' };
    const response = await fetch(`${url}/graphql`, {
      method: 'POST',
      headers,
      body: '{"query":"{__typename}"}',
    });
    await response.arrayBuffer();
    if (response.status === 200) return;
    if (response.status !== 503) throw new Error(`${url} answered ${response.status} at its start`);
    await new Promise((resume) => setTimeout(resume, 2));
  }
}

async function emulator({ pace }: Session): Promise<Row[]> {
  const cognito = await startCognito('server');
  const now = new Date();
  const requests = Array.from({ length: userCount }, (_, user) =>
    signedTokenRequest(cognito, `user-${user}`, now),
  );
  const peers = `${import.meta.dirname}/peers`;
  const bare = await startServer({ args: [`${peers}/httpSigning.mjs`], core: 'server' }, /^(http:\S+)$/m);
  const load = ({ url, pid: serverPid }: RunningServer): Contestant['measure'] => {
    const task = { url, serverPid, requests, connections: pace.connections, expectedStatus: 200 };
    return (times) => runLoad(task, times);
  };
  const contestants: Contestant[] = [
    {
      name: 'RSA-2048 signing alone, one thread',
      measure: ({ warmUpMs, measureMs }) =>
        runToJson<Round>({
          args: [`${peers}/rsaSigning.mjs`, String(warmUpMs), String(measureMs)],
          core: 'server',
        }),
    },
    { name: 'node:http that signs and does nothing else', measure: load(bare) },
    { name: `${productName} emulate`, measure: load(cognito) },
  ];
  try {
    return await measureInRounds('emulator', 'tokens/s', contestants, pace);
  } finally {
    await Promise.all([bare.stop(), cognito.stop()]);
  }
}

async function clientSize(): Promise<Row[]> {
  const parts = [
    ['fromCognitoGraphQL', "export { fromCognitoGraphQL } from './index.js'"],
    ['everything', "export * from './index.js'"],
  ] as const;
  return Promise.all(
    parts.map(async ([server, contents]) => {
      const { outputFiles } = await build({
        stdin: { contents, resolveDir: resolve('dist/client'), loader: 'js' },
        bundle: true,
        minify: true,
        write: false,
        format: 'esm',
        target: 'es2022',
        platform: 'browser',
      });
      const bundle = outputFiles[0]?.contents ?? new Uint8Array();
      return { suite: 'client', server, unit: 'bytes', value: gzipSync(bundle, { level: 9 }).length };
    }),
  );
}
