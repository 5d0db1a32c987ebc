import {
  CognitoIdentityClient,
  CreateIdentityPoolCommand,
  DeleteIdentityPoolCommand,
  DescribeIdentityCommand,
  DescribeIdentityPoolCommand,
  GetCredentialsForIdentityCommand,
  GetIdCommand,
  GetOpenIdTokenCommand,
  GetOpenIdTokenForDeveloperIdentityCommand,
  ListIdentitiesCommand,
  ListIdentityPoolsCommand,
  ListTagsForResourceCommand,
  LookupDeveloperIdentityCommand,
  MergeDeveloperIdentitiesCommand,
  SetIdentityPoolRolesCommand,
  TagResourceCommand,
  UnlinkDeveloperIdentityCommand,
  UntagResourceCommand,
  UpdateIdentityPoolCommand,
} from '@aws-sdk/client-cognito-identity';
import { IAMClient, UpdateAssumeRolePolicyCommand } from '@aws-sdk/client-iam';
import { decodeJwt } from 'jose';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  createPool,
  createPoolWithRoles,
  createRole,
  credentials,
  developerToken,
  failure,
  provider,
  type Running,
  start,
  startForTest,
  trustPolicy,
} from './support.ts';

let running: Running;
let poolId: string;

beforeAll(async () => {
  running = await start();
  poolId = await createPoolWithRoles(running);
});
afterAll(() => running.emulator.close());

const missingPool = 'us-east-1:00000000-0000-4000-8000-000000000000';
const invalidConfiguration = {
  name: 'InvalidIdentityPoolConfigurationException',
  message: 'Invalid identity pool configuration. Check assigned IAM roles for this pool.',
};

const exchange = ({ client }: Pick<Running, 'client'>, IdentityId: string, token: string, key?: string) =>
  client.send(
    new GetCredentialsForIdentityCommand({
      IdentityId,
      Logins: { [key ?? 'cognito-identity.amazonaws.com']: token },
    }),
  );

