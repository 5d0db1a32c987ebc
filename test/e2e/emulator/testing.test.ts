import {
  CognitoIdentityClient,
  DescribeIdentityPoolCommand,
  GetCredentialsForIdentityCommand,
  ListIdentitiesCommand,
  ListIdentityPoolsCommand,
  LookupDeveloperIdentityCommand,
} from '@aws-sdk/client-cognito-identity';
import { GetCallerIdentityCommand, STSClient } from '@aws-sdk/client-sts';
import { describe, expect, it } from 'vitest';
import { createEmulator, publishedRates } from '../../../src/emulator/index.ts';
import {
  createPool,
  createPoolWithRoles,
  credentials,
  developerToken,
  failure,
  provider,
  startForTest,
} from './support.ts';

const list = new ListIdentityPoolsCommand({ MaxResults: 1 });

describe('a fault', () => {
  it('answers with an error by name, as often as it was told to', async () => {
    const { emulator, client } = await startForTest();
    emulator.faults.add({
      operation: 'ListIdentityPools',
      times: 2,
      error: { name: 'InternalErrorException', message: 'on purpose' },
      status: 500,
    });
    for (let attempt = 0; attempt < 2; attempt++) {
      expect(await failure(client.send(list))).toEqual({
        name: 'InternalErrorException',
        message: 'on purpose',
      });
    }
    expect((await client.send(list)).IdentityPools).toEqual([]);
  });

  it('is for its operation only, and a star for all', async () => {
    const { emulator, client, url } = await startForTest();
    emulator.faults.add({ operation: 'GetId', error: { name: 'X' } });
    expect((await client.send(list)).IdentityPools).toEqual([]);
    emulator.faults.clear();
    emulator.faults.add({ operation: '*', error: { name: 'TooManyRequestsException' } });
    expect((await failure(client.send(list))).name).toBe('TooManyRequestsException');
    const sts = new STSClient({ endpoint: url, region: 'us-east-1', credentials, maxAttempts: 1 });
    expect((await failure(sts.send(new GetCallerIdentityCommand({})))).name).toBe('Throttling');
  });

  it('resets the connection', async () => {
    const { emulator, client } = await startForTest();
    emulator.faults.add({ operation: '*', reset: true });
    const error = await client.send(list).catch((reason) => reason);
    expect(error.code).toBe('ECONNRESET');
    expect(emulator.requests.entries()).toMatchObject([{ operation: 'ListIdentityPools', status: 0 }]);
  });

  it('never answers, and closing ends the wait', async () => {
    const { emulator, client } = await startForTest();
    emulator.faults.add({ operation: '*', hang: true });
    const waiting = client.send(list).catch((reason) => reason);
    while (emulator.requests.entries().length === 0) await new Promise((resolve) => setImmediate(resolve));
    await emulator.close();
    expect((await waiting).code).toBe('ECONNRESET');
  });

  it('answers what is not JSON, or breaks off, or has another status', async () => {
    const { emulator, client, url } = await startForTest();
    emulator.faults.add({ operation: '*', times: 1, body: '<html>', status: 502 });
    emulator.faults.add({ operation: '*', times: 1, body: { malformed: true } });
    emulator.faults.add({ operation: '*', times: 1, status: 503 });
    expect((await failure(client.send(list))).name).toBe('SyntaxError');
    const broken = await client.send(list).catch((reason) => reason);
    expect(broken.name).toBe('SyntaxError');
    expect(broken.$metadata.httpStatusCode).toBe(500);
    const response = await fetch(url, {
      method: 'POST',
      headers: { 'x-amz-target': 'AWSCognitoIdentityService.GetId' },
      body: '{}',
    });
    expect(response.status).toBe(503);
  });

  it('serves and breaks off its answer, with or without an end of the connection', async () => {
    const { emulator, client, url } = await startForTest();
    const IdentityPoolId = await createPool({ client });
    emulator.faults.add({ operation: '*', interrupt: 'close', times: 1 });
    const response = await fetch(url, {
      method: 'POST',
      headers: { 'x-amz-target': 'AWSCognitoIdentityService.GetId' },
      body: JSON.stringify({ IdentityPoolId }),
    });
    expect(response.status).toBe(200);
    await expect(response.text()).rejects.toThrow('terminated');
    emulator.faults.add({ operation: '*', interrupt: 'stall', times: 1 });
    const impatient = new AbortController();
    const waiting = failure(client.send(list, { abortSignal: impatient.signal }));
    while (emulator.requests.entries('ListIdentityPools').length < 1) {
      await new Promise((resolve) => setImmediate(resolve));
    }
    impatient.abort();
    expect((await waiting).name).toBe('AbortError');
    expect((await client.send(list)).IdentityPools).toHaveLength(1);
    expect(emulator.requests.entries('ListIdentityPools').map(({ status }) => status)).toEqual([200, 200]);
  });

  it('delays, and then serves', async () => {
    const { emulator, client } = await startForTest();
    emulator.faults.add({ operation: '*', latencyMs: 3_600_000, times: 1 });
    const impatient = new AbortController();
    const waiting = failure(client.send(list, { abortSignal: impatient.signal }));
    while (emulator.faults.list().length > 0) await new Promise((resolve) => setImmediate(resolve));
    impatient.abort();
    expect((await waiting).name).toBe('AbortError');
    expect(emulator.requests.entries()).toEqual([]);
    emulator.faults.add({ operation: '*', latencyMs: 1 });
    expect((await client.send(list)).IdentityPools).toEqual([]);
  });

  it('delays no longer than the emulator runs', async () => {
    const { emulator, client } = await startForTest();
    emulator.faults.add({ operation: '*', latencyMs: 3_600_000 });
    const waiting = client.send(list).catch((reason) => reason);
    while (emulator.pendingCalls() === 0) await new Promise((resolve) => setImmediate(resolve));
    await emulator.close();
    expect((await waiting).code).toBe('ECONNRESET');
    expect(emulator.pendingCalls()).toBe(0);
  });

  it('sets the clock off: the SDK finds the time by the answer', async () => {
    const { emulator, url } = await startForTest();
    emulator.faults.add({ operation: '*', clockOffsetMs: 3_600_000 });
    const client = new CognitoIdentityClient({ endpoint: url, region: 'us-east-1', credentials });
    expect((await client.send(list)).$metadata.attempts).toBe(2);
    expect(emulator.requests.entries().map(({ error }) => error)).toEqual([
      'InvalidSignatureException',
      undefined,
    ]);
  });

  it.each([
    [{ operation: 'GetId', interrupt: 'soon' as 'stall' }],
    [{ operation: '' }],
    [{ operation: 'GetId', times: 0 }],
    [{ operation: 'GetId', latencyMs: -1 }],
    [{ operation: 'GetId', status: 99 }],
    [{ operation: 'GetId', error: { name: '' } }],
    [{ operation: 'GetId', clockOffsetMs: Number.NaN }],
    [{ operation: 'GetId', latency: 5 }],
  ])('that makes no sense is refused: %j', async (fault) => {
    const { emulator } = await startForTest();
    expect(() => emulator.faults.add(fault)).toThrow(RangeError);
    expect(emulator.faults.list()).toEqual([]);
  });
});

