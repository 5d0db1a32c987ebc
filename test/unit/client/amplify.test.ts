import { Amplify } from 'aws-amplify';
import { fetchAuthSession } from 'aws-amplify/auth';
import { describe, expect, it } from 'vitest';
import {
  type AmplifyOptions,
  createAmplifyCredentialsProvider,
  createGuestSession,
} from '../../../src/client/index.ts';
import { useBackend } from './clientStage.ts';
import { exchanged, failureOf, identityOf, loginOf, poolId, refused } from './testServers.ts';

const { backend } = useBackend();

function configure(options: Partial<AmplifyOptions> = {}) {
  const { api, cognito } = backend;
  const getToken = () => loginOf('alice');
  const credentialsProvider = createAmplifyCredentialsProvider({
    endpoint: api.url,
    cognitoEndpoint: cognito.url,
    getToken,
    ...options,
  });
  const config = { Auth: { Cognito: { identityPoolId: poolId, allowGuestAccess: true } } };
  Amplify.configure(config, { Auth: { credentialsProvider } });
  return credentialsProvider;
}

describe('Amplify v6', () => {
  it('gets the credentials and the identity of the user', async () => {
    configure();
    const session = await fetchAuthSession();
    expect(session.identityId).toBe(identityOf('alice'));
    expect(session.credentials).toEqual({
      accessKeyId: `ASIA-${identityOf('alice').slice(-12)}-1`,
      secretAccessKey: 'secret',
      sessionToken: 'session',
      expiration: expect.any(Date),
    });
  });

  it('gets the same ones again, and new ones when it insists', async () => {
    configure();
    await fetchAuthSession();
    await fetchAuthSession();
    expect(backend.api.seen).toHaveLength(1);
    await fetchAuthSession({ forceRefresh: true });
    expect(backend.api.seen).toHaveLength(2);
  });

  it('gets nothing while nobody is signed in', async () => {
    configure({ getToken: () => null });
    expect(await fetchAuthSession()).toMatchObject({ credentials: undefined, identityId: undefined });
  });

  it('gets the guest while nobody is signed in, where there is one', async () => {
    backend.cognito.reply = ({ body, headers }, count) =>
      String(headers['x-amz-target']).endsWith('GetId')
        ? { body: { IdentityId: identityOf('guest') } }
        : exchanged(body.IdentityId, count);
    const guest = createGuestSession({ identityPoolId: poolId, cognitoEndpoint: backend.cognito.url });
    configure({ getToken: () => null, guest });
    expect((await fetchAuthSession()).identityId).toBe(identityOf('guest'));
  });

  it('gets nothing after the credentials were cleared, until somebody signs in again', async () => {
    let version = 1;
    const provider = configure({ getToken: () => loginOf('alice', version) });
    await fetchAuthSession();
    provider.clearCredentialsAndIdentityId();
    expect((await fetchAuthSession()).credentials).toBeUndefined();
    version = 2;
    expect((await fetchAuthSession()).identityId).toBe(identityOf('alice'));
  });

  it('is told when the login has run out', async () => {
    backend.api.reply = () => refused('UNAUTHENTICATED', 401);
    configure();
    expect(await failureOf(fetchAuthSession())).toMatchObject({ code: 'SIGN_IN_REQUIRED', status: 401 });
  });
});