describe('a pool', () => {
  it('is replaced by an update, except for its developer provider name, roles and tags', async () => {
    const pool = await createPool(running, {
      IdentityPoolTags: { a: 'b' },
      SupportedLoginProviders: { 'graph.facebook.com': '1' },
    });
    const updated = await running.client.send(
      new UpdateIdentityPoolCommand({
        IdentityPoolId: pool,
        IdentityPoolName: 'renamed',
        AllowUnauthenticatedIdentities: false,
      }),
    );
    const { $metadata, ...members } = updated;
    expect(members).toEqual({
      IdentityPoolId: pool,
      IdentityPoolName: 'renamed',
      AllowUnauthenticatedIdentities: false,
      DeveloperProviderName: provider,
      IdentityPoolTags: { a: 'b' },
    });
    const renamed = new UpdateIdentityPoolCommand({
      IdentityPoolId: pool,
      IdentityPoolName: 'renamed',
      AllowUnauthenticatedIdentities: false,
      DeveloperProviderName: 'other',
    });
    expect((await failure(running.client.send(renamed))).name).toBe('InvalidParameterException');
  });

  it('goes with all its identities', async () => {
    const pool = await createPool(running);
    const { identityId } = await developerToken(running, pool, 'alice');
    await running.client.send(new DeleteIdentityPoolCommand({ IdentityPoolId: pool }));
    const gone = { name: 'ResourceNotFoundException', message: `IdentityPool '${pool}' not found.` };
    expect(await failure(developerToken(running, pool, 'alice'))).toEqual(gone);
    expect(
      (await failure(running.client.send(new DescribeIdentityCommand({ IdentityId: identityId })))).name,
    ).toBe('ResourceNotFoundException');
  });

  it('is listed page by page, in its Region only', async () => {
    const lister = await startForTest();
    const pools = [await createPool(lister), await createPool(lister), await createPool(lister)];
    const elsewhere = new CognitoIdentityClient({ endpoint: lister.url, region: 'eu-west-1', credentials });
    await createPool({ client: elsewhere });
    const first = await lister.client.send(new ListIdentityPoolsCommand({ MaxResults: 2 }));
    const second = await lister.client.send(
      new ListIdentityPoolsCommand({ MaxResults: 2, NextToken: first.NextToken }),
    );
    const ids = [...(first.IdentityPools ?? []), ...(second.IdentityPools ?? [])].map(
      ({ IdentityPoolId }) => IdentityPoolId,
    );
    expect(ids.sort()).toEqual(pools.sort());
    expect(second.NextToken).toBeUndefined();
    const foreign = new ListIdentityPoolsCommand({ MaxResults: 2, NextToken: first.NextToken });
    expect((await failure(elsewhere.send(foreign))).name).toBe('InvalidParameterException');
  });

  it('has tags', async () => {
    const pool = await createPool(running);
    const ResourceArn = `arn:aws:cognito-identity:us-east-1:000000000000:identitypool/${pool}`;
    await running.client.send(new TagResourceCommand({ ResourceArn, Tags: { a: '1', b: '2' } }));
    await running.client.send(new UntagResourceCommand({ ResourceArn, TagKeys: ['a'] }));
    const { Tags } = await running.client.send(new ListTagsForResourceCommand({ ResourceArn }));
    expect(Tags).toEqual({ b: '2' });
    const many = Object.fromEntries(Array.from({ length: 50 }, (_, index) => [`k${index}`, 'v']));
    const refused = running.client.send(new TagResourceCommand({ ResourceArn, Tags: many }));
    expect((await failure(refused)).name).toBe('InvalidParameterException');
    const foreign = ResourceArn.replace('000000000000', '111111111111');
    expect(
      (await failure(running.client.send(new ListTagsForResourceCommand({ ResourceArn: foreign })))).name,
    ).toBe('InvalidParameterException');
  });

  it('without guests has none', async () => {
    const pool = await createPool(running, { AllowUnauthenticatedIdentities: false });
    expect(await failure(running.client.send(new GetIdCommand({ IdentityPoolId: pool })))).toEqual({
      name: 'NotAuthorizedException',
      message: 'Unauthenticated access is not supported for this identity pool.',
    });
  });

  it('without the classic flow gives no tokens to clients', async () => {
    const pool = await createPoolWithRoles(running, { AllowClassicFlow: false });
    const { IdentityId } = await running.client.send(new GetIdCommand({ IdentityPoolId: pool }));
    expect(await failure(running.client.send(new GetOpenIdTokenCommand({ IdentityId })))).toEqual({
      name: 'InvalidParameterException',
      message: 'Basic (classic) flow is not enabled, please use enhanced flow.',
    });
    const { identityId, token } = await developerToken(running, pool, 'alice');
    expect((await exchange(running, identityId, token)).IdentityId).toBe(identityId);
  });

  it('gives a guest the role for guests', async () => {
    const { IdentityId } = await running.client.send(new GetIdCommand({ IdentityPoolId: poolId }));
    const answer = await running.client.send(new GetCredentialsForIdentityCommand({ IdentityId }));
    expect(answer.Credentials?.AccessKeyId).toMatch(/^ASIA[A-Z2-7]{16}$/);
    expect(answer.IdentityId).toBe(IdentityId);
  });
});