describe('throttles', () => {
  it('are off by default and on with the published rates', async () => {
    const clock = { now: () => 1_800_000_000_000 };
    const { client } = await startForTest({ throttles: 'published', clock, verifySignatures: false });
    expect(publishedRates['GetOpenIdTokenForDeveloperIdentity']).toBe(50);
    const pool = await createPool({ client });
    const page = new ListIdentitiesCommand({ IdentityPoolId: pool, MaxResults: 1 });
    for (let call = 0; call < 5; call++) await client.send(page);
    expect(await failure(client.send(page))).toEqual({
      name: 'TooManyRequestsException',
      message: 'Rate exceeded',
    });
    const free = await startForTest({ clock, verifySignatures: false });
    const other = new ListIdentitiesCommand({ IdentityPoolId: await createPool(free), MaxResults: 1 });
    for (let call = 0; call < 7; call++) await free.client.send(other);
  });

  it('let calls through again as time goes by', async () => {
    const clock = { now: () => 1_800_000_000_000 };
    const { emulator, client } = await startForTest({
      throttles: { ListIdentityPools: 2 },
      clock,
      verifySignatures: false,
    });
    await client.send(list);
    await client.send(list);
    expect((await failure(client.send(list))).name).toBe('TooManyRequestsException');
    emulator.clock.advance(499);
    expect((await failure(client.send(list))).name).toBe('TooManyRequestsException');
    emulator.clock.advance(1);
    await client.send(list);
    expect((await failure(client.send(list))).name).toBe('TooManyRequestsException');
  });
});

