import {
  DeleteIdentitiesCommand,
  DescribeIdentityCommand,
  DescribeIdentityPoolCommand,
  GetCredentialsForIdentityCommand,
  GetIdCommand,
  GetIdentityPoolRolesCommand,
  GetOpenIdTokenCommand,
  ListIdentitiesCommand,
  LookupDeveloperIdentityCommand,
  MergeDeveloperIdentitiesCommand,
  UnlinkDeveloperIdentityCommand,
} from '@aws-sdk/client-cognito-identity';
import { AssumeRoleWithWebIdentityCommand, GetCallerIdentityCommand, STSClient } from '@aws-sdk/client-sts';
import { createRemoteJWKSet, decodeJwt, decodeProtectedHeader, jwtVerify } from 'jose';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  createPool,
  createPoolWithRoles,
  developerToken,
  failure,
  provider,
  type Running,
  start,
} from './support.ts';

const cognito = 'cognito-identity.amazonaws.com';
let running: Running;
let poolId: string;
let users = 0;
const newUser = () => `user-${++users}`;

beforeAll(async () => {
  running = await start();
  poolId = await createPoolWithRoles(running);
});
afterAll(() => running.emulator.close());

describe('the developer flow', () => {
  it('gives one user the same identity every time, and another user another', async () => {
    const alice = await developerToken(running, poolId, 'alice');
    const again = await developerToken(running, poolId, 'alice');
    const bob = await developerToken(running, poolId, 'bob');
    expect(alice.identityId).toMatch(
      /^us-east-1:[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/,
    );
    expect(again.identityId).toBe(alice.identityId);
    expect(bob.identityId).not.toBe(alice.identityId);
  });

  it('writes the token as AWS does', async () => {
    const user = newUser();
    const { identityId, token } = await developerToken(running, poolId, user);
    const claims = decodeJwt(token);
    expect(Object.keys(decodeProtectedHeader(token))).toEqual(['kid', 'typ', 'alg']);
    expect(decodeProtectedHeader(token)).toMatchObject({ typ: 'JWS', alg: 'RS512' });
    expect(claims).toEqual({
      sub: identityId,
      aud: poolId,
      amr: ['authenticated', provider, `${provider}:${poolId}:${user}`],
      iss: `https://${cognito}`,
      'https://cognito-identity.amazonaws.com/identity-pool-arn': `arn:aws:cognito-identity:us-east-1:000000000000:identitypool/${poolId}`,
      exp: (claims.iat as number) + 900,
      iat: claims.iat,
    });
  });

  it('publishes the key that verifies the token', async () => {
    const { token } = await developerToken(running, poolId, newUser());
    const keys = createRemoteJWKSet(new URL(`${running.url}/.well-known/jwks_uri`));
    const { payload } = await jwtVerify(token, keys, { issuer: `https://${cognito}`, audience: poolId });
    expect(payload.aud).toBe(poolId);
  });

  it('exchanges the token for credentials of the authenticated role, which sign a call to STS', async () => {
    const { identityId, token } = await developerToken(running, poolId, newUser());
    const answer = await running.client.send(
      new GetCredentialsForIdentityCommand({ IdentityId: identityId, Logins: { [cognito]: token } }),
    );
    const { AccessKeyId, SecretKey, SessionToken } = answer.Credentials ?? {};
    const sts = new STSClient({
      endpoint: running.url,
      region: 'us-east-1',
      credentials: {
        accessKeyId: AccessKeyId as string,
        secretAccessKey: SecretKey as string,
        sessionToken: SessionToken as string,
      },
    });
    const caller = await sts.send(new GetCallerIdentityCommand({}));
    expect(caller.Arn).toBe(
      `arn:aws:sts::000000000000:assumed-role/users-${poolId.slice(-12)}/CognitoIdentityCredentials`,
    );
  });

  it('lets the token assume the role at STS directly', async () => {
    const { identityId, token } = await developerToken(running, poolId, newUser());
    const sts = new STSClient({ endpoint: running.url, region: 'us-east-1' });
    const answer = await sts.send(
      new AssumeRoleWithWebIdentityCommand({
        RoleArn: `arn:aws:iam::000000000000:role/users-${poolId.slice(-12)}`,
        RoleSessionName: 'session',
        WebIdentityToken: token,
      }),
    );
    expect(answer.SubjectFromWebIdentityToken).toBe(identityId);
  });

  it('turns a guest into a user with the same id, whose guest token is then refused', async () => {
    const guest = await running.client.send(new GetIdCommand({ IdentityPoolId: poolId }));
    const IdentityId = guest.IdentityId as string;
    const { Token } = await running.client.send(new GetOpenIdTokenCommand({ IdentityId }));
    expect(decodeJwt(Token as string)['amr']).toEqual(['unauthenticated']);
    const linked = await developerToken(running, poolId, newUser(), { IdentityId });
    expect(linked.identityId).toBe(IdentityId);
    const forbidden = {
      name: 'NotAuthorizedException',
      message: `Access to Identity '${IdentityId}' is forbidden.`,
    };
    expect(await failure(running.client.send(new GetCredentialsForIdentityCommand({ IdentityId })))).toEqual(
      forbidden,
    );
    const Logins = { [cognito]: Token as string };
    expect(
      await failure(running.client.send(new GetCredentialsForIdentityCommand({ IdentityId, Logins }))),
    ).toEqual(forbidden);
  });

  it('refuses to link a user to an identity while it has another', async () => {
    const user = newUser();
    await developerToken(running, poolId, user);
    const other = await developerToken(running, poolId, newUser());
    const refused = await failure(developerToken(running, poolId, user, { IdentityId: other.identityId }));
    expect(refused.name).toBe('DeveloperUserAlreadyRegisteredException');
  });

  it('finds users by identity and identities by user', async () => {
    const [first, second] = [newUser(), newUser()];
    const { identityId } = await developerToken(running, poolId, first);
    await developerToken(running, poolId, second, { IdentityId: identityId });
    const lookup = (rest: object) =>
      running.client.send(new LookupDeveloperIdentityCommand({ IdentityPoolId: poolId, ...rest }));
    expect((await lookup({ DeveloperUserIdentifier: second })).IdentityId).toBe(identityId);
    const page = await lookup({ IdentityId: identityId, MaxResults: 1 });
    expect(page.DeveloperUserIdentifierList).toEqual([first]);
    const next = await lookup({ IdentityId: identityId, MaxResults: 1, NextToken: page.NextToken });
    expect(next).toMatchObject({ DeveloperUserIdentifierList: [second] });
    expect(next.NextToken).toBeUndefined();
    expect(await failure(lookup({ DeveloperUserIdentifier: 'nobody' }))).toEqual({
      name: 'NotAuthorizedException',
      message: 'Access to this identity pool is forbidden.',
    });
    expect((await failure(lookup({ IdentityId: identityId, DeveloperUserIdentifier: 'nobody' }))).name).toBe(
      'ResourceConflictException',
    );
    expect((await failure(lookup({}))).name).toBe('InvalidParameterException');
    const forged = await failure(lookup({ IdentityId: identityId, NextToken: `${page.NextToken}x` }));
    expect(forged.name).toBe('InvalidParameterException');
  });

  it('merges users: the destination stays, the source identity is disabled and hidden', async () => {
    const [source, destination] = [newUser(), newUser()];
    const lost = await developerToken(running, poolId, source);
    const kept = await developerToken(running, poolId, destination);
    const merged = await running.client.send(
      new MergeDeveloperIdentitiesCommand({
        IdentityPoolId: poolId,
        DeveloperProviderName: provider,
        SourceUserIdentifier: source,
        DestinationUserIdentifier: destination,
      }),
    );
    expect(merged.IdentityId).toBe(kept.identityId);
    expect((await developerToken(running, poolId, source)).identityId).toBe(kept.identityId);
    const refused = await failure(
      running.client.send(
        new GetCredentialsForIdentityCommand({
          IdentityId: lost.identityId,
          Logins: { [cognito]: lost.token },
        }),
      ),
    );
    expect(refused.message).toBe(`Access to Identity '${lost.identityId}' is forbidden.`);
    const ids = async (HideDisabled: boolean) => {
      const answer = await running.client.send(
        new ListIdentitiesCommand({ IdentityPoolId: poolId, MaxResults: 60, HideDisabled }),
      );
      return answer.Identities?.map(({ IdentityId }) => IdentityId);
    };
    expect(await ids(false)).toContain(lost.identityId);
    expect(await ids(true)).not.toContain(lost.identityId);
  });

  it('makes an unlinked user a new one', async () => {
    const user = newUser();
    const before = await developerToken(running, poolId, user);
    await running.client.send(
      new UnlinkDeveloperIdentityCommand({
        IdentityPoolId: poolId,
        IdentityId: before.identityId,
        DeveloperProviderName: provider,
        DeveloperUserIdentifier: user,
      }),
    );
    expect((await developerToken(running, poolId, user)).identityId).not.toBe(before.identityId);
  });

  it('deletes identities, frees their users and reports the unknown', async () => {
    const user = newUser();
    const { identityId } = await developerToken(running, poolId, user);
    const unknown = 'us-east-1:00000000-0000-4000-8000-000000000000';
    const answer = await running.client.send(
      new DeleteIdentitiesCommand({ IdentityIdsToDelete: [identityId, unknown] }),
    );
    expect(answer.UnprocessedIdentityIds).toEqual([{ IdentityId: unknown, ErrorCode: 'AccessDenied' }]);
    expect(
      await failure(running.client.send(new DescribeIdentityCommand({ IdentityId: identityId }))),
    ).toEqual({
      name: 'ResourceNotFoundException',
      message: `Identity '${identityId}' not found.`,
    });
    expect((await developerToken(running, poolId, user)).identityId).not.toBe(identityId);
  });

  it('gives one identity to a hundred first calls at once', async () => {
    const user = newUser();
    const answers = await Promise.all(
      Array.from({ length: 100 }, () => developerToken(running, poolId, user)),
    );
    expect(new Set(answers.map(({ identityId }) => identityId)).size).toBe(1);
  });

  it('describes pool and roles', async () => {
    const pool = await createPool(running, { IdentityPoolTags: { a: 'b' } });
    const described = await running.client.send(new DescribeIdentityPoolCommand({ IdentityPoolId: pool }));
    expect(described).toMatchObject({
      IdentityPoolId: pool,
      IdentityPoolName: 'pool',
      AllowUnauthenticatedIdentities: true,
      AllowClassicFlow: true,
      DeveloperProviderName: provider,
      IdentityPoolTags: { a: 'b' },
    });
    const roles = await running.client.send(new GetIdentityPoolRolesCommand({ IdentityPoolId: poolId }));
    expect(Object.keys(roles.Roles ?? {})).toEqual(['authenticated', 'unauthenticated']);
  });

  it('needs roles before it gives credentials', async () => {
    const bare = await createPool(running);
    const { identityId, token } = await developerToken(running, bare, 'alice');
    const refused = await failure(
      running.client.send(
        new GetCredentialsForIdentityCommand({ IdentityId: identityId, Logins: { [cognito]: token } }),
      ),
    );
    expect(refused).toEqual({
      name: 'InvalidIdentityPoolConfigurationException',
      message: 'Invalid identity pool configuration. Check assigned IAM roles for this pool.',
    });
  });
});
