import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, request } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  CognitoIdentityClient,
  CreateIdentityPoolCommand,
  type CreateIdentityPoolCommandInput,
  GetIdCommand,
  ListIdentityPoolsCommand,
} from '@aws-sdk/client-cognito-identity';
import { GetCallerIdentityCommand, STSClient } from '@aws-sdk/client-sts';
import { afterEach, describe, expect, it } from 'vitest';
import { startIssuer } from '../../e2e/emulator/openIdIssuer.ts';
import { runCommand } from './recordedTerminal.ts';

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

/** Starts `emulate` with these arguments on a free port, and stops it after the test at the latest. */
async function emulate(...argv: string[]) {
  let stop = () => {};
  const stopping = new Promise<void>((resolve) => {
    stop = resolve;
  });
  let tellUrl: (url: string) => void = () => {};
  const printed = new Promise<string>((resolve) => {
    tellUrl = resolve;
  });
  const ended = runCommand(['emulate', '--port', '0', ...argv], {
    stop: stopping,
    onOutput: (text) => tellUrl(text.trim()),
  });
  const failed = ended.then(({ stderr }): string => {
    throw new Error(stderr);
  });
  const finish = () => {
    stop();
    return ended;
  };
  cleanups.push(finish);
  const url = await Promise.race([printed, failed]);
  failed.catch(() => {});
  return { url, finish, client: cognito(url) };
}

const cognito = (endpoint: string, accessKeyId = 'test') =>
  new CognitoIdentityClient({
    endpoint,
    region: 'us-east-1',
    credentials: { accessKeyId, secretAccessKey: 'test' },
    maxAttempts: 1,
  });

async function poolWith(client: CognitoIdentityClient, settings: Partial<CreateIdentityPoolCommandInput>) {
  const created = await client.send(
    new CreateIdentityPoolCommand({
      IdentityPoolName: 'pool',
      AllowUnauthenticatedIdentities: true,
      ...settings,
    }),
  );
  return created.IdentityPoolId as string;
}

const poolNames = async (client: CognitoIdentityClient) => {
  const { IdentityPools = [] } = await client.send(new ListIdentityPoolsCommand({ MaxResults: 60 }));
  return IdentityPools.map(({ IdentityPoolName }) => IdentityPoolName);
};

const failureOf = (call: Promise<unknown>) =>
  call.then(
    () => 'none',
    ({ name }: Error) => name,
  );

/** The key set, with the length of the modulus in bytes. */
async function publishedKey(url: string) {
  const { keys } = (await (await fetch(`${url}/.well-known/jwks_uri`)).json()) as {
    keys: { kid: string; n: string }[];
  };
  return { kid: keys[0]?.kid, bytes: Buffer.from(keys[0]?.n ?? '', 'base64url').length };
}

const unknownPool = 'us-east-1:00000000-0000-4000-8000-000000000000';