describe('what does not exist', () => {
  it('is not found', async () => {
    const missingIdentity = missingPool;
    const pool = { name: 'ResourceNotFoundException', message: `IdentityPool '${missingPool}' not found.` };
    const identity = {
      name: 'ResourceNotFoundException',
      message: `Identity '${missingIdentity}' not found.`,
    };
    const { client } = running;
    expect(
      await failure(client.send(new DescribeIdentityPoolCommand({ IdentityPoolId: missingPool }))),
    ).toEqual(pool);
    expect(await failure(client.send(new GetIdCommand({ IdentityPoolId: missingPool })))).toEqual(pool);
    expect(
      await failure(client.send(new ListIdentitiesCommand({ IdentityPoolId: missingPool, MaxResults: 1 }))),
    ).toEqual(pool);
    expect(await failure(client.send(new DescribeIdentityCommand({ IdentityId: missingIdentity })))).toEqual(
      identity,
    );
    expect(
      await failure(client.send(new GetCredentialsForIdentityCommand({ IdentityId: missingIdentity }))),
    ).toEqual(identity);
    expect(await failure(developerToken(running, poolId, 'alice', { IdentityId: missingIdentity }))).toEqual(
      identity,
    );
  });

  it('includes an identity of another pool', async () => {
    const other = await createPool(running);
    const { identityId } = await developerToken(running, other, 'alice');
    const notFound = { name: 'ResourceNotFoundException', message: `Identity '${identityId}' not found.` };
    expect(await failure(developerToken(running, poolId, 'new', { IdentityId: identityId }))).toEqual(
      notFound,
    );
    const lookup = new LookupDeveloperIdentityCommand({ IdentityPoolId: poolId, IdentityId: identityId });
    expect(await failure(running.client.send(lookup))).toEqual(notFound);
  });
});

describe('the developer provider', () => {
  const call = (Logins: Record<string, string>, IdentityPoolId = poolId) =>
    failure(running.client.send(new GetOpenIdTokenForDeveloperIdentityCommand({ IdentityPoolId, Logins })));

  it('must be that of the pool', async () => {
    const unsupported = {
      name: 'InvalidParameterException',
      message: 'This identity pool does not support the specified developer provider',
    };
    expect(await call({ 'login.other': 'alice' })).toEqual(unsupported);
    const without = await running.client.send(
      new CreateIdentityPoolCommand({ IdentityPoolName: 'x', AllowUnauthenticatedIdentities: false }),
    );
    expect(await call({ [provider]: 'alice' }, without.IdentityPoolId)).toEqual(unsupported);
    expect((await call({})).name).toBe('InvalidParameterException');
    const merge = new MergeDeveloperIdentitiesCommand({
      IdentityPoolId: poolId,
      DeveloperProviderName: 'login.other',
      SourceUserIdentifier: 'a',
      DestinationUserIdentifier: 'b',
    });
    expect(await failure(running.client.send(merge))).toEqual(unsupported);
  });

  it('takes user ids of up to 1024 characters, byte for byte', async () => {
    const user = `é😀 ${'x'.repeat(1020)}`;
    expect(user).toHaveLength(1024);
    const { identityId, token } = await developerToken(running, poolId, user);
    expect((decodeJwt(token)['amr'] as string[])[2]).toBe(`${provider}:${poolId}:${user}`);
    const found = await running.client.send(
      new LookupDeveloperIdentityCommand({ IdentityPoolId: poolId, IdentityId: identityId }),
    );
    expect(found.DeveloperUserIdentifierList).toEqual([user]);
    expect((await call({ [provider]: `${user}x` })).name).toBe('InvalidParameterException');
  });

  it('keeps apart users whose ids differ in case or composition', async () => {
    const ids = await Promise.all(
      ['Case', 'case', '\u00e9', 'e\u0301', 'a ', 'a'].map((user) => developerToken(running, poolId, user)),
    );
    expect(new Set(ids.map(({ identityId }) => identityId)).size).toBe(6);
  });
});

describe('unlinking and merging', () => {
  it('tells unknown users from users of another identity', async () => {
    const first = await developerToken(running, poolId, 'unlink-1');
    await developerToken(running, poolId, 'unlink-2');
    const unlink = (DeveloperUserIdentifier: string) =>
      failure(
        running.client.send(
          new UnlinkDeveloperIdentityCommand({
            IdentityPoolId: poolId,
            IdentityId: first.identityId,
            DeveloperProviderName: provider,
            DeveloperUserIdentifier,
          }),
        ),
      );
    expect((await unlink('nobody')).name).toBe('ResourceNotFoundException');
    expect((await unlink('unlink-2')).name).toBe('ResourceConflictException');
    const merge = new MergeDeveloperIdentitiesCommand({
      IdentityPoolId: poolId,
      DeveloperProviderName: provider,
      SourceUserIdentifier: 'nobody',
      DestinationUserIdentifier: 'unlink-1',
    });
    expect((await failure(running.client.send(merge))).name).toBe('ResourceNotFoundException');
  });
});

