import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { GetOpenIdTokenForDeveloperIdentityCommand } from '@aws-sdk/client-cognito-identity';
import { GetRoleCommand } from '@aws-sdk/client-iam';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { decodeDocument } from '../../../src/pool/trustPolicy.ts';
import { cognitoRefusal, type Emulated, iamRefusal, startEmulated } from '../pool/emulated.ts';
import { runCommand, type Surroundings } from './recordedTerminal.ts';

let aws: Emulated;
let directory: string;

beforeAll(async () => {
  aws = await startEmulated();
  directory = await mkdtemp(join(tmpdir(), 'cognito-graphql-test-'));
});
afterEach(async () => {
  vi.unstubAllEnvs();
  await aws.emulator.reset();
});
afterAll(async () => {
  await aws.stop();
  await rm(directory, { recursive: true });
});

const names = ['--pool-name', 'app', '--developer-provider', 'login.app'];
const pool = (argv: readonly string[], { env, ...more }: Surroundings = {}) =>
  runCommand(['pool', ...argv], {
    ...more,
    env: { AWS_ENDPOINT_URL: aws.url, AWS_REGION: 'eu-west-1', ...env },
  });
const create = (...argv: string[]) => pool(['create', ...names, ...argv]);
const createdId = async (...argv: string[]) =>
  JSON.parse((await create('--json', '--no-verify', ...argv)).stdout).identityPoolId as string;