describe('the request log', () => {
  it('says what was called and how it ended, and holds nothing secret', async () => {
    const running = await startForTest();
    const pool = await createPool(running);
    const { identityId, token } = await developerToken(running, pool, 'alice@example.com');
    const exchange = new GetCredentialsForIdentityCommand({
      IdentityId: identityId,
      Logins: { 'cognito-identity.amazonaws.com': token },
    });
    await failure(running.client.send(exchange));
    const entries = running.emulator.requests.entries();
    expect(entries.map(({ receivedAt, ...entry }) => entry)).toEqual([
      { operation: 'CreateIdentityPool', status: 200 },
      {
        operation: 'GetOpenIdTokenForDeveloperIdentity',
        status: 200,
        identityPoolId: pool,
        providers: [provider],
      },
      {
        operation: 'GetCredentialsForIdentity',
        status: 400,
        error: 'InvalidIdentityPoolConfigurationException',
        identityId,
        providers: ['cognito-identity.amazonaws.com'],
      },
    ]);
    expect(JSON.stringify(entries)).not.toMatch(/alice|eyJ/);
    expect(running.emulator.requests.entries('CreateIdentityPool')).toHaveLength(1);
  });
});

describe('reset', () => {
  it('forgets everything but the key and the address', async () => {
    const running = await startForTest();
    const { emulator, client, url } = running;
    const keys = async () => (await fetch(`${url}/.well-known/jwks_uri`)).text();
    const before = await keys();
    const pool = await createPoolWithRoles(running);
    emulator.faults.add({ operation: 'GetId', reset: true });
    emulator.clock.set(0);
    await emulator.reset();
    expect((await failure(client.send(new DescribeIdentityPoolCommand({ IdentityPoolId: pool })))).name).toBe(
      'ResourceNotFoundException',
    );
    expect(emulator.faults.list()).toEqual([]);
    expect(emulator.clock.now()).toBeGreaterThan(0);
    expect(await keys()).toBe(before);
    await createPoolWithRoles(running);
  });
});

describe('the control path', () => {
  const control = async (url: string, method: string, path: string, body?: object, headers = {}) => {
    const response = await fetch(`${url}/_control/${path}`, {
      method,
      headers,
      ...(body && { body: JSON.stringify(body) }),
    });
    return { status: response.status, body: await response.json(), headers: response.headers };
  };

  it('does over HTTP what the object does', async () => {
    const { emulator, client, url } = await startForTest();
    const fault = { operation: 'ListIdentityPools', error: { name: 'Oops' } };
    expect((await control(url, 'POST', 'faults', fault)).body).toEqual([fault]);
    expect((await failure(client.send(list))).name).toBe('Oops');
    expect((await control(url, 'GET', 'requests?operation=ListIdentityPools')).body).toMatchObject([
      { operation: 'ListIdentityPools', error: 'Oops' },
    ]);
    expect((await control(url, 'DELETE', 'requests')).body).toEqual([]);
    expect((await control(url, 'DELETE', 'faults')).body).toEqual([]);
    expect((await control(url, 'POST', 'clock', { now: 1000 })).body).toEqual({ now: 1000 });
    expect((await control(url, 'POST', 'clock', { advanceMs: 500 })).body).toEqual({ now: 1500 });
    expect(emulator.clock.now()).toBe(1500);
    await control(url, 'DELETE', 'clock');
    expect(emulator.clock.now()).toBeGreaterThan(1_000_000);
    const { kid } = (await control(url, 'POST', 'rotate')).body as { kid: string };
    expect(kid).toMatch(/^us-east-1-\d+$/);
    await control(url, 'POST', 'throttles', { ListIdentityPools: 1 });
    await client.send(list);
    expect((await failure(client.send(list))).name).toBe('TooManyRequestsException');
    expect((await control(url, 'POST', 'reset')).body).toEqual({});
  });

  it('names what is wrong with a command and changes nothing', async () => {
    const { emulator, url } = await startForTest();
    expect(await control(url, 'POST', 'faults', { operation: 'GetId', wrong: 1 })).toMatchObject({
      status: 400,
      body: { error: "A fault has no member 'wrong'." },
    });
    expect((await control(url, 'POST', 'clock', { now: 'noon' })).status).toBe(400);
    expect((await control(url, 'POST', 'throttles', { GetId: -1 })).status).toBe(400);
    expect((await control(url, 'POST', 'throttles', { GetIdd: 1 })).status).toBe(400);
    expect((await control(url, 'GET', 'nothing')).status).toBe(404);
    expect(emulator.faults.list()).toEqual([]);
  });

  it('is closed to web pages', async () => {
    const { url, emulator } = await startForTest();
    emulator.faults.add({ operation: 'GetId', reset: true });
    const answer = await control(url, 'POST', 'reset', undefined, { origin: 'https://evil.example' });
    expect(answer.status).toBe(403);
    expect(answer.headers.get('access-control-allow-origin')).toBeNull();
    expect(emulator.faults.list()).toHaveLength(1);
  });

  it('can be switched off', async () => {
    const { url } = await startForTest({ control: false });
    expect((await fetch(`${url}/_control/faults`)).status).toBe(404);
  });
});

