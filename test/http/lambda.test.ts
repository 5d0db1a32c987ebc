import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { loadConfig } from '../../src/config/loadConfig.ts';
import { createLambdaHandler, type HttpEvent, handler, type LambdaHandler } from '../../src/lambda.ts';
import functionUrl from '../fixtures/lambda/functionUrl.json' with { type: 'json' };
import httpApi from '../fixtures/lambda/httpApi.json' with { type: 'json' };
import { silentLogger } from '../support/silentLogger.ts';
import { developerProviderName, type Stack, startStack } from '../support/stack.ts';

let stack: Stack;
let directory: string;
let auditFile: string;
let invoke: LambdaHandler;
beforeAll(async () => {
  stack = await startStack();
  directory = await mkdtemp(join(tmpdir(), 'lambda-'));
  auditFile = join(directory, 'audit.jsonl');
  invoke = createLambdaHandler(configOf({ AUDIT_FILE: auditFile }), { logger: silentLogger });
});
afterAll(async () => {
  await stack.stop();
  await rm(directory, { recursive: true });
});

const configOf = (env: Readonly<Record<string, string>> = {}) =>
  loadConfig({
    COGNITO_IDENTITY_POOL_ID: stack.identityPoolId,
    COGNITO_DEVELOPER_PROVIDER_NAME: developerProviderName,
    AWS_ENDPOINT_URL_COGNITO_IDENTITY: stack.cognitoUrl,
    AUTH_ISSUER: stack.login.issuer,
    AUTH_AUDIENCE: stack.login.audience,
    AUTH_COOKIE: 'session',
    CORS_ORIGINS: 'https://app.example',
    AUDIT_FILE: '/dev/null',
    ...env,
  });

type Change = Partial<Omit<HttpEvent, 'requestContext'>> & {
  readonly method?: string;
  readonly stage?: string;
};

function eventOf(recorded: HttpEvent, { method, stage, headers, ...change }: Change = {}): HttpEvent {
  const { requestContext } = recorded;
  const { http } = requestContext;
  return {
    ...recorded,
    ...change,
    headers: { ...recorded.headers, ...headers },
    requestContext: {
      ...requestContext,
      stage: stage ?? requestContext.stage,
      http: { ...http, method: method ?? http.method },
    },
  };
}

const bearer = async (user: string) => `Bearer ${await stack.login.issueToken({ user })}`;
const credentials = JSON.stringify({ query: 'mutation { cognitoCredentials { identityId region } }' });
const whoAmI = JSON.stringify({ query: '{ me { userId } }' });