describe('pool create', () => {
  it('says where, makes the pool, proves it and prints the settings of the server', async () => {
    const { exitCode, stdout, stderr } = await create('--allow', 's3-prefix=bucket/users');
    expect(exitCode).toBe(0);
    const lines = stdout.trimEnd().split('\n');
    expect(lines).toEqual([
      'AWS_REGION=eu-west-1',
      expect.stringMatching(/^COGNITO_IDENTITY_POOL_ID=eu-west-1:[0-9a-f-]{36}$/),
      'COGNITO_DEVELOPER_PROVIDER_NAME=login.app',
      `AWS_ENDPOINT_URL_COGNITO_IDENTITY=${aws.url}`,
      `AWS_ENDPOINT_URL_STS=${aws.url}`,
      `AWS_ENDPOINT_URL_IAM=${aws.url}`,
    ]);
    expect(stderr).toMatch(/^Account 000000000000, Region eu-west-1, partition aws\n/);
    expect(stderr).toContain('created   role arn:aws:iam::000000000000:role/app-eu-west-1-authenticated\n');
    expect(stderr).toContain(
      'AWS sees them as arn:aws:sts::000000000000:assumed-role/app-eu-west-1-authenticated/CognitoIdentityCredentials.',
    );
    expect(stderr).toMatch(/The pool works\.\n$/);
  });

  it('prints nothing but JSON on standard output with --json', async () => {
    const { stdout } = await create('--json');
    expect(JSON.parse(stdout)).toMatchObject({
      developerProviderName: 'login.app',
      changed: true,
      settings: { COGNITO_DEVELOPER_PROVIDER_NAME: 'login.app' },
      verification: { works: true },
    });
  });

  it('says on repetition that nothing was changed', async () => {
    await create('--no-verify');
    const { exitCode, stderr } = await create('--no-verify');
    expect(exitCode).toBe(0);
    expect(stderr).toContain('Everything was there already: nothing was changed.\n');
  });

  it('prints the plan and changes nothing with --dry-run', async () => {
    const { exitCode, stdout, stderr } = await create('--dry-run', '--json');
    expect(exitCode).toBe(0);
    expect(stderr).toContain('make identity pool "app" with developer provider login.app');
    expect(JSON.parse(stdout)).toMatchObject({
      dryRun: true,
      accountId: '000000000000',
      plan: { roles: [{ roleName: 'app-eu-west-1-authenticated', exists: false }] },
    });
    expect(aws.writes()).toEqual([]);
  });

  it('prints the trust policy that is then sent', async () => {
    await create('--no-verify', '--with-tags');
    const { stderr } = await create('--dry-run');
    const { Role } = await aws.clients.iam.send(
      new GetRoleCommand({ RoleName: 'app-eu-west-1-authenticated' }),
    );
    const sent = decodeDocument(Role?.AssumeRolePolicyDocument);
    const { stderr: tagged } = await create('--dry-run', '--with-tags');
    expect(tagged).toContain(`trust policy ${JSON.stringify(sent)}\n`);
    expect(stderr).toContain('keep role app-eu-west-1-authenticated');
  });

  it.each([
    [['--pool-name', 'a/b'], '--pool-name'],
    [['--pool-name', 'ünïcode'], '--pool-name'],
    [['--pool-name', ''], '--pool-name'],
    [['--developer-provider', 'login demo'], '--developer-provider'],
    [['--developer-provider', 'login:demo'], '--developer-provider'],
    [['--role-prefix', 'r'.repeat(65)], '--role-prefix'],
    [['--allow', 'all'], '--allow'],
  ])('refuses %j before it asks anybody anything', async (argv, option) => {
    const { exitCode, stdout, stderr } = await create(...argv);
    expect([exitCode, stdout]).toEqual([2, '']);
    expect(stderr).toMatch(new RegExp(`^${option} must .*\\n$`));
    expect(aws.emulator.requests.entries()).toEqual([]);
  });

  it('names flag and variable when the Region is missing', async () => {
    // The SDK itself looks into the configuration of whoever runs the tests.
    vi.stubEnv('AWS_CONFIG_FILE', join(directory, 'none'));
    vi.stubEnv('AWS_REGION', undefined);
    const env = { AWS_REGION: '' };
    const { exitCode, stderr } = await pool(['create', ...names], { env });
    expect([exitCode, stderr]).toEqual([
      2,
      'No AWS Region is known. Use --region, set AWS_REGION, or give the profile one with `aws configure`.\n',
    ]);
  });

  it('refuses a role of another account before anything is made', async () => {
    const { exitCode, stderr } = await create('--auth-role-arn', 'arn:aws:iam::444455556666:role/x');
    expect(exitCode).toBe(2);
    expect(stderr).toContain(
      'names a role of account 444455556666, but the credentials belong to account 000000000000',
    );
    expect(aws.writes()).toEqual([]);
  });

  it('says after a failure what exists, how to continue and how to remove it', async () => {
    aws.emulator.faults.add(iamRefusal('PutRolePolicy'));
    const { exitCode, stdout, stderr } = await create('--allow', 's3-prefix=bucket');
    expect([exitCode, stdout]).toEqual([1, '']);
    const id = /identity pool (eu-west-1:[0-9a-f-]{36})/.exec(stderr)?.[1];
    expect(stderr).toContain(
      [
        'AWS refused iam:PutRolePolicy (AccessDenied): not authorized to perform: PutRolePolicy',
        'These exist so far:',
        `  identity pool ${id}`,
        '  role arn:aws:iam::000000000000:role/app-eu-west-1-authenticated',
        'To continue, repeat the command: it adopts them.',
        `To remove them: cognito-graphql pool delete --pool-id ${id}\n`,
      ].join('\n'),
    );
    expect((await create('--allow', 's3-prefix=bucket')).exitCode).toBe(0);
  });

  it('fails when no user gets credentials', async () => {
    aws.emulator.faults.add({
      operation: 'GetCredentialsForIdentity',
      error: { name: 'InvalidIdentityPoolConfigurationException' },
    });
    const { exitCode, stderr } = await create('--timeout', '0');
    expect(exitCode).toBe(1);
    expect(stderr).toContain('Check in this order: is the role attached to the pool');
    expect(stderr).toMatch(/The pool exists, but no user gets credentials yet\. .*\n$/);
  });

  it('tells an expired session in one sentence', async () => {
    aws.emulator.faults.add({
      ...iamRefusal('GetCallerIdentity'),
      body: iamRefusal('x').body.replace('AccessDenied', 'ExpiredToken'),
    });
    const { exitCode, stderr } = await create();
    expect([exitCode, stderr]).toEqual([
      1,
      'The AWS session has expired at sts:GetCallerIdentity. Sign in again (for example `aws sso login`) and repeat the command.\n',
    ]);
  });

  it('tells in one sentence that nothing answers', async () => {
    const { exitCode, stderr } = await create('--endpoint-url', 'http://127.0.0.1:1');
    expect([exitCode, stderr]).toEqual([
      1,
      'Nothing answers sts:GetCallerIdentity (ECONNREFUSED). Check the network, the Region and the endpoint address.\n',
    ]);
  });

  it('tells in one sentence that the key is unknown', async () => {
    const key = { AWS_ACCESS_KEY_ID: 'AKIDUNKNOWN', AWS_SECRET_ACCESS_KEY: 'secret-of-nobody' };
    for (const [name, value] of Object.entries(key)) vi.stubEnv(name, value);
    const { exitCode, stderr } = await pool(['create', ...names], { env: key });
    expect([exitCode, stderr]).toEqual([
      1,
      'AWS does not know the access key, or its secret is wrong (InvalidClientTokenId at sts:GetCallerIdentity). Check --profile and the AWS_* variables.\n',
    ]);
  });
});

