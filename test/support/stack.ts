import { type AppParts, createApp, type RunningApp } from '../../src/app.ts';
import type { Config } from '../../src/config/config.ts';
import { loadConfig } from '../../src/config/loadConfig.ts';
import { createDemoLogin, type DemoLogin } from '../../src/demo/demoLogin.ts';
import { createEmulator, type Emulator, type EmulatorOptions } from '../../src/emulator/index.ts';
import { createPoolClients, destroyClients, type PoolClients } from '../../src/pool/awsClients.ts';
import { provisionPool } from '../../src/pool/provisionPool.ts';
import { silentLogger } from './silentLogger.ts';
import { hush, hushInput, hushSettings } from './writtenLogs.ts';

/** The service as in production: its own login and a Cognito behind an address, both of them real and on loopback. */
export interface Stack {
  readonly app: RunningApp;
  readonly emulator: Emulator;
  readonly login: DemoLogin;
  readonly clients: PoolClients;
  readonly identityPoolId: string;
  readonly cognitoUrl: string;
  /** Sends an operation, as a user when one is named. */
  send(operation: Operation): Promise<Answer>;
  /** Names of the operations that have reached Cognito since the last look. */
  upstreamCalls(): string[];
  /** The settings, to start another process's worth of the same service. */
  readonly config: Config;
  stop(): Promise<void>;
}

export interface Operation {
  readonly query: string;
  readonly variables?: Readonly<Record<string, unknown>>;
  readonly user?: string;
  readonly scope?: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** Another server than the stack's own. */
  readonly url?: string;
}

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  // biome-ignore lint/suspicious/noExplicitAny: tests look into answers of every shape
  readonly data: any;
  readonly errors?: readonly {
    readonly message: string;
    readonly path?: readonly (string | number)[];
    readonly extensions: Readonly<Record<string, unknown>>;
  }[];
}

export interface StackOptions {
  readonly env?: Readonly<Record<string, string>>;
  readonly parts?: AppParts;
  readonly withTags?: boolean;
  /** Keys that may sign beside the usual ones. */
  readonly accessKeys?: NonNullable<EmulatorOptions['accessKeys']>;
}

export const developerProviderName = 'login.demo';

export async function startStack({
  env = {},
  parts = {},
  withTags = false,
  accessKeys = [],
}: StackOptions = {}): Promise<Stack> {
  hushSettings(env);
  const emulator = createEmulator({
    accessKeys: [{ accessKeyId: 'test', secretAccessKey: 'test' }, ...accessKeys],
  });
  const { url: cognitoUrl } = await emulator.listen();
  const login = createDemoLogin();
  const { issuer } = await login.listen();
  const clients = createPoolClients({
    region: 'us-east-1',
    credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
    endpoints: { cognitoIdentity: cognitoUrl, sts: cognitoUrl, iam: cognitoUrl },
  });
  const { identityPoolId } = await provisionPool(
    { poolName: 'test', developerProviderName, allowGuests: true, allowClassicFlow: true, withTags },
    clients,
  );
  const config = loadConfig({
    PORT: '0',
    COGNITO_IDENTITY_POOL_ID: identityPoolId,
    COGNITO_DEVELOPER_PROVIDER_NAME: developerProviderName,
    AWS_ENDPOINT_URL_COGNITO_IDENTITY: cognitoUrl,
    AUTH_ISSUER: issuer,
    AUTH_AUDIENCE: login.audience,
    AUDIT_FILE: '/dev/null',
    ...env,
  });
  const { start, stop: stopApp } = createApp(config, { logger: silentLogger, ...parts });
  const app = await start();
  let seen = emulator.requests.entries().length;

  return {
    app,
    config,
    emulator,
    login,
    clients,
    identityPoolId,
    cognitoUrl,
    async send({ query, variables, user, scope, headers = {}, url = app.url }) {
      const token =
        user === undefined ? undefined : await login.issueToken({ user, ...(scope && { scope }) });
      hush(token);
      hushInput(variables);
      const response = await fetch(`${url}/graphql`, {
        method: 'POST',
        headers: {
          'content-type': 'application/json',
          ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
          ...headers,
        },
        body: JSON.stringify({ query, variables }),
      });
      const text = await response.text();
      return { status: response.status, headers: response.headers, text, ...JSON.parse(text) };
    },
    upstreamCalls() {
      const all = emulator.requests.entries();
      const fresh = all.slice(seen).map(({ operation }) => operation);
      seen = all.length;
      return fresh;
    },
    async stop() {
      await stopApp();
      destroyClients(clients);
      await login.close();
      await emulator.close();
    },
  };
}
