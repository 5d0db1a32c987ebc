import { Agent, type IncomingMessage, request } from 'node:http';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createLogger } from '../../src/telemetry/logger.ts';
import { type Stack, startStack } from '../support/stack.ts';
import { captureText } from '../support/writtenLogs.ts';
import {
  issuer,
  type SigningKey,
  signingKey,
  TestClock,
  type TestServer,
  testServer,
} from '../unit/auth/support.ts';

let stack: Stack;
let key: SigningKey;
let keys: TestServer;
const log = captureText();
const clock = new TestClock();
const now = clock.now() / 1000;

beforeAll(async () => {
  key = await signingKey('k1');
  keys = await testServer((_, response) => response.end(JSON.stringify({ keys: [key.publicJwk] })));
  stack = await startStack({
    env: { AUTH_ISSUER: issuer, AUTH_AUDIENCE: 'app', AUTH_JWKS_URI: `${keys.url}/jwks` },
    parts: { clock, logger: createLogger('trace', log.stream) },
  });
});
afterAll(async () => {
  await stack.stop();
  await keys.close();
});
beforeEach(() => {
  stack.upstreamCalls();
  log.clear();
});

const bearer = (token: string) => ({ authorization: `Bearer ${token}` });
const asUser = async (sub = 'u1', claims: Record<string, unknown> = {}) =>
  bearer(await key.sign({ sub, ...claims }));
const codesOf = ({ errors }: { errors?: readonly { extensions: Readonly<Record<string, unknown>> }[] }) =>
  errors?.map(({ extensions }) => extensions['code']);

describe('G07, G13 a token that is not good', () => {
  it.each<[string, Record<string, unknown>]>([
    ['has expired', { iat: now - 7200, exp: now - 3600 }],
    ['has no end', { exp: undefined }],
    ['has null as its end', { exp: null }],
    ['has a text as its end', { exp: String(now + 600) }],
    ['ends in no year', { exp: 1e300 }],
    ['ends in ten years', { exp: now + 315_360_000 }],
    ['was issued in the future', { iat: now + 3600, exp: now + 7200 }],
    ['has no user', { sub: undefined }],
    ['has an empty user', { sub: '' }],
    ['has a number as its user', { sub: 42 }],
    ['is for somebody else', { aud: 'other' }],
    ['is from somebody else', { iss: 'https://other.test/' }],
  ])('is a 401 even where no user is needed: it %s', async (_, claims) => {
    const token = await key.sign(claims);
    for (const query of [
      '{ __typename }',
      '{ me { userId } }',
      'mutation { cognitoCredentials { identityId } }',
    ]) {
      const answer = await stack.send({ query, headers: bearer(token) });
      expect(answer.status).toBe(401);
      expect(answer.headers.get('www-authenticate')).toBe('Bearer realm="cognito-graphql"');
      expect(answer.headers.get('content-type')).toBe('application/json; charset=utf-8');
      expect(Object.keys(JSON.parse(answer.text))).toEqual(['errors']);
      expect(codesOf(answer)).toEqual(['UNAUTHENTICATED']);
      expect(answer.text).not.toMatch(/Context creation|jose|ERR_|\.ts|idp\.test|other/);
    }
    expect(stack.upstreamCalls()).toEqual([]);
    expect(log.text()).not.toContain(token.split('.')[2]);
  });

  it('is a 401 in the media type that the client asked for', async () => {
    const answer = await stack.send({
      query: '{ me { userId } }',
      headers: { ...bearer('garbage'), accept: 'application/graphql-response+json' },
    });
    expect([answer.status, answer.headers.get('content-type')]).toEqual([
      401,
      'application/graphql-response+json; charset=utf-8',
    ]);
  });
});

describe('AUTH_TOKEN_TYPE', () => {
  it('refuses tokens of another type, signed by the same login', async () => {
    const strict = await startStack({
      env: {
        AUTH_ISSUER: issuer,
        AUTH_AUDIENCE: 'app',
        AUTH_JWKS_URI: `${keys.url}/jwks`,
        AUTH_TOKEN_TYPE: 'at+jwt',
      },
      parts: { clock },
    });
    const ask = async (header: Record<string, unknown>) =>
      (await strict.send({ query: '{ me { userId } }', headers: bearer(await key.sign({}, header)) })).status;
    expect([await ask({ typ: 'at+jwt' }), await ask({ typ: 'JWT' }), await ask({})]).toEqual([200, 401, 401]);
    await strict.stop();
  });
});

