import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { requireTool } from '../../support/requirements.ts';
import { provider, type Running, start, trustPolicy } from '../emulator/support.ts';

const run = promisify(execFile);
const tool = requireTool('aws');

interface Keys {
  readonly AccessKeyId: string;
  readonly SessionToken?: string;
}

tool.describe("Debian's aws", () => {
  let running: Running;
  let home: string;
  beforeAll(async () => {
    running = await start({ accountId: '111122223333' });
    home = await mkdtemp(join(tmpdir(), 'cognito-graphql-aws-'));
  });
  afterAll(async () => {
    await running.emulator.close();
    await rm(home, { recursive: true });
  });

  const serverKeys = { AccessKeyId: 'test', Secret: 'test' };

  /** Nothing of the machine's own configuration reaches the command. */
  function environment(keys: (Keys & { Secret: string }) | undefined): Record<string, string> {
    return {
      PATH: '/usr/bin:/bin',
      HOME: home,
      LANG: 'C.UTF-8',
      AWS_DEFAULT_REGION: 'us-east-1',
      AWS_EC2_METADATA_DISABLED: 'true',
      AWS_PAGER: '',
      ...(keys && { AWS_ACCESS_KEY_ID: keys.AccessKeyId, AWS_SECRET_ACCESS_KEY: keys.Secret }),
      ...(keys?.SessionToken && { AWS_SESSION_TOKEN: keys.SessionToken }),
    };
  }

  async function aws(args: readonly string[], keys: (Keys & { Secret: string }) | undefined = serverKeys) {
    const { stdout } = await run(tool.path, ['--endpoint-url', running.url, '--output', 'json', ...args], {
      env: environment(keys),
    });
    return stdout === '' ? undefined : JSON.parse(stdout);
  }

  async function failed(args: readonly string[], keys?: Keys & { Secret: string }) {
    try {
      await aws(args, keys);
    } catch (error) {
      const { code, stderr } = error as { code: number; stderr: string };
      return { code, stderr: stderr.trim() };
    }
    throw new Error('The command succeeded.');
  }

  async function makePool() {
    const pool = await aws([
      'cognito-identity',
      'create-identity-pool',
      '--identity-pool-name',
      'cli pool',
      '--allow-unauthenticated-identities',
      '--allow-classic-flow',
      '--developer-provider-name',
      provider,
    ]);
    const id = pool.IdentityPoolId as string;
    const roleName = `cli-${id.slice(-12)}`;
    const role = await aws([
      'iam',
      'create-role',
      '--role-name',
      roleName,
      '--assume-role-policy-document',
      trustPolicy(id),
    ]);
    await aws([
      'cognito-identity',
      'set-identity-pool-roles',
      '--identity-pool-id',
      id,
      '--roles',
      `authenticated=${role.Role.Arn}`,
    ]);
    return { id, roleName, role: role.Role };
  }

  const tokenFor = (poolId: string, user: string) =>
    aws([
      'cognito-identity',
      'get-open-id-token-for-developer-identity',
      '--identity-pool-id',
      poolId,
      '--logins',
      `${provider}=${user}`,
    ]) as Promise<{ IdentityId: string; Token: string }>;

  it('goes the whole way from a pool to the caller identity', { timeout: 120_000 }, async () => {
    const { id, roleName, role } = await makePool();
    expect(role.Arn).toBe(`arn:aws:iam::111122223333:role/${roleName}`);
    // The command line decodes the document, which shows that it came encoded as from AWS.
    expect(role.AssumeRolePolicyDocument).toEqual(JSON.parse(trustPolicy(id)));

    const { IdentityId, Token } = await tokenFor(id, 'alice');
    expect((await tokenFor(id, 'alice')).IdentityId).toBe(IdentityId);
    const { Credentials: keys } = await aws(
      [
        'cognito-identity',
        'get-credentials-for-identity',
        '--identity-id',
        IdentityId,
        '--logins',
        `cognito-identity.amazonaws.com=${Token}`,
      ],
      undefined,
    );
    const caller = await aws(['sts', 'get-caller-identity'], { ...keys, Secret: keys.SecretKey });
    expect(caller.Arn).toBe(`arn:aws:sts::111122223333:assumed-role/${roleName}/CognitoIdentityCredentials`);

    const assumed = await aws(
      [
        'sts',
        'assume-role-with-web-identity',
        '--role-arn',
        role.Arn,
        '--role-session-name',
        'cli',
        '--web-identity-token',
        Token,
        '--duration-seconds',
        '900',
      ],
      undefined,
    );
    expect(assumed.SubjectFromWebIdentityToken).toBe(IdentityId);
    expect(assumed.Audience).toBe(id);
    const basic = assumed.Credentials;
    const basicCaller = await aws(['sts', 'get-caller-identity'], {
      ...basic,
      Secret: basic.SecretAccessKey,
    });
    expect(basicCaller.Arn).toBe(`arn:aws:sts::111122223333:assumed-role/${roleName}/cli`);
  });

  it('reads identities and pools', { timeout: 120_000 }, async () => {
    const { id } = await makePool();
    const { IdentityId } = await tokenFor(id, 'bob');
    // Each command takes a second to start, so those that do not depend on each other run together.
    const cognito = (...args: string[]) => aws(['cognito-identity', ...args]);
    const [looked, described, listed, pools] = await Promise.all([
      cognito('lookup-developer-identity', '--identity-pool-id', id, '--developer-user-identifier', 'bob'),
      cognito('describe-identity', '--identity-id', IdentityId),
      cognito('list-identities', '--identity-pool-id', id, '--max-results', '60'),
      cognito('list-identity-pools', '--max-results', '60'),
    ]);
    expect(looked).toEqual({ IdentityId, DeveloperUserIdentifierList: ['bob'] });
    expect(described.IdentityId).toBe(IdentityId);
    expect(described.CreationDate).toMatch(/^\d{4}-\d\d-\d\dT/);
    expect(listed.Identities.map((one: { IdentityId: string }) => one.IdentityId)).toEqual([IdentityId]);
    expect(pools.IdentityPools).toContainEqual({ IdentityPoolId: id, IdentityPoolName: 'cli pool' });
    const { UnprocessedIdentityIds } = await aws([
      'cognito-identity',
      'delete-identities',
      '--identity-ids-to-delete',
      IdentityId,
    ]);
    expect(UnprocessedIdentityIds).toEqual([]);
  });

  it('takes the Region of an unsigned call from the pool', { timeout: 60_000 }, async () => {
    const west = ['--region', 'us-west-2'];
    const pool = await aws([
      ...west,
      'cognito-identity',
      'create-identity-pool',
      '--identity-pool-name',
      'west',
      '--allow-unauthenticated-identities',
    ]);
    expect(pool.IdentityPoolId).toMatch(/^us-west-2:/);
    const { IdentityId } = await aws(
      ['cognito-identity', 'get-id', '--identity-pool-id', pool.IdentityPoolId],
      undefined,
    );
    expect(IdentityId).toMatch(/^us-west-2:/);
  });

  it("prints AWS's errors and fails", { timeout: 120_000 }, async () => {
    const nobody = { AccessKeyId: 'nobody', Secret: 'x' };
    const wrong = { AccessKeyId: 'test', Secret: 'wrong' };
    const [unknown, signature, unsigned, missing] = await Promise.all([
      failed(['cognito-identity', 'list-identity-pools', '--max-results', '1'], nobody),
      failed(['sts', 'get-caller-identity'], wrong),
      failed(['--no-sign-request', 'iam', 'list-roles']),
      failed(['iam', 'get-role', '--role-name', 'missing']),
    ]);
    expect([unknown, signature, unsigned, missing].map(({ code }) => code)).toEqual([254, 254, 254, 254]);
    expect(unknown.stderr).toBe(
      'An error occurred (UnrecognizedClientException) when calling the ListIdentityPools operation: The security token included in the request is invalid.',
    );
    expect(signature.stderr).toMatch(
      /^An error occurred \(SignatureDoesNotMatch\) when calling the GetCallerIdentity operation: The request signature we calculated does not match/,
    );
    expect(unsigned.stderr).toBe(
      'An error occurred (MissingAuthenticationToken) when calling the ListRoles operation: Request is missing Authentication Token',
    );
    expect(missing.stderr).toBe(
      'An error occurred (NoSuchEntity) when calling the GetRole operation: The role with name missing cannot be found.',
    );
  });
});