describe('emulate', () => {
  it('is strict, throttles nothing, serves the control path and publishes the key of AWS when nothing is said', async () => {
    const { url, client, finish } = await emulate();
    expect(await failureOf(client.send(new GetIdCommand({ IdentityPoolId: unknownPool })))).toBe(
      'ResourceNotFoundException',
    );
    expect(await publishedKey(url)).toEqual({ kid: expect.stringMatching(/^us-east-1-\d+$/), bytes: 257 });
    expect((await fetch(`${url}/_control/requests`)).status).toBe(200);
    expect((await finish()).stderr).toContain(`Faults, clock, log and reset under ${url}/_control/\n`);
  });

  it('serves no control path with --no-control', async () => {
    const { url, finish } = await emulate('--no-control');
    for (const path of ['requests', 'faults', 'clock']) {
      expect((await fetch(`${url}/_control/${path}`)).status).toBe(404);
    }
    expect((await fetch(`${url}/_control/reset`, { method: 'POST' })).status).toBe(404);
    expect((await finish()).stderr).not.toContain('_control');
  });

  it('takes the same with --strict as without', async () => {
    const { client } = await emulate('--strict');
    expect(await failureOf(client.send(new GetIdCommand({ IdentityPoolId: unknownPool })))).toBe(
      'ResourceNotFoundException',
    );
  });

  it('makes pools on first sight with --lenient, and says so', async () => {
    const { client, finish } = await emulate('--lenient');
    const { IdentityId } = await client.send(new GetIdCommand({ IdentityPoolId: unknownPool }));
    expect(IdentityId).toMatch(/^us-east-1:[0-9a-f-]{36}$/);
    expect((await finish()).stderr).toContain('Lenient: what passes here may be refused by AWS.\n');
  });

  it('throttles by the rates of AWS with --throttles published', async () => {
    const { url, client } = await emulate('--throttles', 'published');
    await poolWith(client, {});
    const listed = await Promise.all(
      Array.from({ length: 40 }, () =>
        fetch(url, {
          method: 'POST',
          headers: { 'x-amz-target': 'AWSCognitoIdentityService.ListIdentities' },
          body: '{}',
        }).then((response) => response.headers.get('x-amzn-errortype')),
      ),
    );
    expect(listed.filter((name) => name !== 'TooManyRequestsException:').length).toBeGreaterThanOrEqual(5);
    expect(listed).toContain('TooManyRequestsException:');
  });

  it('throttles the operations that --throttles names', async () => {
    const { client } = await emulate('--throttles', 'ListIdentityPools=0.001,GetId=1000');
    // A bucket that never holds a whole call lets none through.
    expect(await failureOf(poolNames(client))).toBe('TooManyRequestsException');
    expect(await poolWith(client, {})).toMatch(/^us-east-1:/);
  });

  it('takes opaque tokens that a rule of --opaque-token matches, and no others', async () => {
    const { client } = await emulate(
      '--opaque-token',
      'graph.facebook.com=fb-(\\w+)=?',
      '--opaque-token',
      'www.amazon.com=Atza\\|(\\d+)',
    );
    const IdentityPoolId = await poolWith(client, {
      SupportedLoginProviders: { 'graph.facebook.com': '1', 'www.amazon.com': 'app' },
    });
    const identityOf = async (provider: string, token: string) =>
      (await client.send(new GetIdCommand({ IdentityPoolId, Logins: { [provider]: token } }))).IdentityId;
    const first = await identityOf('graph.facebook.com', 'fb-42=');
    expect(await identityOf('graph.facebook.com', 'fb-42')).toBe(first);
    expect(await identityOf('www.amazon.com', 'Atza|7')).not.toBe(first);
    expect(await failureOf(identityOf('graph.facebook.com', 'Atza|7'))).toBe('NotAuthorizedException');
  });

  it('finds the keys of an OpenID provider where --openid-provider says, and asks for its audience', async () => {
    const issuer = await startIssuer();
    cleanups.push(issuer.close);
    const { client } = await emulate(
      '--openid-provider',
      `login.example=http://${issuer.provider},client=app,client=web`,
      '--openid-provider',
      `sso.example,jwks=http://${issuer.provider}/jwks`,
    );
    const IdentityPoolId = await poolWith(client, {
      OpenIdConnectProviderARNs: ['login.example', 'sso.example'].map(
        (name) => `arn:aws:iam::000000000000:oidc-provider/${name}`,
      ),
    });
    const signIn = (provider: string, token: string) =>
      failureOf(client.send(new GetIdCommand({ IdentityPoolId, Logins: { [provider]: token } })));
    const claims = { sub: 'alice', aud: 'web' };
    expect(await signIn('login.example', await issuer.sign(claims))).toBe('none');
    expect(await signIn('login.example', await issuer.sign({ ...claims, aud: 'other' }))).toBe(
      'NotAuthorizedException',
    );
    expect(await signIn('sso.example', await issuer.sign(claims))).toBe('NotAuthorizedException');
    expect(await signIn('sso.example', await issuer.sign(claims, { issuer: 'https://sso.example' }))).toBe(
      'none',
    );
  });

  it('lets any access key call with --no-verify-signatures, but nobody without a signature', async () => {
    const { url, finish } = await emulate('--no-verify-signatures');
    expect(await poolNames(cognito(url, 'ANYBODY'))).toEqual([]);
    const unsigned = await fetch(url, {
      method: 'POST',
      headers: { 'x-amz-target': 'AWSCognitoIdentityService.ListIdentityPools' },
      body: '{"MaxResults":1}',
    });
    expect(unsigned.headers.get('x-amzn-errortype')).toBe('MissingAuthenticationTokenException:');
    expect((await finish()).stderr).toContain('Signatures are not compared: any access key may call.\n');
  });

  it('names its keys after --region, and leaves the zero byte out with --no-leading-zero', async () => {
    const { url } = await emulate('--region', 'eu-central-1', '--no-leading-zero');
    expect(await publishedKey(url)).toEqual({ kid: expect.stringMatching(/^eu-central-1-\d+$/), bytes: 256 });
  });

  it('checks signatures for the host that a proxy was asked for with --trust-forwarded-host', async () => {
    const { url } = await emulate('--trust-forwarded-host');
    const proxy = createServer((incoming, outgoing) => {
      const { host = '', ...headers } = incoming.headers;
      const forwarded = { ...headers, 'x-forwarded-host': host };
      const passed = request(url, { method: incoming.method, headers: forwarded }, (answer) => {
        outgoing.writeHead(answer.statusCode ?? 500, answer.headers);
        answer.pipe(outgoing);
      });
      incoming.pipe(passed);
    });
    await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve));
    cleanups.push(() => {
      proxy.closeAllConnections();
      proxy.close();
    });
    const endpoint = `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`;
    const sts = new STSClient({
      endpoint,
      region: 'us-east-1',
      credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
      maxAttempts: 1,
    });
    expect((await sts.send(new GetCallerIdentityCommand({}))).Account).toBe('000000000000');
  });

  it('starts with the pools of --seed, and keeps what is made in --data', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'emulator-command-'));
    cleanups.push(() => rmSync(folder, { recursive: true }));
    const seed = join(folder, 'seed.json');
    const pool = {
      IdentityPoolId: unknownPool,
      IdentityPoolName: 'seeded',
      AllowUnauthenticatedIdentities: true,
    };
    writeFileSync(seed, JSON.stringify({ Pools: [pool] }));
    const data = ['--data', join(folder, 'data')];
    const first = await emulate('--seed', seed, ...data);
    await poolWith(first.client, { IdentityPoolName: 'made' });
    await first.finish();
    const second = await emulate(...data);
    expect((await poolNames(second.client)).sort()).toEqual(['made', 'seeded']);
  });
});

