import { randomBytes } from 'node:crypto';
import type { LoggedRequest } from '../../../src/emulator/requestLog.ts';
import { createPoolClients, destroyClients } from '../../../src/pool/awsClients.ts';
import { provisionPool } from '../../../src/pool/provisionPool.ts';
import { type RunningCommand, startCommand } from '../../support/command.ts';
import { RedisServer, until } from '../../support/redisServer.ts';
import { createLogin } from './load.ts';
import { type Nginx, startNginx } from './nginx.ts';

const operation = 'GetOpenIdTokenForDeveloperIdentity';
const developerProviderName = 'login.demo';
const claims = { iss: 'https://login.example', aud: 'cognito-graphql' };

export interface Replica {
  readonly command: RunningCommand;
  /** `host:port`, as the load balancer calls it. */
  readonly server: string;
  problems(): Promise<readonly string[]>;
}

/** Replicas as in production: processes of the built command with one Redis behind a load balancer, in front of a Cognito that throttles. */
export interface Fleet {
  readonly url: string;
  readonly redis: RedisServer;
  readonly replicas: readonly Replica[];
  readonly tokenOf: (user: string) => string;
  /** The calls for tokens that Cognito has seen, oldest first. */
  tokenCalls(): Promise<readonly LoggedRequest[]>;
  stop(): Promise<void>;
}

export async function startFleet(
  nginxPath: string,
  { size, tokensPerSecond }: { readonly size: number; readonly tokensPerSecond: number },
): Promise<Fleet> {
  const closers: (() => unknown)[] = [];
  const stop = async () => {
    for (let close = closers.pop(); close !== undefined; close = closers.pop()) await close();
  };
  try {
    const redis = await RedisServer.start();
    closers.push(() => redis.stop());
    const cognito = startCommand(['emulate', '--port', '0']);
    closers.push(() => ended(cognito));
    const cognitoUrl = await addressOf(cognito, /^(http:\S+)$/m);
    const identityPoolId = await createPool(cognitoUrl);
    await control(cognitoUrl, 'POST', 'throttles', { [operation]: tokensPerSecond });

    const secret = randomBytes(32).toString('base64');
    const env = {
      NODE_ENV: 'production',
      PORT: '0',
      LOG_LEVEL: 'warn',
      AUDIT_FILE: '/dev/null',
      AWS_ACCESS_KEY_ID: 'test',
      AWS_SECRET_ACCESS_KEY: 'test',
      AWS_ENDPOINT_URL_COGNITO_IDENTITY: cognitoUrl,
      COGNITO_IDENTITY_POOL_ID: identityPoolId,
      COGNITO_DEVELOPER_PROVIDER_NAME: developerProviderName,
      COGNITO_REQUESTS_PER_SECOND: String(tokensPerSecond),
      AUTH_ISSUER: claims.iss,
      AUTH_AUDIENCE: claims.aud,
      AUTH_JWT_SECRET: secret,
      REDIS_URL: redis.url,
      CACHE_KEY: randomBytes(32).toString('base64'),
    };
    const commands = Array.from({ length: size }, () => startCommand(['serve'], env));
    for (const command of commands) closers.push(() => ended(command));
    const replicas = await Promise.all(commands.map(replicaOf));
    await until(
      async () => {
        const problems = await Promise.all(replicas.map((replica) => replica.problems()));
        return problems.flat().length === 0;
      },
      'every replica is ready',
      40,
    );
    const nginx: Nginx = await startNginx(
      nginxPath,
      replicas.map(({ server }) => server),
    );
    closers.push(() => nginx.stop());
    return {
      url: nginx.url,
      redis,
      replicas,
      tokenOf: createLogin(secret, claims),
      tokenCalls: () => control(cognitoUrl, 'GET', `requests?operation=${operation}`),
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

async function replicaOf(command: RunningCommand): Promise<Replica> {
  const url = await addressOf(command, /GraphQL +(http:\S+)\/graphql/);
  return {
    command,
    server: url.replace('http://', ''),
    async problems() {
      const answer = (await (await fetch(`${url}/readyz`)).json()) as { problems: { check: string }[] };
      return answer.problems.map(({ check }) => check);
    },
  };
}

async function addressOf(command: RunningCommand, pattern: RegExp): Promise<string> {
  await until(
    () => {
      if (command.process.exitCode !== null) throw new Error(`the command ended: ${command.output()}`);
      return pattern.test(command.output());
    },
    'the command tells its address',
    40,
  );
  return pattern.exec(command.output())?.[1] ?? '';
}

async function createPool(cognitoUrl: string): Promise<string> {
  const clients = createPoolClients({
    region: 'us-east-1',
    credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
    endpoints: { cognitoIdentity: cognitoUrl, sts: cognitoUrl, iam: cognitoUrl },
  });
  try {
    const pool = { poolName: 'replicas', developerProviderName, allowGuests: false, allowClassicFlow: false };
    return (await provisionPool({ ...pool, withTags: false }, clients)).identityPoolId;
  } finally {
    destroyClients(clients);
  }
}

// biome-ignore lint/suspicious/noExplicitAny: the answer is of the shape that was asked for
async function control(cognitoUrl: string, method: string, path: string, body?: unknown): Promise<any> {
  const response = await fetch(`${cognitoUrl}/_control/${path}`, {
    method,
    ...(body !== undefined && { body: JSON.stringify(body) }),
  });
  if (!response.ok) throw new Error(`${path}: ${await response.text()}`);
  return response.json();
}

async function ended({ process: child, finished }: RunningCommand): Promise<void> {
  child.kill('SIGKILL');
  await finished;
}
