import { GetIdCommand, GetOpenIdTokenCommand } from '@aws-sdk/client-cognito-identity';
import { decodeJwt } from 'jose';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type OpenIdIssuer, startIssuer } from './openIdIssuer.ts';
import { createPool, failure, type Running, start, startForTest } from './support.ts';

const twitter = 'api.twitter.com';
const apple = 'appleid.apple.com';
const saml = 'arn:aws:iam::000000000000:saml-provider/corporate';
let running: Running;
let issuer: OpenIdIssuer;
let poolId: string;

beforeAll(async () => {
  issuer = await startIssuer('/us-east-1_abc');
  running = await start({
    opaqueTokens: { [twitter]: '(\\d+)-\\w+;\\w+', [saml]: 'assertion-of-(\\w+)' },
    openIdProviders: { [apple]: { issuer: `http://${issuer.provider}` } },
  });
  poolId = await createPool(running, {
    SupportedLoginProviders: { [twitter]: 'key;secret', [apple]: 'app' },
    SamlProviderARNs: [saml],
    CognitoIdentityProviders: [
      { ProviderName: issuer.provider, ClientId: 'checked', ServerSideTokenCheck: true },
      { ProviderName: issuer.provider, ClientId: 'unchecked', ServerSideTokenCheck: false },
    ],
  });
});
afterAll(async () => {
  issuer.close();
  await running.emulator.close();
});

async function getId(Logins: Record<string, string>, pool = poolId): Promise<string> {
  const answer = await running.client.send(new GetIdCommand({ IdentityPoolId: pool, Logins }));
  return answer.IdentityId as string;
}

const invalidLogin = { name: 'NotAuthorizedException', message: 'Invalid login token.' };

describe.each([
  ['Twitter', twitter, '42-abc;secret', '42-other;secret2', '43-abc;secret', '42-abc'],
  ['SAML', saml, 'assertion-of-alice', 'assertion-of-alice', 'assertion-of-bob', 'PHNhbWw+'],
])('a login of %s', (_, name, token, again, other, wrong) => {
  it('is read by the configured rule', async () => {
    const identityId = await getId({ [name]: token });
    expect(await getId({ [name]: again })).toBe(identityId);
    expect(await getId({ [name]: other })).not.toBe(identityId);
    expect(await failure(getId({ [name]: wrong }))).toEqual(invalidLogin);
  });

  it('is refused where there is no rule', async () => {
    const bare = await startForTest();
    const pool = await createPool(bare, {
      SupportedLoginProviders: { [twitter]: 'key;secret' },
      SamlProviderARNs: [saml],
    });
    const call = new GetIdCommand({ IdentityPoolId: pool, Logins: { [name]: token } });
    expect(await failure(bare.client.send(call))).toEqual(invalidLogin);
  });
});

it('knows a pool with nothing but a SAML provider to have providers', async () => {
  const pool = await createPool(running, { SamlProviderARNs: [saml] });
  expect((await failure(getId({ [`${saml}2`]: 'x' }, pool))).message).toBe(
    'Token is not from a supported provider of this identity pool.',
  );
});

it('verifies a login with Apple as the OpenID token that it is', async () => {
  const token = await issuer.sign({ sub: 'alice', aud: 'app' });
  expect(await getId({ [apple]: token })).toBe(await getId({ [apple]: token }));
  const forged = await issuer.sign({ sub: 'alice', aud: 'app' }, { key: 'foreign' });
  expect((await failure(getId({ [apple]: forged }))).message).toBe(
    "Invalid login token. Couldn't verify signed token.",
  );
  const strict = await startForTest();
  const pool = await createPool(strict, { SupportedLoginProviders: { [apple]: 'app' } });
  const opaque = new GetIdCommand({ IdentityPoolId: pool, Logins: { [apple]: 'opaque' } });
  expect((await failure(strict.client.send(opaque))).message).toBe(
    'Invalid login token. Not a valid OpenId Connect identity token.',
  );
});

describe('a login of a user pool', () => {
  const login = async (subject: string, aud: string) => ({
    [issuer.provider]: await issuer.sign({ sub: subject, aud }),
  });
  const barred = {
    name: 'NotAuthorizedException',
    message: 'Invalid login token. The user is signed out or disabled.',
  };

  it('is written to the token as the user pool signs in', async () => {
    const Logins = await login('carol', 'checked');
    const IdentityId = await getId(Logins);
    const { Token } = await running.client.send(new GetOpenIdTokenCommand({ IdentityId, Logins }));
    expect(decodeJwt(Token as string)['amr']).toEqual([
      'authenticated',
      issuer.provider,
      `${issuer.provider}:CognitoSignIn:carol`,
    ]);
  });

  it('is refused after a sign-out, where its client has ServerSideTokenCheck, until there is a new token', async () => {
    const [checked, unchecked] = [await login('alice', 'checked'), await login('alice', 'unchecked')];
    const identityId = await getId(checked);
    const user = { provider: issuer.provider, subject: 'alice' };
    running.emulator.userPoolUsers.signOut(user);
    expect(await failure(getId(checked))).toEqual(barred);
    expect(await getId(unchecked)).toBe(identityId);
    const other = await getId(await login('bob', 'checked'));
    expect(other).not.toBe(identityId);
    running.emulator.clock.advance(-2000);
    running.emulator.userPoolUsers.signOut(user);
    running.emulator.clock.reset();
    expect(await getId(checked)).toBe(identityId);
  });

  it('is refused while the user is disabled; the control path does the same', async () => {
    const logins = await login('dave', 'checked');
    const identityId = await getId(logins);
    const control = async (command: string, body: object) => {
      const response = await fetch(`${running.url}/_control/${command}`, {
        method: 'POST',
        body: JSON.stringify(body),
      });
      return response.status;
    };
    const user = { provider: issuer.provider, subject: 'dave' };
    expect(await control('disable', user)).toBe(200);
    expect(await failure(getId(logins))).toEqual(barred);
    expect(await control('enable', user)).toBe(200);
    expect(await getId(logins)).toBe(identityId);
    expect(await control('sign-out', user)).toBe(200);
    expect(await failure(getId(logins))).toEqual(barred);
    expect(await control('sign-out', { provider: 1 })).toBe(400);
    await running.emulator.reset();
    expect(running.emulator.userPoolUsers.isBarred(user, 1)).toBe(false);
  });
});
