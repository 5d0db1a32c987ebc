/** Runs in the browser: what a page that uses Amplify would do. Bundled by the test with esbuild. */
import { GetCallerIdentityCommand, STSClient } from '@aws-sdk/client-sts';
import { Amplify } from 'aws-amplify';
import { decodeJWT, fetchAuthSession } from 'aws-amplify/auth';
import { CognitoAWSCredentialsAndIdentityIdProvider, DefaultIdentityIdStore } from 'aws-amplify/auth/cognito';
import { defaultStorage } from 'aws-amplify/utils';

interface World {
  readonly emulator: string;
  readonly identityPoolId: string;
}

const settingsOf = ({ emulator, identityPoolId }: World) => ({
  Cognito: { identityPoolId, identityPoolEndpoint: emulator, allowGuestAccess: true },
});

interface Keys {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string;
}

async function callerOf({ emulator }: World, { accessKeyId, secretAccessKey, sessionToken }: Keys) {
  const credentials = { accessKeyId, secretAccessKey, ...(sessionToken && { sessionToken }) };
  const sts = new STSClient({ region: 'us-east-1', endpoint: emulator, credentials, maxAttempts: 1 });
  return (await sts.send(new GetCallerIdentityCommand({}))).Arn;
}

/** Amplify's own default: an identity of a guest. */
async function guest(world: World) {
  Amplify.configure({ Auth: settingsOf(world) });
  const { identityId, credentials } = await fetchAuthSession();
  if (!credentials) throw new Error('Amplify has no credentials.');
  return { identityId, arn: await callerOf(world, credentials) };
}

/** Amplify's Cognito provider with a developer token, once with the identity it belongs to and once without. */
async function developer(world: World, token: string, identityId: string | undefined) {
  const authConfig = settingsOf(world);
  const store = new DefaultIdentityIdStore(defaultStorage);
  store.setAuthConfig(authConfig);
  if (identityId) await store.storeIdentityId({ id: identityId, type: 'primary' });
  const provider = new CognitoAWSCredentialsAndIdentityIdProvider(store);
  const jwt = { toString: () => token, payload: decodeJWT(token).payload };
  try {
    const answer = await provider.getCredentialsAndIdentityId({
      authConfig,
      authenticated: true,
      forceRefresh: true,
      tokens: { accessToken: jwt, idToken: jwt },
    });
    if (!answer) throw new Error('Amplify has no credentials.');
    const { credentials } = answer;
    return {
      identityId: answer.identityId,
      arn: await callerOf(world, credentials),
      minutesLeft: Math.round(((credentials.expiration?.getTime() ?? 0) - Date.now()) / 60_000),
    };
  } catch (error) {
    const { name, message } = error as Error;
    return { name, message };
  }
}

Object.assign(globalThis, { realClients: { guest, developer } });