describe('the settings file', () => {
  it('is made, readable by its owner only', async () => {
    const file = join(directory, 'new.env');
    const { stdout } = await create('--no-verify', '--env-file', file);
    expect(stdout).toBe('');
    expect(await readFile(file, 'utf8')).toMatch(
      /^AWS_REGION=eu-west-1\nCOGNITO_IDENTITY_POOL_ID=eu-west-1:/,
    );
    expect((await stat(file)).mode & 0o777).toBe(0o600);
  });

  it('keeps every other line', async () => {
    const file = join(directory, 'old.env');
    await writeFile(file, '# mine\nPORT=1\nexport AWS_REGION=us-east-1\nCOGNITO_DEVELOPER_PROVIDER_NAME=x');
    const id = await createdId('--env-file', file);
    expect((await readFile(file, 'utf8')).split('\n').slice(0, 5)).toEqual([
      '# mine',
      'PORT=1',
      'AWS_REGION=eu-west-1',
      'COGNITO_DEVELOPER_PROVIDER_NAME=login.app',
      `COGNITO_IDENTITY_POOL_ID=${id}`,
    ]);
  });
});

describe('permissions', () => {
  it('come from a file', async () => {
    const file = join(directory, 'policy.json');
    const policy = { Version: '2012-10-17', Statement: [{ Effect: 'Allow', Action: 's3:*', Resource: '*' }] };
    await writeFile(file, JSON.stringify(policy));
    const { stderr } = await create('--no-verify', '--policy-file', file);
    expect(stderr).toContain(`permissions ${JSON.stringify(policy)}\n`);
  });

  it.each([
    [['--policy-file', 'a', '--allow', 's3-prefix=bucket'], '--policy-file and --allow cannot be combined'],
    [['--guest-policy-file', 'a'], '--guest-policy-file needs --guests.'],
  ])('refuse %j', async (argv, sentence) => {
    const { exitCode, stderr } = await create(...argv);
    expect(exitCode).toBe(2);
    expect(stderr).toContain(sentence);
  });

  it('name a file that is not there', async () => {
    const { exitCode, stderr } = await create('--policy-file', '/nowhere/policy.json');
    expect([exitCode, stderr]).toEqual([
      1,
      'There is no file or directory /nowhere/policy.json. Check the name.\n',
    ]);
  });
});

describe('pool verify', () => {
  it('takes pool and provider from the settings of the server', async () => {
    const env = { COGNITO_IDENTITY_POOL_ID: await createdId(), COGNITO_DEVELOPER_PROVIDER_NAME: 'login.app' };
    const { exitCode, stdout } = await pool(['verify', '--json'], { env });
    expect(exitCode).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ works: true });
  });

  it('fails with what to change', async () => {
    const id = await createdId();
    const { exitCode, stderr } = await pool([
      'verify',
      '--pool-id',
      id,
      '--developer-provider',
      'login.typo',
    ]);
    expect(exitCode).toBe(1);
    expect(stderr).toContain("problem The pool's developer provider name is login.app, not login.typo.\n");
    expect(stderr).toContain('Set COGNITO_DEVELOPER_PROVIDER_NAME=login.app');
  });

  it('sends tags when the server does', async () => {
    const env = { COGNITO_IDENTITY_POOL_ID: await createdId(), PRINCIPAL_TAGS: 'tenant=tid' };
    const { exitCode, stderr } = await pool(['verify', '--timeout', '0'], { env });
    expect(exitCode).toBe(1);
    expect(stderr).toContain('its trust policy lacks sts:TagSession');
  });
});