describe('bad usage of emulate', () => {
  const openIdForm =
    '--openid-provider must be name=issuer, with ,jwks=URL and ,client=ID where they are needed.';
  it.each([
    [['--throttles', 'fast'], '--throttles must be published, or calls per second as Operation=rate,….'],
    [
      ['--throttles', 'GetId=1,ListPools=x'],
      '--throttles must be published, or calls per second as Operation=rate,….',
    ],
    [['--throttles', 'GetIdd=1'], "There is no operation 'GetIdd'."],
    [['--throttles', 'GetId=0'], 'The rate of GetId must be a number above 0.'],
    [['--opaque-token', 'fb-(.*)'], '--opaque-token must be a provider, = and a regular expression.'],
    [['--opaque-token', '=(.*)'], '--opaque-token must be a provider, = and a regular expression.'],
    [
      ['--opaque-token', 'graph.facebook.com=fb'],
      'The rule for tokens of graph.facebook.com must be a regular expression with a group that names the user.',
    ],
    [['--openid-provider', 'login.example'], openIdForm],
    [['--openid-provider', 'login.example='], openIdForm],
    [['--openid-provider', '=http://x'], openIdForm],
    [['--openid-provider', 'login.example=http://x,key=1'], openIdForm],
    [['--openid-provider', 'login.example=http://x,client'], openIdForm],
    [
      ['--openid-provider', 'login.example=x'],
      'The addresses of login.example must begin with http:// or https://.',
    ],
    [['--region', 'here'], 'region must be the name of a Region.'],
  ])('%j says so in one line', async (argv, sentence) => {
    expect(await runCommand(['emulate', ...argv])).toEqual({
      exitCode: 2,
      stdout: '',
      stderr: `${sentence}\n`,
    });
  });

  it('is to ask for both modes at once', async () => {
    const { exitCode, stderr } = await runCommand(['emulate', '--strict', '--lenient']);
    expect([exitCode, stderr.split('\n')[0]]).toEqual([
      2,
      "error: option '--strict' cannot be used with option '--lenient'",
    ]);
  });
});

it('shows in the help of emulate how to work it', async () => {
  const { stdout } = await runCommand(['emulate', '--help']);
  for (const flag of [
    '--no-control',
    '--throttles published',
    '--opaque-token',
    '--openid-provider',
    '/_control/faults',
    '/_control/clock',
  ]) {
    expect(stdout.slice(stdout.indexOf('Examples:'))).toContain(flag);
  }
});

it('shows a seed in the help of emulate that emulate takes', async () => {
  const { stdout } = await runCommand(['emulate', '--help']);
  const text = /\$ cat seed\.json\n([\s\S]*?\n {2}\})\n/.exec(stdout)?.[1] ?? '';
  const trust = JSON.stringify({
    Version: '2012-10-17',
    Statement: [
      {
        Effect: 'Allow',
        Principal: { Federated: 'cognito-identity.amazonaws.com' },
        Action: 'sts:AssumeRoleWithWebIdentity',
      },
    ],
  });
  const folder = mkdtempSync(join(tmpdir(), 'emulator-command-'));
  cleanups.push(() => rmSync(folder, { recursive: true }));
  const seed = join(folder, 'seed.json');
  writeFileSync(seed, text.replace('"{ …a trust policy, as a string… }"', JSON.stringify(trust)));
  const { client } = await emulate('--seed', seed);
  expect(await poolNames(client)).toEqual(['demo']);
});
