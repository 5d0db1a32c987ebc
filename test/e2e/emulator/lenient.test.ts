import {
  CognitoIdentityClient,
  DescribeIdentityPoolCommand,
  GetCredentialsForIdentityCommand,
  GetIdCommand,
  GetOpenIdTokenForDeveloperIdentityCommand,
  ListIdentityPoolsCommand,
} from '@aws-sdk/client-cognito-identity';
import { describe, expect, it } from 'vitest';
import { createPool, credentials, failure, startForTest } from './support.ts';

describe('lenient mode', () => {
  const poolId = 'us-east-1:33333333-3333-4333-8333-333333333333';
  const identityId = 'us-east-1:44444444-4444-4444-8444-444444444444';

  it('makes pools, identities, logins and roles on first sight', async () => {
    const { client } = await startForTest({ lenient: true });
    expect((await client.send(new GetIdCommand({ IdentityPoolId: poolId }))).IdentityId).toMatch(
      /^us-east-1:/,
    );
    const guest = await client.send(new GetCredentialsForIdentityCommand({ IdentityId: identityId }));
    expect(guest.Credentials?.AccessKeyId).toMatch(/^ASIA/);
    const Logins = { 'anything.example': 'any token' };
    const first = await client.send(new GetIdCommand({ IdentityPoolId: poolId, Logins }));
    expect((await client.send(new GetIdCommand({ IdentityPoolId: poolId, Logins }))).IdentityId).toBe(
      first.IdentityId,
    );
    const developer = await client.send(
      new GetOpenIdTokenForDeveloperIdentityCommand({
        IdentityPoolId: poolId,
        Logins: { 'login.any': 'alice' },
      }),
    );
    const exchanged = await client.send(
      new GetCredentialsForIdentityCommand({
        IdentityId: developer.IdentityId,
        Logins: { 'cognito-identity.amazonaws.com': developer.Token as string },
      }),
    );
    expect(exchanged.IdentityId).toBe(developer.IdentityId);
  });

  it('takes any string for a login of every kind of provider that a pool has', async () => {
    const running = await startForTest({ lenient: true });
    const saml = 'arn:aws:iam::000000000000:saml-provider/corporate';
    const userPool = 'cognito-idp.us-east-1.amazonaws.com/us-east-1_abc';
    const pool = await createPool(running, {
      OpenIdConnectProviderARNs: ['arn:aws:iam::000000000000:oidc-provider/issuer.example'],
      CognitoIdentityProviders: [{ ProviderName: userPool, ClientId: 'app', ServerSideTokenCheck: true }],
      SamlProviderARNs: [saml],
      SupportedLoginProviders: { 'accounts.google.com': 'app', 'graph.facebook.com': 'app' },
    });
    const getId = async (provider: string, token: string) =>
      (await running.client.send(new GetIdCommand({ IdentityPoolId: pool, Logins: { [provider]: token } })))
        .IdentityId;
    for (const name of ['issuer.example', userPool, saml, 'accounts.google.com', 'graph.facebook.com']) {
      const identityId = await getId(name, 'one');
      expect(await getId(name, 'one')).toBe(identityId);
      expect(await getId(name, 'two')).not.toBe(identityId);
    }
  });

  it('takes MaxResults over 60 and any Region', async () => {
    const { client, url } = await startForTest({ lenient: true });
    expect((await client.send(new ListIdentityPoolsCommand({ MaxResults: 1000 }))).IdentityPools).toEqual([]);
    const west = new CognitoIdentityClient({ endpoint: url, region: 'us-west-2', credentials });
    const described = await west.send(
      new DescribeIdentityPoolCommand({ IdentityPoolId: await createPool({ client }) }),
    );
    expect(described.IdentityPoolName).toBe('pool');
  });

  it('is not the default', async () => {
    const { client } = await startForTest();
    expect((await failure(client.send(new GetIdCommand({ IdentityPoolId: poolId })))).name).toBe(
      'ResourceNotFoundException',
    );
    expect((await failure(client.send(new ListIdentityPoolsCommand({ MaxResults: 61 })))).name).toBe(
      'ValidationException',
    );
  });
});