describe('KEEP_ALIVE_TIMEOUT and REQUEST_TIMEOUT', () => {
  it('are what the server keeps to', async () => {
    const hasty = await startStack({ env: { KEEP_ALIVE_TIMEOUT: '7s', REQUEST_TIMEOUT: '1s' } });
    const answer = await new Promise<IncomingMessage>((resolve, reject) => {
      const agent = new Agent({ keepAlive: true });
      const sent = request(`${hasty.app.url}/livez`, { agent }, resolve);
      sent.once('error', reject).end();
    });
    expect(answer.resume().headers['keep-alive']).toBe('timeout=7');
    hasty.emulator.faults.add({ operation: 'GetOpenIdTokenForDeveloperIdentity', hang: true });
    const late = await hasty.send({ query: 'mutation { cognitoCredentials { identityId } }', user: 'alice' });
    expect([late.status, late.errors?.[0]?.message]).toEqual([503, 'The request took too long; try again.']);
    await hasty.stop();
  });
});

describe('G02 a body that is no operation', () => {
  it.each<[string, string, Record<string, string>, number]>([
    ['half a JSON text', '{"query":', {}, 400],
    ['null', 'null', {}, 400],
    ['a text', '"{ me { userId } }"', {}, 400],
    ['an empty object', '{}', {}, 400],
    ['2 MB', JSON.stringify({ query: 'x'.repeat(2_000_000) }), {}, 413],
    ['latin-1', '{"query":"{__typename}"}', { 'content-type': 'application/json; charset=iso-8859-1' }, 415],
  ])('is refused in JSON whatever it is: %s', async (_, body, headers, status) => {
    const response = await fetch(`${stack.app.url}/graphql`, {
      method: 'POST',
      body,
      headers: { 'content-type': 'application/json', ...(await asUser()), ...headers },
    });
    const text = await response.text();
    expect([response.status, response.headers.get('content-type')]).toEqual([
      status,
      'application/json; charset=utf-8',
    ]);
    expect(codesOf(JSON.parse(text))).toEqual(['BAD_REQUEST']);
    expect(text).not.toMatch(/<html|\n? +at |\.ts|\.js|node_modules/);
  });
});

describe('G04 one request', () => {
  const many = (count: number, field: string) =>
    Array.from({ length: count }, (_, i) => `a${i}: ${field}`).join(' ');
  it.each([
    [
      '500 aliases of the credentials',
      `mutation { ${many(500, 'cognitoCredentials { identityId }')} }`,
      undefined,
    ],
    [
      'two aliases of the credentials',
      `mutation { ${many(2, 'cognitoCredentials { identityId }')} }`,
      undefined,
    ],
    [
      'both ways to credentials',
      'mutation { cognitoCredentials { identityId } linkGuestIdentity(input: { guestIdentityId: "x", guestOpenIdToken: "x" }) { identityId } }',
      undefined,
    ],
    [
      'credentials hidden in fragments',
      'mutation { ...f ... { b: cognitoCredentials { identityId } } } fragment f on Mutation { a: cognitoCredentials { identityId } }',
      undefined,
    ],
    [
      '30 aliases of a lookup',
      `{ ${many(30, 'identityByDeveloperUserIdentifier(developerUserIdentifier: "u") { id }')} }`,
      'admin',
    ],
    [
      'a field through 50 fragments',
      `{ ${Array.from({ length: 50 }, (_, i) => `...f${i}`).join(' ')} } ${Array.from({ length: 50 }, (_, i) => `fragment f${i} on Query { me { userId } }`).join(' ')}`,
      undefined,
    ],
  ])('cannot ask for %s', async (_, query, scope) => {
    const answer = await stack.send({
      query,
      headers: await asUser('u1', scope === undefined ? {} : { scope }),
    });
    expect(answer.status).toBe(400);
    expect(
      codesOf(answer)?.every(
        (code) => code === 'GRAPHQL_VALIDATION_FAILED' || code === 'GRAPHQL_PARSE_FAILED',
      ),
    ).toBe(true);
    expect(stack.upstreamCalls()).toEqual([]);
  });

  it('cannot have more tokens than anybody writes', async () => {
    const answer = await stack.send({
      query: `{ me { ${'userId '.repeat(2_100)} } }`,
      headers: await asUser(),
    });
    expect([answer.status, codesOf(answer)]).toEqual([400, ['GRAPHQL_PARSE_FAILED']]);
  });

  it('cannot have two Authorization headers, even where both are good', async () => {
    const { authorization } = await asUser();
    const status = await new Promise((resolve, reject) => {
      const headers = { 'content-type': 'application/json', authorization: [authorization, authorization] };
      const sent = request(`${stack.app.url}/graphql`, { method: 'POST', headers: headers as never });
      sent.once('response', (answer) => resolve(answer.resume().statusCode)).once('error', reject);
      sent.end('{"query":"{ me { userId } }"}');
    });
    expect(status).toBe(401);
    expect(log.text()).toContain('more than one Authorization header');
  });

  it('cannot be a batch', async () => {
    const response = await fetch(`${stack.app.url}/graphql`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...(await asUser()) },
      body: JSON.stringify(
        Array.from({ length: 100 }, () => ({ query: 'mutation { cognitoCredentials { identityId } }' })),
      ),
    });
    expect(response.status).toBe(400);
    expect(codesOf((await response.json()) as never)).toEqual(['BAD_REQUEST']);
    expect(stack.upstreamCalls()).toEqual([]);
  });

  it('may read the same harmless field twice', async () => {
    const { data } = await stack.send({
      query: '{ a: me { userId } b: me { userId } }',
      headers: await asUser(),
    });
    expect(data).toEqual({ a: { userId: 'u1' }, b: { userId: 'u1' } });
  });
});

