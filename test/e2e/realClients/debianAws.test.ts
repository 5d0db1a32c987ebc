import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { requireTool } from '../../support/requirements.ts';
import {
  createPool,
  createPoolWithRoles,
  developerToken,
  provider,
  type Running,
  start,
  trustPolicy,
} from '../emulator/support.ts';

const run = promisify(execFile);
const tool = requireTool('aws');
/** Each command takes a second to start on an idle machine, and several on a busy one. */
const slow = { timeout: 180_000 };

interface Keys {
  readonly id: string;
  readonly secret: string;
  readonly session?: string;
}

const server: Keys = { id: 'test', secret: 'test' };
/** A shell without any credentials, like that of a user's device. */
const nobody = null;

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

  /** Nothing of the machine's own configuration reaches the command. */
  const environment = (keys: Keys | null): Record<string, string> => ({
    PATH: '/usr/bin:/bin',
    HOME: home,
    LANG: 'C.UTF-8',
    AWS_DEFAULT_REGION: 'us-east-1',
    AWS_EC2_METADATA_DISABLED: 'true',
    AWS_PAGER: '',
    ...(keys && { AWS_ACCESS_KEY_ID: keys.id, AWS_SECRET_ACCESS_KEY: keys.secret }),
    ...(keys?.session && { AWS_SESSION_TOKEN: keys.session }),
  });

  async function aws(keys: Keys | null, service: string, command: string, ...args: string[]) {
    const endpoint = ['--endpoint-url', running.url, '--output', 'json'];
    const { stdout } = await run(tool.path, [...endpoint, service, command, ...args], {
      env: environment(keys),
    });
    return stdout === '' ? undefined : JSON.parse(stdout);
  }

  async function failed(...call: Parameters<typeof aws>) {
    try {
      await aws(...call);
    } catch (error) {
      const { code, stderr } = error as { code: number; stderr: string };
      return { code, stderr: stderr.trim() };
    }
    throw new Error('The command succeeded.');
  }

  it('goes the whole way from a pool to the caller identity', slow, async () => {
    const cognito = (keys: Keys | null, command: string, ...args: string[]) =>
      aws(keys, 'cognito-identity', command, ...args);
    const { IdentityPoolId: pool } = await cognito(
      server,
      'create-identity-pool',
      ...['--identity-pool-name', 'cli pool', '--no-allow-unauthenticated-identities'],
      ...['--developer-provider-name', provider],
    );
    const trust = trustPolicy(pool);
    const { Role: role } = await aws(
      server,
      'iam',
      'create-role',
      ...['--role-name', 'cli', '--assume-role-policy-document', trust],
    );
    expect(role.Arn).toBe('arn:aws:iam::111122223333:role/cli');
    // The command decodes the document, so it came encoded, as from AWS.
    expect(role.AssumeRolePolicyDocument).toEqual(JSON.parse(trust));
    await cognito(
      server,
      'set-identity-pool-roles',
      ...['--identity-pool-id', pool, '--roles', `authenticated=${role.Arn}`],
    );

    const { IdentityId: identity, Token: token } = await cognito(
      server,
      'get-open-id-token-for-developer-identity',
      ...['--identity-pool-id', pool, '--logins', `${provider}=alice`],
    );
    const [enhanced, basic] = await Promise.all([
      cognito(
        nobody,
        'get-credentials-for-identity',
        ...['--identity-id', identity, '--logins', `cognito-identity.amazonaws.com=${token}`],
      ),
      aws(
        nobody,
        'sts',
        'assume-role-with-web-identity',
        ...['--role-arn', role.Arn, '--role-session-name', 'cli', '--web-identity-token', token],
        ...['--duration-seconds', '900'],
      ),
    ]);
    expect([basic.SubjectFromWebIdentityToken, basic.Audience]).toEqual([identity, pool]);

    const { AccessKeyId, SecretKey, SessionToken } = enhanced.Credentials;
    const assumed = basic.Credentials;
    const callers = await Promise.all(
      [
        { id: AccessKeyId, secret: SecretKey, session: SessionToken },
        { id: assumed.AccessKeyId, secret: assumed.SecretAccessKey, session: assumed.SessionToken },
      ].map((keys) => aws(keys, 'sts', 'get-caller-identity')),
    );
    expect(callers.map(({ Arn }) => Arn)).toEqual([
      'arn:aws:sts::111122223333:assumed-role/cli/CognitoIdentityCredentials',
      'arn:aws:sts::111122223333:assumed-role/cli/cli',
    ]);
  });

  it('reads identities and pools', slow, async () => {
    const id = await createPoolWithRoles(running);
    const { identityId } = await developerToken(running, id, 'bob');
    const cognito = (command: string, ...args: string[]) => aws(server, 'cognito-identity', command, ...args);
    const [looked, described, listed, pools] = await Promise.all([
      cognito('lookup-developer-identity', '--identity-pool-id', id, '--developer-user-identifier', 'bob'),
      cognito('describe-identity', '--identity-id', identityId),
      cognito('list-identities', '--identity-pool-id', id, '--max-results', '60'),
      cognito('list-identity-pools', '--max-results', '60'),
    ]);
    expect(looked).toEqual({ IdentityId: identityId, DeveloperUserIdentifierList: ['bob'] });
    expect(described.IdentityId).toBe(identityId);
    expect(described.CreationDate).toMatch(/^\d{4}-\d\d-\d\dT/);
    expect(listed.Identities.map((one: { IdentityId: string }) => one.IdentityId)).toEqual([identityId]);
    expect(pools.IdentityPools).toContainEqual({ IdentityPoolId: id, IdentityPoolName: 'pool' });
    expect(await cognito('delete-identities', '--identity-ids-to-delete', identityId)).toEqual({
      UnprocessedIdentityIds: [],
    });
  });

  it('takes the Region of an unsigned call from the pool', slow, async () => {
    const west = await start({}, 'us-west-2');
    try {
      const pool = await createPool(west);
      expect(pool).toMatch(/^us-west-2:/);
      const call = ['--endpoint-url', west.url, '--identity-pool-id', pool];
      const { IdentityId } = await aws(nobody, 'cognito-identity', 'get-id', ...call);
      expect(IdentityId).toMatch(/^us-west-2:/);
    } finally {
      await west.emulator.close();
    }
  });

  it("prints AWS's errors and fails", slow, async () => {
    const [unknown, signature, unsigned, missing] = await Promise.all([
      failed({ id: 'nobody', secret: 'x' }, 'cognito-identity', 'list-identity-pools', '--max-results', '1'),
      failed({ id: 'test', secret: 'wrong' }, 'sts', 'get-caller-identity'),
      failed(nobody, 'iam', 'list-roles', '--no-sign-request'),
      failed(server, 'iam', 'get-role', '--role-name', 'missing'),
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