describe('choices', () => {
  it('can be made otherwise', async () => {
    const running = await startForTest({ choices: { unknownDeveloperUser: 'ResourceNotFoundException' } });
    const pool = await createPool(running);
    const lookup = new LookupDeveloperIdentityCommand({
      IdentityPoolId: pool,
      DeveloperUserIdentifier: 'nobody',
    });
    expect((await failure(running.client.send(lookup))).name).toBe('ResourceNotFoundException');
  });
});

describe('options', () => {
  it.each([
    [{ accountId: '1' }],
    [{ region: 'nowhere' }],
    [{ accessKeys: [{ accessKeyId: 'a b', secretAccessKey: 'x' }] }],
    [{ accessKeys: [{ accessKeyId: 'a', secretAccessKey: '' }] }],
    [{ throttles: { GetId: 0 } }],
    [{ throttles: { GetIdentity: 1 } }],
    [{ opaqueTokens: { x: '(' } }],
    [{ opaqueTokens: { x: 'no-group' } }],
    [{ openIdProviders: { x: { issuer: 'login.example' } } }],
    [{ openIdProviders: { x: { jwksUri: 'file:///keys' } } }],
  ])('out of range are refused at once: %j', (options) => {
    expect(() => createEmulator(options)).toThrow(RangeError);
  });

  it('make account and keys', async () => {
    const keys = { accessKeyId: 'OTHER', secretAccessKey: 'secret' };
    const { url, client } = await startForTest({ accountId: '123456789012', accessKeys: [keys] });
    const other = new CognitoIdentityClient({ endpoint: url, region: 'us-east-1', credentials: keys });
    expect((await failure(client.send(list))).name).toBe('UnrecognizedClientException');
    expect((await other.send(list)).IdentityPools).toEqual([]);
    const sts = new STSClient({ endpoint: url, region: 'us-east-1', credentials: keys });
    expect((await sts.send(new GetCallerIdentityCommand({}))).Account).toBe('123456789012');
  });

  it('say which port is taken', async () => {
    const { url } = await startForTest();
    const error = await createEmulator()
      .listen(Number(new URL(url).port))
      .catch((reason) => reason);
    expect(error.code).toBe('EADDRINUSE');
  });

  it('do not matter to an emulator that is closed while it starts', async () => {
    const emulator = createEmulator();
    const starting = emulator.listen();
    await emulator.close();
    await expect(starting).rejects.toThrow('The emulator was closed while it started.');
    await expect(emulator.reset()).rejects.toThrow('The emulator is closed, not listening.');
  });

  it('do not let an emulator start twice', async () => {
    const { emulator } = await startForTest();
    await expect(emulator.listen()).rejects.toThrow('The emulator is listening and cannot be started.');
  });
});
