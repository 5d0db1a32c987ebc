import { request } from 'node:http';
import {
  CognitoIdentityClient,
  DeleteIdentitiesCommand,
  DescribeIdentityCommand,
  DescribeIdentityPoolCommand,
  GetIdCommand,
  ListIdentityPoolsCommand,
} from '@aws-sdk/client-cognito-identity';
import { GetCallerIdentityCommand, STSClient } from '@aws-sdk/client-sts';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  createPool,
  credentials,
  developerToken,
  failure,
  type Running,
  start,
  startForTest,
} from './support.ts';

let running: Running;
let poolId: string;

beforeAll(async () => {
  running = await start();
  poolId = await createPool(running);
});
afterAll(() => running.emulator.close());

const post = (
  target: string | undefined,
  body: string | Uint8Array<ArrayBuffer>,
  headers: Record<string, string> = {},
) =>
  fetch(running.url, {
    method: 'POST',
    headers: {
      'content-type': 'application/x-amz-json-1.1',
      ...(target !== undefined && { 'x-amz-target': target }),
      ...headers,
    },
    body,
  });
const call = (operation: string, body: unknown) =>
  post(`AWSCognitoIdentityService.${operation}`, JSON.stringify(body));

const exposed = 'x-amzn-RequestId,x-amzn-ErrorType,x-amzn-ErrorMessage,Date';

describe('an answer', () => {
  it('is compact JSON with the headers that AWS sends', async () => {
    const response = await call('GetId', { IdentityPoolId: poolId });
    expect(response.status).toBe(200);
    expect(response.headers.get('content-type')).toBe('application/x-amz-json-1.1');
    expect(response.headers.get('x-amzn-requestid')).toMatch(/^[0-9a-f-]{36}$/);
    expect(response.headers.get('access-control-allow-origin')).toBe('*');
    expect(response.headers.get('access-control-expose-headers')).toBe(exposed);
    expect(response.headers.get('date')).toMatch(/GMT$/);
    const body = await response.text();
    expect(body).toMatch(/^\{"IdentityId":"us-east-1:[0-9a-f-]{36}"\}$/);
    expect(response.headers.get('content-length')).toBe(String(body.length));
  });

  it('is 400 for every client error, with the name three times', async () => {
    const unknown = 'us-east-1:00000000-0000-4000-8000-000000000000';
    const response = await call('GetId', { IdentityPoolId: unknown });
    expect(response.status).toBe(400);
    expect(response.headers.get('x-amzn-errortype')).toBe('ResourceNotFoundException:');
    expect(response.headers.get('x-amzn-errormessage')).toBe(`IdentityPool '${unknown}' not found.`);
    expect(response.headers.get('access-control-allow-origin')).toBe('*');
    expect(response.headers.get('access-control-expose-headers')).toBe(exposed);
    expect(await response.json()).toEqual({
      __type: 'ResourceNotFoundException',
      message: `IdentityPool '${unknown}' not found.`,
    });
  });
});

describe('a request that is not understood', () => {
  it('has an unknown target', async () => {
    for (const target of [
      'AWSCognitoIdentityService.GetNothing',
      'AWSCognitoIdentityService.toString',
      'Other.GetId',
    ]) {
      const response = await post(target, '{}');
      expect(response.status).toBe(400);
      expect(await response.json()).toMatchObject({ __type: 'UnknownOperationException' });
    }
  });

  it('has neither target nor action', async () => {
    expect(await (await post(undefined, '{}')).json()).toMatchObject({ __type: 'UnknownOperationException' });
  });

  it('has a body that is not JSON', async () => {
    for (const body of ['{', 'x', '[]', '"a"', new Uint8Array([0x7b, 0x22, 0xff, 0x22, 0x7d])]) {
      const response = await post('AWSCognitoIdentityService.GetId', body);
      expect(response.status).toBe(400);
      expect(await response.json()).toMatchObject({ __type: 'SerializationException' });
    }
  });

  it('has an empty body: every required member is missing', async () => {
    const response = await post('AWSCognitoIdentityService.GetId', '');
    expect(await response.json()).toEqual({
      __type: 'ValidationException',
      message:
        "1 validation error detected: Value null at 'identityPoolId' failed to satisfy constraint: Member must not be null",
    });
  });

  it('has an enormous body', async () => {
    const response = await post('AWSCognitoIdentityService.GetId', new Uint8Array(3 * 1024 * 1024).fill(32));
    expect(response.status).toBe(413);
  });

  it('asks STS for an unknown action, which is answered in XML', async () => {
    const response = await fetch(running.url, {
      method: 'POST',
      headers: { 'content-type': 'application/x-www-form-urlencoded; charset=utf-8' },
      body: 'Action=Nothing&Version=2011-06-15',
    });
    expect(response.status).toBe(400);
    expect(response.headers.get('access-control-allow-origin')).toBe('*');
    expect(await response.text()).toContain('<Code>InvalidAction</Code>');
  });

  it('asks for a path that does not exist', async () => {
    expect((await fetch(`${running.url}/nothing`)).status).toBe(404);
  });
});

