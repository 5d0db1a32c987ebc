import { createRequire } from 'node:module';
import AWS, { CognitoIdentity } from 'aws-sdk';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createPoolWithRoles, provider, type Running, start } from '../emulator/support.ts';

// The SDK's own switch for its end-of-support notice; the file has no types.
createRequire(import.meta.url)('aws-sdk/lib/maintenance_mode_message').suppress = true;

const useServerCredentials = () => {
  AWS.config.credentials = new AWS.Credentials('test', 'test');
};

let running: Running;
let poolId: string;
beforeAll(async () => {
  running = await start({ accountId: '111122223333' });
  poolId = await createPoolWithRoles(running);
});
afterAll(() => running.emulator.close());

beforeEach(() => {
  // Everything an application of the second SDK generation has to change: where the two services are.
  AWS.config.update({
    region: 'us-east-1',
    cognitoidentity: { endpoint: running.url },
    sts: { endpoint: running.url },
    maxRetries: 0,
  });
  useServerCredentials();
});
afterEach(() => {
  AWS.config.credentials = null;
});

/** The backend of the article, with its names. */
async function backend(deviceHashCode: string) {
  const identityClient = new CognitoIdentity();
  const params = (credentials: string): CognitoIdentity.GetOpenIdTokenForDeveloperIdentityInput => ({
    IdentityPoolId: poolId,
    Logins: { [provider]: credentials },
  });
  const openIdRequest = await identityClient
    .getOpenIdTokenForDeveloperIdentity(params(deviceHashCode))
    .promise();
  return { identityId: openIdRequest.IdentityId as string, cognitoToken: openIdRequest.Token as string };
}

/** The frontend of the article. */
function frontend(identityId: string, cognitoToken: string) {
  AWS.config.region = 'us-east-1';
  AWS.config.credentials = new AWS.CognitoIdentityCredentials({
    IdentityPoolId: poolId,
    IdentityId: identityId,
    Logins: { 'cognito-identity.amazonaws.com': cognitoToken },
  });
}

const codeOf = async (call: Promise<unknown>) => {
  try {
    await call;
  } catch (error) {
    const { code, message, statusCode } = error as AWS.AWSError;
    return { code, message, statusCode };
  }
  throw new Error('The call succeeded.');
};

describe('AWS SDK for JavaScript v2', () => {
  it("runs the article's backend and frontend as they are printed", async () => {
    const { identityId, cognitoToken } = await backend('device-1');
    frontend(identityId, cognitoToken);
    const caller = await new AWS.STS().getCallerIdentity().promise();
    const role = `users-${poolId.slice(-12)}`;
    expect(caller.Arn).toBe(`arn:aws:sts::111122223333:assumed-role/${role}/CognitoIdentityCredentials`);
    expect(caller.Account).toBe('111122223333');
    expect(caller.UserId).toMatch(/^AROA[A-Z2-7]{17}:CognitoIdentityCredentials$/);

    const denied = await codeOf(backend('device-1'));
    expect(denied.code).toBe('AccessDeniedException');
    useServerCredentials();
    expect((await backend('device-1')).identityId).toBe(identityId);
    expect((await backend('device-2')).identityId).not.toBe(identityId);
  });

  it('reads when the credentials end, and refreshes them', async () => {
    const before = Date.now();
    const { identityId, cognitoToken } = await backend('device-3');
    frontend(identityId, cognitoToken);
    const credentials = AWS.config.credentials as AWS.CognitoIdentityCredentials;
    await credentials.getPromise();
    const first = credentials.accessKeyId;
    expect(first).toMatch(/^ASIA[A-Z2-7]{16}$/);
    const life = credentials.expireTime.getTime() - before;
    expect(life).toBeGreaterThan(3_590_000);
    expect(life).toBeLessThan(3_660_000);
    await credentials.refreshPromise();
    expect(credentials.accessKeyId).not.toBe(first);
    expect(credentials.identityId).toBe(identityId);
  });

  it("sees AWS's errors by code", async () => {
    const identity = new CognitoIdentity();
    const other = 'us-east-1:00000000-0000-4000-8000-000000000000';
    expect(
      await codeOf(
        identity
          .getOpenIdTokenForDeveloperIdentity({ IdentityPoolId: other, Logins: { [provider]: 'a' } })
          .promise(),
      ),
    ).toEqual({
      code: 'ResourceNotFoundException',
      message: `IdentityPool '${other}' not found.`,
      statusCode: 400,
    });

    AWS.config.credentials = new AWS.Credentials('nobody', 'test');
    expect(await codeOf(backend('device-1'))).toEqual({
      code: 'UnrecognizedClientException',
      message: 'The security token included in the request is invalid.',
      statusCode: 400,
    });
    AWS.config.credentials = new AWS.Credentials('test', 'wrong');
    expect((await codeOf(backend('device-1'))).code).toBe('InvalidSignatureException');
    expect((await codeOf(new AWS.STS().getCallerIdentity().promise())).code).toBe('SignatureDoesNotMatch');
  });

  it("refuses a token for somebody else's identity", async () => {
    const { cognitoToken } = await backend('device-4');
    const { identityId } = await backend('device-5');
    frontend(identityId, cognitoToken);
    const failed = await codeOf((AWS.config.credentials as AWS.CognitoIdentityCredentials).getPromise());
    const { originalError } = failed as unknown as { originalError?: AWS.AWSError };
    expect(originalError?.code ?? failed.code).toBe('NotAuthorizedException');
  });

  it('assumes a role itself with the token (the basic flow)', async () => {
    const { cognitoToken } = await backend('device-6');
    const roleArn = `arn:aws:iam::111122223333:role/users-${poolId.slice(-12)}`;
    AWS.config.credentials = new AWS.WebIdentityCredentials({
      RoleArn: roleArn,
      RoleSessionName: 'web',
      WebIdentityToken: cognitoToken,
      DurationSeconds: 900,
    });
    const caller = await new AWS.STS().getCallerIdentity().promise();
    expect(caller.Arn).toBe(`arn:aws:sts::111122223333:assumed-role/users-${poolId.slice(-12)}/web`);
  });
});
