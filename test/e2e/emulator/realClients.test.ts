import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { GetCallerIdentityCommand, STSClient } from '@aws-sdk/client-sts';
import { fromCognitoIdentity, fromCognitoIdentityPool } from '@aws-sdk/credential-provider-cognito-identity';
import { JwtRsaVerifier } from 'aws-jwt-verify';
import { createRemoteJWKSet, jwtVerify } from 'jose';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { requireTool } from '../../support/requirements.ts';
import { createPoolWithRoles, developerToken, failure, provider, type Running, start } from './support.ts';

const run = promisify(execFile);
const cognito = 'cognito-identity.amazonaws.com';
let running: Running;
let poolId: string;

beforeAll(async () => {
  running = await start({ issuer: 'self' });
  poolId = await createPoolWithRoles(running);
});
afterAll(() => running.emulator.close());

const roleArn = () =>
  `arn:aws:sts::000000000000:assumed-role/users-${poolId.slice(-12)}/CognitoIdentityCredentials`;

describe('an OpenID library', () => {
  it('discovers issuer and keys and verifies a token', async () => {
    const { identityId, token } = await developerToken(running, poolId, 'alice');
    const response = await fetch(`${running.url}/.well-known/openid-configuration`);
    const discovered = (await response.json()) as { issuer: string; jwks_uri: string };
    expect(discovered.issuer).toBe(running.url);
    const keys = createRemoteJWKSet(new URL(discovered.jwks_uri));
    const { payload } = await jwtVerify(token, keys, { issuer: discovered.issuer, audience: poolId });
    expect(payload.sub).toBe(identityId);
  });

  it("of AWS's own, aws-jwt-verify, verifies a token with the published keys", async () => {
    const { identityId, token } = await developerToken(running, poolId, 'alice');
    const verifier = JwtRsaVerifier.create({
      issuer: running.url,
      audience: poolId,
      jwksUri: 'https://keys.example/jwks_uri',
    });
    verifier.cacheJwks(await (await fetch(`${running.url}/.well-known/jwks_uri`)).json());
    expect((await verifier.verify(token)).sub).toBe(identityId);
  });
});

describe("the SDK's credential provider", () => {
  it('exchanges a developer token', async () => {
    const { identityId, token } = await developerToken(running, poolId, 'alice');
    const provide = fromCognitoIdentity({
      identityId,
      logins: { [cognito]: async () => token },
      clientConfig: { endpoint: running.url, region: 'us-east-1' },
    });
    const sts = new STSClient({ endpoint: running.url, region: 'us-east-1', credentials: await provide() });
    expect((await sts.send(new GetCallerIdentityCommand({}))).Arn).toBe(roleArn());
  });

  it('cannot use a developer token through the pool, as on AWS', async () => {
    const { token } = await developerToken(running, poolId, 'alice');
    const provide = fromCognitoIdentityPool({
      identityPoolId: poolId,
      logins: { [cognito]: token },
      clientConfig: { endpoint: running.url, region: 'us-east-1' },
    });
    expect(await failure(provide())).toEqual({
      name: 'NotAuthorizedException',
      message: "Invalid login token. Can't pass in a Cognito token.",
    });
  });
});

describe('version 2 of the SDK', () => {
  it('gets credentials for a developer token', async () => {
    const AWS = createRequire(import.meta.url)('aws-sdk');
    const { identityId, token } = await developerToken(running, poolId, 'alice');
    AWS.config.update({ region: 'us-east-1' });
    const provided = new AWS.CognitoIdentityCredentials(
      { IdentityId: identityId, Logins: { [cognito]: token } },
      { endpoint: running.url },
    );
    await provided.getPromise();
    const sts = new AWS.STS({ endpoint: running.url, credentials: provided });
    expect((await sts.getCallerIdentity().promise()).Arn).toBe(roleArn());
  });

  it('signs the developer call', async () => {
    const AWS = createRequire(import.meta.url)('aws-sdk');
    const client = new AWS.CognitoIdentity({
      endpoint: running.url,
      region: 'us-east-1',
      credentials: new AWS.Credentials('test', 'test'),
    });
    const answer = await client
      .getOpenIdTokenForDeveloperIdentity({ IdentityPoolId: poolId, Logins: { [provider]: 'alice' } })
      .promise();
    expect(answer.IdentityId).toBe((await developerToken(running, poolId, 'alice')).identityId);
  });
});