describe.each(['/.well-known/jwks_uri', '/.well-known/openid-configuration'])('%s', (path) => {
  const ask = (method: string) => fetch(`${running.url}${path}`, { method });

  it('answers HEAD like GET, without the body', async () => {
    const [got, head] = [await ask('GET'), await ask('HEAD')];
    expect(head.status).toBe(200);
    const length = String((await got.text()).length);
    for (const response of [got, head]) {
      expect(response.headers.get('content-type')).toBe('application/json');
      expect(response.headers.get('content-length')).toBe(length);
    }
    expect(await head.text()).toBe('');
  });

  it.each(['POST', 'PUT', 'DELETE', 'PATCH'])('cannot be asked by %s', async (method) => {
    const response = await ask(method);
    expect(response.status).toBe(405);
    expect(response.headers.get('allow')).toBe('GET, HEAD, OPTIONS');
    expect(response.headers.get('access-control-allow-origin')).toBe('*');
  });
});

describe('a preflight', () => {
  it('passes with the headers of every SDK generation', async () => {
    const headers =
      'amz-sdk-invocation-id,amz-sdk-request,authorization,cache-control,content-type,x-amz-content-sha256,x-amz-date,x-amz-security-token,x-amz-target,x-amz-user-agent';
    const response = await fetch(running.url, {
      method: 'OPTIONS',
      headers: {
        origin: 'http://localhost:5173',
        'access-control-request-method': 'POST',
        'access-control-request-headers': headers,
      },
    });
    expect(response.status).toBe(204);
    expect(response.headers.get('access-control-allow-origin')).toBe('*');
    expect(response.headers.get('access-control-allow-headers')).toBe(headers);
    expect(response.headers.get('access-control-allow-methods')).toContain('POST');
    expect(Number(response.headers.get('access-control-max-age'))).toBeGreaterThan(0);
  });
});

describe('a signature', () => {
  const unsigned = {
    ListIdentityPools: { MaxResults: 1 },
    GetOpenIdTokenForDeveloperIdentity: { IdentityPoolId: 'us-east-1:0', Logins: { a: 'b' } },
    LookupDeveloperIdentity: { IdentityPoolId: 'us-east-1:0', DeveloperUserIdentifier: 'a' },
    MergeDeveloperIdentities: {
      IdentityPoolId: 'us-east-1:0',
      DeveloperProviderName: 'a',
      SourceUserIdentifier: 'a',
      DestinationUserIdentifier: 'b',
    },
    UnlinkDeveloperIdentity: {
      IdentityPoolId: 'us-east-1:0',
      IdentityId: 'us-east-1:0',
      DeveloperProviderName: 'a',
      DeveloperUserIdentifier: 'a',
    },
  };

  it.each(Object.entries(unsigned))('is needed for %s', async (operation, body) => {
    const response = await call(operation, body);
    expect(response.status).toBe(400);
    expect(await response.json()).toMatchObject({ __type: 'MissingAuthenticationTokenException' });
  });

  it('is needed even where signatures are not compared', async () => {
    const loose = await startForTest({ verifySignatures: false });
    const response = await fetch(loose.url, {
      method: 'POST',
      headers: { 'x-amz-target': 'AWSCognitoIdentityService.ListIdentityPools' },
      body: '{"MaxResults":1}',
    });
    expect(await response.json()).toMatchObject({ __type: 'MissingAuthenticationTokenException' });
    const stranger = client(loose.url, { accessKeyId: 'AKIASTRANGER', secretAccessKey: 'x' });
    const answer = await stranger.send(new ListIdentityPoolsCommand({ MaxResults: 1 }));
    expect(answer.IdentityPools).toEqual([]);
  });

  const client = (endpoint: string, keys: { accessKeyId: string; secretAccessKey: string }) =>
    new CognitoIdentityClient({ endpoint, region: 'us-east-1', credentials: keys, maxAttempts: 1 });
  const list = new ListIdentityPoolsCommand({ MaxResults: 1 });

  it('by an unknown key is refused', async () => {
    const stranger = client(running.url, { accessKeyId: 'AKIASTRANGER', secretAccessKey: 'test' });
    expect(await failure(stranger.send(list))).toEqual({
      name: 'UnrecognizedClientException',
      message: 'The security token included in the request is invalid.',
    });
  });

  it('with a wrong secret is refused', async () => {
    const forger = client(running.url, { accessKeyId: 'test', secretAccessKey: 'wrong' });
    expect((await failure(forger.send(list))).name).toBe('InvalidSignatureException');
  });

  it('covers the host as it was sent, port included', async () => {
    const localhost = client(running.url.replace('127.0.0.1', 'localhost'), credentials);
    expect((await localhost.send(list)).$metadata.httpStatusCode).toBe(200);
  });

  it('is not looked at where none is needed', async () => {
    const authorization =
      'AWS4-HMAC-SHA256 Credential=NOBODY/20261125/us-east-1/cognito-identity/aws4_request, SignedHeaders=host, Signature=00';
    const response = await post(
      'AWSCognitoIdentityService.GetId',
      JSON.stringify({ IdentityPoolId: poolId }),
      { authorization },
    );
    expect(response.status).toBe(200);
  });

  it('is corrected by the SDK from the Date of the answer when the clocks differ', async () => {
    running.emulator.clock.advance(3_600_000);
    try {
      const retrying = new CognitoIdentityClient({ endpoint: running.url, region: 'us-east-1', credentials });
      const answer = await retrying.send(list);
      expect(answer.$metadata.attempts).toBe(2);
    } finally {
      running.emulator.clock.reset();
    }
  });
});