describe('roles', () => {
  it('of another account are refused when they are set', async () => {
    const arn = 'arn:aws:iam::999999999999:role/other';
    const set = new SetIdentityPoolRolesCommand({ IdentityPoolId: poolId, Roles: { authenticated: arn } });
    expect(await failure(running.client.send(set))).toEqual({
      name: 'NotAuthorizedException',
      message: `Access to Role '${arn}' is forbidden.`,
    });
  });

  it('that do not exist are found out when they are used', async () => {
    const pool = await createPool(running);
    const Roles = { authenticated: 'arn:aws:iam::000000000000:role/missing' };
    await running.client.send(new SetIdentityPoolRolesCommand({ IdentityPoolId: pool, Roles }));
    const { identityId, token } = await developerToken(running, pool, 'alice');
    expect(await failure(exchange(running, identityId, token))).toEqual(invalidConfiguration);
  });

  it.each([
    ['another pool', (pool: string) => trustPolicy(pool.replace(/.$/, (last) => (last === '0' ? '1' : '0')))],
    ['guests only', (pool: string) => trustPolicy(pool, { amr: 'unauthenticated' })],
    ['another principal', (pool: string) => trustPolicy(pool, { principal: 'accounts.google.com' })],
  ])('that trust %s are not assumed', async (_name, policy) => {
    const pool = await createPoolWithRoles(running);
    const RoleName = `users-${pool.slice(-12)}`;
    await running.iam.send(new UpdateAssumeRolePolicyCommand({ RoleName, PolicyDocument: policy(pool) }));
    const { identityId, token } = await developerToken(running, pool, 'alice');
    expect(await failure(exchange(running, identityId, token))).toEqual(invalidConfiguration);
  });

  it('may ask for the developer provider by name', async () => {
    const pool = await createPoolWithRoles(running);
    const RoleName = `users-${pool.slice(-12)}`;
    const PolicyDocument = trustPolicy(pool, { amr: provider });
    await running.iam.send(new UpdateAssumeRolePolicyCommand({ RoleName, PolicyDocument }));
    const { identityId, token } = await developerToken(running, pool, 'alice');
    expect((await exchange(running, identityId, token)).IdentityId).toBe(identityId);
  });
});

describe('principal tags', () => {
  it('are in the token of this call only, and need sts:TagSession', async () => {
    const pool = await createPoolWithRoles(running);
    const RoleName = `users-${pool.slice(-12)}`;
    const tagged = await developerToken(running, pool, 'alice', {
      PrincipalTags: { tenant: 'acme', team: 'blue' },
    });
    expect(decodeJwt(tagged.token)['https://aws.amazon.com/tags']).toEqual({
      principal_tags: { tenant: ['acme'], team: ['blue'] },
    });
    const plain = await developerToken(running, pool, 'alice');
    expect(decodeJwt(plain.token)['https://aws.amazon.com/tags']).toBeUndefined();
    expect((await exchange(running, tagged.identityId, tagged.token)).IdentityId).toBe(tagged.identityId);

    const PolicyDocument = trustPolicy(pool, { actions: ['sts:AssumeRoleWithWebIdentity'] });
    await running.iam.send(new UpdateAssumeRolePolicyCommand({ RoleName, PolicyDocument }));
    expect(await failure(exchange(running, tagged.identityId, tagged.token))).toEqual(invalidConfiguration);
    expect((await exchange(running, plain.identityId, plain.token)).IdentityId).toBe(plain.identityId);
  });

  it('that do not fit into a session are a fault of the configuration', async () => {
    const PrincipalTags = { a: '/'.repeat(256), b: '/'.repeat(256) };
    const { identityId, token } = await developerToken(running, poolId, 'tagged', { PrincipalTags });
    expect(await failure(exchange(running, identityId, token))).toEqual(invalidConfiguration);
  });
});