const aws = requireTool('aws');
const boto3 = requireTool('boto3');

const environment = () => ({
  PATH: process.env['PATH'],
  AWS_ACCESS_KEY_ID: 'test',
  AWS_SECRET_ACCESS_KEY: 'test',
  AWS_DEFAULT_REGION: 'us-east-1',
  AWS_EC2_METADATA_DISABLED: 'true',
});

aws.describe("Debian's aws", () => {
  const call = async (service: string, operation: string, ...args: string[]) => {
    const { stdout } = await run(
      aws.path,
      ['--endpoint-url', running.url, '--output', 'json', service, operation, ...args],
      { env: environment() },
    );
    return stdout === '' ? undefined : JSON.parse(stdout);
  };

  it('creates a pool, gets a token, credentials and an identity', async () => {
    const pool = await call(
      'cognito-identity',
      'create-identity-pool',
      '--identity-pool-name',
      'from aws',
      '--allow-unauthenticated-identities',
      '--developer-provider-name',
      provider,
    );
    expect(pool.IdentityPoolId).toMatch(/^us-east-1:/);
    const token = await call(
      'cognito-identity',
      'get-open-id-token-for-developer-identity',
      '--identity-pool-id',
      poolId,
      '--logins',
      `${provider}=alice`,
    );
    const answer = await call(
      'cognito-identity',
      'get-credentials-for-identity',
      '--identity-id',
      token.IdentityId,
      '--logins',
      `${cognito}=${token.Token}`,
    );
    expect(answer.Credentials.AccessKeyId).toMatch(/^ASIA/);
    const assumed = await call(
      'sts',
      'assume-role-with-web-identity',
      '--role-arn',
      `arn:aws:iam::000000000000:role/users-${poolId.slice(-12)}`,
      '--role-session-name',
      'demo',
      '--web-identity-token',
      token.Token,
    );
    expect(assumed.Audience).toBe(poolId);
  }, 60_000);

  it('prints the error of AWS', async () => {
    const missing = 'us-west-2:11111111-1111-4111-8111-111111111111';
    const { stderr } = await call('cognito-identity', 'get-id', '--identity-pool-id', missing).catch(
      (error) => error,
    );
    expect(stderr.trim()).toBe(
      `An error occurred (ResourceNotFoundException) when calling the GetId operation: IdentityPool '${missing}' not found.`,
    );
  }, 60_000);
});

const python = `
import json, sys, boto3, botocore
url, pool, provider, key = sys.argv[1:]
cognito = boto3.client('cognito-identity', endpoint_url=url, region_name='us-east-1')
token = cognito.get_open_id_token_for_developer_identity(IdentityPoolId=pool, Logins={provider: 'alice'})
answer = cognito.get_credentials_for_identity(IdentityId=token['IdentityId'], Logins={key: token['Token']})
c = answer['Credentials']
sts = boto3.client('sts', endpoint_url=url, region_name='us-east-1', aws_access_key_id=c['AccessKeyId'],
                   aws_secret_access_key=c['SecretKey'], aws_session_token=c['SessionToken'])
try:
    cognito.describe_identity(IdentityId='us-east-1:0')
    code = None
except cognito.exceptions.ResourceNotFoundException as error:
    code = error.response['Error']['Code']
print(json.dumps({'arn': sts.get_caller_identity()['Arn'], 'expires': c['Expiration'].timestamp(), 'code': code}))
`;

boto3.describe('boto3', () => {
  it('gets a token and credentials and signs with them', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'emulator-boto3-'));
    try {
      const script = join(directory, 'client.py');
      writeFileSync(script, python);
      const { stdout } = await run(boto3.path, [script, running.url, poolId, provider, cognito], {
        env: environment(),
      });
      const result = JSON.parse(stdout) as { arn: string; expires: number; code: string };
      expect(result.arn).toBe(roleArn());
      expect(result.expires * 1000).toBeGreaterThan(running.emulator.clock.now());
      expect(result.code).toBe('ResourceNotFoundException');
    } finally {
      rmSync(directory, { recursive: true });
    }
  }, 60_000);
});