describe('pool describe', () => {
  it('shows the pool to people and to machines', async () => {
    const id = await createdId('--guests');
    const text = await pool(['describe', '--pool-id', id]);
    expect(text.stdout).toContain(`pool                 ${id}\n`);
    expect(text.stdout).toContain('guests               allowed\n');
    const json = await pool(['describe', '--pool-id', id, '--json']);
    expect(JSON.parse(json.stdout)).toMatchObject({
      identityPoolId: id,
      accountId: '000000000000',
      allowsGuests: true,
    });
  });

  it('says in a sentence that there is no such pool', async () => {
    const id = 'eu-west-1:12345678-1234-1234-1234-123456789012';
    const { exitCode, stderr } = await pool(['describe', '--pool-id', id]);
    expect(exitCode).toBe(1);
    expect(stderr).toContain(`IdentityPool '${id}' not found.`);
  });
});

describe('pool delete', () => {
  const addUser = (IdentityPoolId: string) =>
    aws.clients.cognito.send(
      new GetOpenIdTokenForDeveloperIdentityCommand({ IdentityPoolId, Logins: { 'login.app': 'alice' } }),
    );

  it('deletes once the name was typed', async () => {
    const id = await createdId();
    const { exitCode, stderr } = await pool(['delete', '--pool-id', id], { answer: 'app' });
    expect(exitCode).toBe(0);
    expect(stderr).toContain(`deleted   identity pool ${id}\n`);
  });

  it('tells machines what it deleted', async () => {
    const id = await createdId();
    const { stdout } = await pool(['delete', '--pool-id', id, '--confirm', 'app', '--json']);
    expect(JSON.parse(stdout)).toEqual({
      identityPoolId: id,
      removed: ['role app-eu-west-1-authenticated', `identity pool ${id}`],
      kept: [],
    });
  });

  it.each<[string, Surroundings, string[], number, string]>([
    [
      'another name is typed',
      { answer: 'ap' },
      [],
      2,
      "That is not the pool's name, app. Nothing was deleted.\n",
    ],
    ['nobody can be asked', {}, [], 2, "Nobody can be asked here. Use --confirm with the pool's name.\n"],
    [
      'another name is given',
      {},
      ['--confirm', 'x'],
      2,
      "That is not the pool's name, app. Nothing was deleted.\n",
    ],
  ])('deletes nothing when %s', async (_what, surroundings, argv, code, sentence) => {
    const id = await createdId();
    aws.writes();
    const { exitCode, stderr } = await pool(['delete', '--pool-id', id, ...argv], surroundings);
    expect(exitCode).toBe(code);
    expect(stderr.endsWith(sentence)).toBe(true);
    expect(aws.writes()).toEqual([]);
  });

  it('refuses a pool with identities unless told', async () => {
    const id = await createdId();
    await addUser(id);
    const argv = ['delete', '--pool-id', id, '--confirm', 'app'];
    const refused = await pool(argv);
    expect(refused.exitCode).toBe(1);
    expect(refused.stderr).toContain('Use --with-identities to delete them, too.\n');
    expect((await pool([...argv, '--with-identities'])).exitCode).toBe(0);
  });

  it('can be repeated after a failure', async () => {
    const id = await createdId();
    aws.emulator.faults.add(cognitoRefusal('DeleteIdentityPool'));
    const argv = ['delete', '--pool-id', id, '--confirm', 'app'];
    expect((await pool(argv)).exitCode).toBe(1);
    expect((await pool(argv)).exitCode).toBe(0);
  });
});

describe('pool template', () => {
  it.each([
    ['cloudformation', 'AWSTemplateFormatVersion: "2010-09-09"'],
    ['terraform', 'resource "aws_cognito_identity_pool" "pool"'],
    ['cdk', 'export class IdentityPoolStack extends Stack'],
  ])('prints %s and asks nobody', async (kind, text) => {
    const { exitCode, stdout, stderr } = await pool(['template', kind, ...names]);
    expect([exitCode, stderr]).toEqual([0, '']);
    expect(stdout).toContain(text);
    expect(aws.emulator.requests.entries()).toEqual([]);
  });

  it.each([
    [
      ['template', 'pulumi', ...names],
      {},
      'The kind of template must be one of cloudformation, terraform, cdk.\n',
    ],
    [
      ['template', 'cdk', ...names],
      { AWS_REGION: '' },
      'No AWS Region is known. Use --region or set AWS_REGION: trust policies differ by partition.\n',
    ],
  ])('refuses %j', async (argv, env, sentence) => {
    const { exitCode, stderr } = await pool(argv, { env });
    expect([exitCode, stderr]).toEqual([2, sentence]);
  });
});