describe('the Lambda handler', () => {
  it.each([
    ['an HTTP API', httpApi, '205.255.255.176'],
    ['a function URL', functionUrl, '2001:db8::7'],
  ])('issues credentials for an event of %s, and records address and request id', async (_, recorded, ip) => {
    const event = eventOf(recorded, { body: credentials, headers: { authorization: await bearer('alice') } });
    const { statusCode, headers, body, isBase64Encoded } = await invoke(event, {
      awsRequestId: `id-of-${ip}`,
    });
    expect(statusCode).toBe(200);
    expect(isBase64Encoded).toBe(false);
    expect(JSON.parse(body)).toEqual({
      data: {
        cognitoCredentials: {
          identityId: expect.stringMatching(/^us-east-1:[0-9a-f-]{36}$/),
          region: 'us-east-1',
        },
      },
    });
    expect(headers).toEqual({
      'cache-control': 'no-store',
      'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
      'content-type': 'application/json; charset=utf-8',
      'cross-origin-resource-policy': 'same-origin',
      'referrer-policy': 'no-referrer',
      vary: 'Origin',
      'x-content-type-options': 'nosniff',
      'x-request-id': `id-of-${ip}`,
    });
    const lines = (await readFile(auditFile, 'utf8')).trim().split('\n');
    expect(JSON.parse(lines.at(-1) ?? '')).toMatchObject({
      action: 'issue',
      outcome: 'OK',
      userId: 'alice',
      clientAddress: ip,
      requestId: `id-of-${ip}`,
    });
  });

  it('reads a body in base64, whose bytes are UTF-8', async () => {
    const user = 'zoë';
    const event = eventOf(functionUrl, {
      body: Buffer.from(JSON.stringify({ query: '{ me { userId } } # ë' })).toString('base64'),
      isBase64Encoded: true,
      headers: { authorization: await bearer(user) },
    });
    expect(JSON.parse((await invoke(event)).body)).toEqual({ data: { me: { userId: user } } });
  });

  it('takes the login from the cookies that AWS has set apart', async () => {
    const token = await stack.login.issueToken({ user: 'carol' });
    const event = eventOf(httpApi, { body: whoAmI, cookies: ['theme=dark', `session=${token}`] });
    expect(JSON.parse((await invoke(event)).body)).toEqual({ data: { me: { userId: 'carol' } } });
  });

  it('serves a query in the address', async () => {
    const event = eventOf(httpApi, {
      method: 'GET',
      rawQueryString: 'query=%7B%20me%20%7B%20userId%20%7D%20%7D',
      headers: { authorization: await bearer('dave'), 'apollo-require-preflight': 'true' },
    });
    expect(JSON.parse((await invoke(event)).body)).toEqual({ data: { me: { userId: 'dave' } } });
  });

  it.each([
    ['/livez', '$default', 200],
    ['/prod/livez', 'prod', 200],
    ['/prod', 'prod', 404],
    ['/production/livez', 'prod', 404],
    ['/readyz', '$default', 200],
    ['/', '$default', 404],
  ])('finds the route of %s in the stage %s', async (rawPath, stage, status) => {
    expect((await invoke(eventOf(httpApi, { rawPath, stage, method: 'GET' }))).statusCode).toBe(status);
  });

  it('answers HEAD without a body', async () => {
    const { statusCode, body } = await invoke(eventOf(functionUrl, { rawPath: '/livez', method: 'HEAD' }));
    expect([statusCode, body]).toEqual([200, '']);
  });

  it('answers a preflight, and a foreign one without permission', async () => {
    const preflight = (origin: string) =>
      invoke(eventOf(functionUrl, { method: 'OPTIONS', headers: { origin } }));
    const own = await preflight('https://app.example');
    expect([own.statusCode, own.body]).toEqual([204, '']);
    expect(own.headers['access-control-allow-origin']).toBe('https://app.example');
    expect(own.headers['access-control-allow-methods']).toBe('GET, POST');
    const foreign = await preflight('https://other.example');
    expect(foreign.headers['access-control-allow-origin']).toBeUndefined();
  });

  it.each([
    ['no token', {}, whoAmI, 401, 'UNAUTHENTICATED'],
    [
      'two tokens, joined as AWS joins them',
      { authorization: 'Bearer a,Bearer b' },
      whoAmI,
      401,
      'UNAUTHENTICATED',
    ],
    ['half a JSON text', {}, '{"query":', 400, 'BAD_REQUEST'],
    ['a body over the limit', {}, JSON.stringify({ query: 'x'.repeat(110_000) }), 413, 'BAD_REQUEST'],
    ['a form', { 'content-type': 'application/x-www-form-urlencoded' }, 'a=1', 415, 'BAD_REQUEST'],
  ])('refuses %s as the server does', async (_, headers, body, status, code) => {
    const { statusCode, body: answer } = await invoke(eventOf(httpApi, { body, headers }));
    expect(statusCode).toBe(status);
    expect(JSON.parse(answer).errors[0].extensions.code).toBe(code);
  });

  it('does not let headers of the event decide where the body ends', async () => {
    const event = eventOf(httpApi, {
      body: whoAmI,
      headers: {
        authorization: await bearer('erin'),
        'content-length': '3',
        'transfer-encoding': 'chunked',
        connection: 'upgrade',
      },
    });
    expect(JSON.parse((await invoke(event)).body)).toEqual({ data: { me: { userId: 'erin' } } });
  });

  it.each([
    ['a header', { headers: { 'x-name': 'a\r\nb: c' } }],
    ['a path', { rawPath: '/graphql HTTP/1.1\r\n' }],
  ])('answers 400 for %s that cannot stand in a request', async (_, change) => {
    expect((await invoke(eventOf(httpApi, change))).statusCode).toBe(400);
  });

  it('gives a request up before Lambda stops the function', async () => {
    const waiting = createLambdaHandler(configOf(), {
      logger: silentLogger,
      authenticator: {
        authenticate: (_, signal) =>
          new Promise((_resolve, reject) => signal.addEventListener('abort', () => reject(signal.reason))),
      },
    });
    const event = eventOf(httpApi, { body: whoAmI });
    const { statusCode, body } = await waiting(event, { getRemainingTimeInMillis: () => 600 });
    expect(statusCode).toBe(503);
    expect(JSON.parse(body).errors[0]).toMatchObject({
      message: 'The request took too long; try again.',
      extensions: { code: 'UPSTREAM_UNAVAILABLE' },
    });
  });

  it.each([
    ['payload format 1.0', { version: '1.0', path: '/graphql', httpMethod: 'POST' }],
    ['a schedule', { source: 'aws.events' }],
    ['nothing', undefined],
  ])('names the mistake for %s', async (_, event) => {
    await expect(invoke(event as never)).rejects.toThrow(
      'Set payloadFormatVersion of the integration to 2.0',
    );
  });

  it('tries its start again with the next event', async () => {
    const config = configOf({
      TRUSTED_DOCUMENTS: 'only',
      TRUSTED_DOCUMENTS_FILE: join(directory, 'late.json'),
    });
    const late = createLambdaHandler(config, { logger: silentLogger });
    const event = eventOf(httpApi, { rawPath: '/livez', method: 'GET' });
    await expect(late(event)).rejects.toThrow('TRUSTED_DOCUMENTS_FILE');
    await writeFile(join(directory, 'late.json'), '{}');
    expect((await late(event)).statusCode).toBe(200);
  });

  it('that is ready made reads its settings at the first event', async () => {
    process.env['COGNITO_IDENTITY_POOL_ID'] = 'no pool';
    try {
      await expect(handler(eventOf(httpApi))).rejects.toThrow('COGNITO_IDENTITY_POOL_ID');
    } finally {
      delete process.env['COGNITO_IDENTITY_POOL_ID'];
    }
  });
});

it('stops what was started without an address', async () => {
  const { createApp } = await import('../../src/app.ts');
  const app = createApp(loadConfig({ EMULATOR_PORT: '0', AUDIT_FILE: '/dev/null' }), {
    logger: silentLogger,
  });
  const { handle, demoToken } = await app.startWithoutListening();
  const ask = async () =>
    handle({
      method: 'POST',
      path: '/graphql',
      headers: [
        ['content-type', 'application/json'],
        ['authorization', `Bearer ${await demoToken?.('alice')}`],
      ],
      body: Buffer.from(whoAmI),
      clientAddress: '127.0.0.1',
    });
  expect(JSON.parse((await ask()).body.toString())).toEqual({ data: { me: { userId: 'alice' } } });
  await app.stop();
});
