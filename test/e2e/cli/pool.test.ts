import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { type RunningCommand, runCommand, startCommand } from '../../support/command.ts';
import { requireTool } from '../../support/requirements.ts';

const names = ['--pool-name', 'app', '--developer-provider', 'login.app'];

let emulator: RunningCommand;
let url: string;
let home: string;

beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), 'cognito-graphql-cli-'));
  emulator = startCommand(['emulate', '--port', '0']);
  await vi.waitFor(() => expect(emulator.output()).toMatch(/^http:\S+\n/m), { timeout: 30_000 });
  url = /^http:\S+$/m.exec(emulator.output())?.[0] ?? '';
});
afterAll(async () => {
  emulator.process.kill('SIGKILL');
  await rm(home, { recursive: true });
});

const command = (...argv: string[]) =>
  runCommand(argv, { HOME: home, AWS_ENDPOINT_URL: url, AWS_REGION: 'eu-west-1' });

// Each command takes a second to start on an idle machine, and several on a busy one.
describe('the built command', { timeout: 60_000 }, () => {
  it('makes a pool that a user gets credentials from, lists and deletes it', async () => {
    const created = await command('pool', 'create', ...names, '--json');
    expect(created.code).toBe(0);
    const { identityPoolId, verification } = JSON.parse(created.stdout);
    expect(verification.works).toBe(true);
    const deleted = await command('pool', 'delete', '--pool-id', identityPoolId, '--confirm', 'app');
    expect([deleted.code, deleted.stdout]).toEqual([0, '']);
  });

  it.each([
    [['pool', 'create', '--pool-name', 'a/b', '--developer-provider', 'x'], 2],
    [['pool', 'describe', '--pool-id', 'eu-west-1:12345678-1234-1234-1234-123456789012'], 1],
    [['pool', 'create', ...names, '--endpoint-url', 'http://127.0.0.1:1'], 1],
    [['pool', 'create', ...names, '--policy-file', '/nowhere'], 1],
  ])('fails at %j without a stack', async (argv, code) => {
    const failed = await command(...argv);
    expect([failed.code, failed.stdout]).toEqual([code, '']);
    expect(failed.stderr).not.toMatch(/\n\s+at |node_modules|Warning/);
    expect(failed.stderr).toMatch(/\.\n$/);
  });

  it('stops an emulator with exit code 0 at SIGTERM', async () => {
    const other = startCommand(['emulate', '--port', '0']);
    await expect.poll(() => other.output(), { timeout: 20_000 }).toContain('Embedded Cognito');
    await expect.poll(() => other.output()).toContain('in memory only');
    other.process.kill('SIGTERM');
    expect((await other.finished).code).toBe(0);
  });
});

const tool = requireTool('aws');
tool.describe("a pool that was made, as Debian's aws reads it back", () => {
  const aws = async (...argv: string[]) => {
    const { stdout } = await promisify(execFile)(
      tool.path,
      ['--endpoint-url', url, '--output', 'json', ...argv],
      {
        env: {
          PATH: '/usr/bin:/bin',
          HOME: home,
          LANG: 'C.UTF-8',
          AWS_DEFAULT_REGION: 'eu-west-1',
          AWS_ACCESS_KEY_ID: 'test',
          AWS_SECRET_ACCESS_KEY: 'test',
          AWS_EC2_METADATA_DISABLED: 'true',
          AWS_PAGER: '',
        },
      },
    );
    return JSON.parse(stdout);
  };

  it('has its provider, its roles, their trust policy and permissions', { timeout: 180_000 }, async () => {
    const { stdout } = await command(
      'pool',
      'create',
      '--pool-name',
      'read back',
      '--developer-provider',
      'login.app',
      '--role-prefix',
      'read-back',
      '--with-tags',
      '--allow',
      's3-prefix=bucket/users',
      '--json',
      '--no-verify',
    );
    const { identityPoolId } = JSON.parse(stdout);
    const pool = ['--identity-pool-id', identityPoolId];
    expect(await aws('cognito-identity', 'describe-identity-pool', ...pool)).toMatchObject({
      IdentityPoolName: 'read back',
      DeveloperProviderName: 'login.app',
      AllowUnauthenticatedIdentities: false,
    });
    expect((await aws('cognito-identity', 'get-identity-pool-roles', ...pool)).Roles).toEqual({
      authenticated: 'arn:aws:iam::000000000000:role/read-back-authenticated',
    });
    const role = ['--role-name', 'read-back-authenticated'];
    expect((await aws('iam', 'get-role', ...role)).Role.AssumeRolePolicyDocument.Statement).toEqual([
      {
        Effect: 'Allow',
        Principal: { Federated: 'cognito-identity.amazonaws.com' },
        Action: ['sts:AssumeRoleWithWebIdentity', 'sts:TagSession'],
        Condition: {
          StringEquals: { 'cognito-identity.amazonaws.com:aud': identityPoolId },
          'ForAnyValue:StringLike': { 'cognito-identity.amazonaws.com:amr': 'authenticated' },
        },
      },
    ]);
    const policy = await aws('iam', 'get-role-policy', ...role, '--policy-name', 'cognito-graphql');
    expect(policy.PolicyDocument.Statement[0].Resource).toBe(
      `arn:aws:s3:::bucket/users/\${cognito-identity.amazonaws.com:sub}/*`,
    );
  });
});