describe('G05 a field for administrators only', () => {
  it('is told by code and path, with a line in the log that holds no stack', async () => {
    const answer = await stack.send({
      query:
        '{ pool: identityByDeveloperUserIdentifier(developerUserIdentifier: "u2") { id } me { userId } }',
      headers: await asUser(),
    });
    expect(answer.status).toBe(200);
    expect(answer.errors).toMatchObject([{ path: ['pool'], extensions: { code: 'FORBIDDEN' } }]);
    expect(answer.data).toEqual({ pool: null, me: { userId: 'u1' } });
    expect(log.text()).not.toMatch(/"level":"error"| at /);
  });
});

describe('G06 arguments that break a rule', () => {
  const secret = 'SECRET-VALUE';
  it.each([
    [
      'an empty identity id',
      `mutation { unlinkDeveloperIdentity(input: { identityId: "", developerUserIdentifier: "${secret}" }) { id } }`,
      'input.identityId',
    ],
    [
      'a user id of 1025 characters',
      `mutation { unlinkDeveloperIdentity(input: { identityId: "us-east-1:00000000-0000-4000-8000-000000000000", developerUserIdentifier: "${secret.padEnd(1025, 'x')}" }) { id } }`,
      'input.developerUserIdentifier',
    ],
    [
      'an id that is none',
      `mutation { deleteIdentities(input: { identityIds: ["${secret}"] }) { deletedIdentityIds } }`,
      expect.stringMatching(/^input\.identityIds/),
    ],
  ])('are named and never repeated: %s', async (_, query, field) => {
    const answer = await stack.send({ query, headers: await asUser('root', { scope: 'admin' }) });
    expect(codesOf(answer)).toEqual(['BAD_USER_INPUT']);
    expect(answer.errors?.[0]?.extensions['problems']).toEqual([
      { field, rule: expect.stringMatching(/^must /) },
    ]);
    expect(answer.text + log.text()).not.toMatch(/SECRET|constraints|"target"|"value"/);
    expect(stack.upstreamCalls()).toEqual([]);
  });
});

it('the name of an operation that is not there is not repeated', async () => {
  const response = await fetch(`${stack.app.url}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...(await asUser()) },
    body: JSON.stringify({ query: 'query A { me { userId } }', operationName: 'SECRET-NAME' }),
  });
  expect([response.status, await response.json()]).toEqual([
    400,
    {
      errors: [
        {
          message: 'The document holds no operation of the name that the request asks for.',
          extensions: { code: 'OPERATION_RESOLUTION_FAILURE' },
        },
      ],
    },
  ]);
});