describe('a token', () => {
  it.each([1, 86_400])('lives as long as it was asked for: %i seconds', async (TokenDuration) => {
    const { token } = await developerToken(running, poolId, 'alice', { TokenDuration });
    const { exp, iat } = decodeJwt(token) as { exp: number; iat: number };
    expect(exp - iat).toBe(TokenDuration);
  });
});

describe.each([
  {
    region: 'cn-north-1',
    partition: 'aws-cn',
    loginsKey: 'cognito-identity.cn-north-1.amazonaws.com.cn',
    principal: 'cognito-identity.cn-north-1.amazonaws.com.cn',
  },
  {
    region: 'us-gov-west-1',
    partition: 'aws-us-gov',
    loginsKey: 'cognito-identity.us-gov-west-1.amazonaws.com',
    principal: 'cognito-identity-us-gov.amazonaws.com',
  },
  {
    region: 'eusc-de-east-1',
    partition: 'aws-eusc',
    loginsKey: 'cognito-identity.eusc-de-east-1.amazonaws.eu',
    principal: 'cognito-identity.eusc-de-east-1.amazonaws.eu',
  },
  {
    region: 'us-isob-east-1',
    partition: 'aws-iso-b',
    loginsKey: 'cognito-identity.us-isob-east-1.sc2s.sgov.gov',
    principal: 'cognito-identity.us-isob-east-1.sc2s.sgov.gov',
  },
  {
    region: 'eu-south-1',
    partition: 'aws',
    issuer: 'cognito-identity.eu-south-1.amazonaws.com',
    loginsKey: 'cognito-identity.amazonaws.com',
    principal: 'cognito-identity.amazonaws.com',
  },
])('in $region', ({ region, partition, loginsKey, principal, issuer = loginsKey }) => {
  it('login key, principal, partition and issuer are those of the partition', async () => {
    const config = { endpoint: running.url, region, credentials, maxAttempts: 1 };
    const client = new CognitoIdentityClient(config);
    const iam = new IAMClient(config);
    const pool = await createPool({ client });
    const arn = await createRole({ iam }, `users-${region}`, trustPolicy(pool, { principal }));
    await client.send(
      new SetIdentityPoolRolesCommand({ IdentityPoolId: pool, Roles: { authenticated: arn } }),
    );
    const { identityId, token } = await developerToken({ client }, pool, 'alice');
    const claims = decodeJwt(token);
    expect(claims.iss).toBe(`https://${issuer}`);
    expect(claims['https://cognito-identity.amazonaws.com/identity-pool-arn']).toBe(
      `arn:${partition}:cognito-identity:${region}:000000000000:identitypool/${pool}`,
    );
    expect((await exchange({ client }, identityId, token, loginsKey)).IdentityId).toBe(identityId);
    const keysElsewhere = [
      'cognito-identity.amazonaws.com',
      'cognito-identity.cn-northwest-1.amazonaws.com.cn',
    ].filter((key) => key !== loginsKey);
    for (const key of keysElsewhere) {
      expect(await failure(exchange({ client }, identityId, token, key))).toEqual({
        name: 'NotAuthorizedException',
        message: "Invalid login token. Issuer doesn't match providerName",
      });
    }
  });

  it('a Cognito token under its own key is no public login', async () => {
    const config = { endpoint: running.url, region, credentials, maxAttempts: 1 };
    const client = new CognitoIdentityClient(config);
    const IdentityPoolId = await createPool({ client });
    const { token } = await developerToken({ client }, IdentityPoolId, 'alice');
    const Logins = { [loginsKey]: token };
    expect(await failure(client.send(new GetIdCommand({ IdentityPoolId, Logins })))).toEqual({
      name: 'NotAuthorizedException',
      message: "Invalid login token. Can't pass in a Cognito token.",
    });
  });
});
