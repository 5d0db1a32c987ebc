import { GetCallerIdentityCommand, STSClient } from '@aws-sdk/client-sts';
import { fromCognitoIdentity, fromCognitoIdentityPool } from '@aws-sdk/credential-provider-cognito-identity';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createPoolWithRoles, developerToken, failure, type Running, start } from '../emulator/support.ts';

const loginsKey = 'cognito-identity.amazonaws.com';
let running: Running;
let poolId: string;
beforeAll(async () => {
  running = await start();
  poolId = await createPoolWithRoles(running);
});
afterAll(() => running.emulator.close());

const clientConfig = () => ({ region: 'us-east-1', endpoint: running.url, maxAttempts: 1 });
const callerOf = (credentials: ReturnType<typeof fromCognitoIdentity>) =>
  new STSClient({ ...clientConfig(), credentials }).send(new GetCallerIdentityCommand({}));
const assumedRole = (kind: string) =>
  `arn:aws:sts::000000000000:assumed-role/${kind}-${poolId.slice(-12)}/CognitoIdentityCredentials`;

describe('@aws-sdk/credential-provider-cognito-identity', () => {
  it('gets credentials for a developer token, with which other clients sign', async () => {
    const { identityId, token } = await developerToken(running, poolId, 'alice');
    const credentials = fromCognitoIdentity({
      identityId,
      logins: { [loginsKey]: token },
      clientConfig: clientConfig(),
    });
    expect((await callerOf(credentials)).Arn).toBe(assumedRole('users'));
    const { identityId: answered, expiration, accessKeyId } = await credentials();
    expect(answered).toBe(identityId);
    expect(accessKeyId).toMatch(/^ASIA/);
    expect(expiration).toBeInstanceOf(Date);
  });

  it('asks its login function again for every refresh', async () => {
    let asked = 0;
    const { identityId } = await developerToken(running, poolId, 'bob');
    const credentials = fromCognitoIdentity({
      identityId,
      logins: {
        [loginsKey]: async () => {
          asked++;
          return (await developerToken(running, poolId, 'bob')).token;
        },
      },
      clientConfig: clientConfig(),
    });
    const first = await credentials();
    const second = await credentials();
    expect(asked).toBe(2);
    expect(second.accessKeyId).not.toBe(first.accessKeyId);
  });

  it('cannot start from a pool with a developer token, as on AWS', async () => {
    const { token } = await developerToken(running, poolId, 'alice');
    const credentials = fromCognitoIdentityPool({
      identityPoolId: poolId,
      logins: { [loginsKey]: token },
      clientConfig: clientConfig(),
    });
    expect(await failure(credentials())).toEqual({
      name: 'NotAuthorizedException',
      message: "Invalid login token. Can't pass in a Cognito token.",
    });
  });

  it('starts from a pool as a guest', async () => {
    const credentials = fromCognitoIdentityPool({ identityPoolId: poolId, clientConfig: clientConfig() });
    expect((await callerOf(credentials)).Arn).toBe(assumedRole('guests'));
  });

  it("refuses a token for somebody else's identity", async () => {
    const { token } = await developerToken(running, poolId, 'alice');
    const { identityId } = await developerToken(running, poolId, 'bob');
    const credentials = fromCognitoIdentity({
      identityId,
      logins: { [loginsKey]: token },
      clientConfig: clientConfig(),
    });
    expect((await failure(credentials())).name).toBe('NotAuthorizedException');
  });
});