describe('a Region', () => {
  const west = 'us-west-2:11111111-1111-4111-8111-111111111111';
  it('of an unsigned call is that of the pool', async () => {
    const client = new CognitoIdentityClient({ endpoint: running.url, region: 'us-west-2', credentials });
    const pool = await createPool({ client });
    expect(pool).toMatch(/^us-west-2:/);
    const guest = await running.client.send(new GetIdCommand({ IdentityPoolId: pool }));
    expect(guest.IdentityId).toMatch(/^us-west-2:/);
  });

  it('of a signed call must be that of the pool', async () => {
    const client = new CognitoIdentityClient({ endpoint: running.url, region: 'us-west-2', credentials });
    const pool = await createPool({ client });
    const refused = await failure(
      running.client.send(new DescribeIdentityPoolCommand({ IdentityPoolId: pool })),
    );
    expect(refused).toEqual({
      name: 'ResourceNotFoundException',
      message: `IdentityPool '${pool}' not found.`,
    });
    expect((await failure(client.send(new DescribeIdentityPoolCommand({ IdentityPoolId: west })))).name).toBe(
      'ResourceNotFoundException',
    );
  });

  it('of a signed call must be that of the identity, which a call for another Region can neither see nor delete', async () => {
    const client = new CognitoIdentityClient({ endpoint: running.url, region: 'us-west-2', credentials });
    const { identityId: IdentityId } = await developerToken(
      { client },
      await createPool({ client }),
      'alice',
    );
    expect(await failure(running.client.send(new DescribeIdentityCommand({ IdentityId })))).toEqual({
      name: 'ResourceNotFoundException',
      message: `Identity '${IdentityId}' not found.`,
    });
    const deleted = await running.client.send(
      new DeleteIdentitiesCommand({ IdentityIdsToDelete: [IdentityId] }),
    );
    expect(deleted.UnprocessedIdentityIds).toEqual([{ IdentityId, ErrorCode: 'AccessDenied' }]);
    expect((await client.send(new DescribeIdentityCommand({ IdentityId }))).IdentityId).toBe(IdentityId);
  });
});

it('serves STS on the same port', async () => {
  const sts = new STSClient({ endpoint: running.url, region: 'us-east-1', credentials });
  expect((await sts.send(new GetCallerIdentityCommand({}))).Account).toBe('000000000000');
});

it('ends a call whose client goes away without harm to others', async () => {
  await new Promise<void>((resolve) => {
    const broken = request(running.url, { method: 'POST', headers: { 'content-length': '100' } });
    broken.on('error', () => resolve());
    broken.write('{');
    broken.flushHeaders();
    setImmediate(() => broken.destroy(new Error('gone')));
  });
  expect((await call('GetId', { IdentityPoolId: poolId })).status).toBe(200);
});
