import { ApolloServer } from '@apollo/server';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { ServiceError } from '../../src/errors.ts';
import { createLogger } from '../../src/telemetry/logger.ts';
import { type Stack, startStack } from '../support/stack.ts';
import { captureText } from '../support/writtenLogs.ts';

/**
 * A document that Apollo Server has let through is executed beside it the next time. A comment at its end makes a document new, so
 * that the same request can be sent both ways.
 */
let stack: Stack;
beforeAll(async () => {
  stack = await startStack({ env: { USER_REQUESTS_PER_MINUTE: '20' } });
});
afterAll(() => stack.stop());

const throughApollo = vi.spyOn(ApolloServer.prototype, 'executeHTTPGraphQLRequest');
beforeEach(() => {
  throughApollo.mockClear();
});
afterEach(() => {
  stack.emulator.faults.clear();
});

interface Sent {
  readonly query: string;
  readonly variables?: unknown;
  readonly operationName?: unknown;
  readonly extensions?: unknown;
}

interface Caller {
  readonly user?: string;
  readonly scope?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly url?: string;
}

let documents = 0;
/** A text that was never sent before, with the same places in it. */
const anew = (query: string) => `${query}\n# ${documents++}`;

async function post(body: Sent, { user, scope, headers = {}, url = stack.app.url }: Caller = {}) {
  const token =
    user === undefined ? undefined : await stack.login.issueToken({ user, ...(scope && { scope }) });
  const response = await fetch(`${url}/graphql`, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      'x-request-id': 'the-same',
      ...(token && { authorization: `Bearer ${token}` }),
      ...headers,
    },
    body: JSON.stringify(body),
  });
  const { date, ...others } = Object.fromEntries(response.headers);
  return { status: response.status, headers: others, body: await response.text(), dated: date !== undefined };
}

/** The answer of either way; fails when the second did not pass Apollo Server by. */
async function bothWays(sent: Sent, caller: Caller) {
  const query = anew(sent.query);
  const apollo = await post({ ...sent, query }, caller);
  expect(throughApollo).toHaveBeenCalledTimes(1);
  const beside = await post({ ...sent, query }, caller);
  expect(throughApollo).toHaveBeenCalledTimes(1);
  return { apollo, beside };
}

const credentials =
  'mutation ($input: CognitoCredentialsInput) { cognitoCredentials(input: $input) { identityId openIdToken expiresAt linked } }';

describe('an operation that Apollo Server has let through before', () => {
  it.each<[string, Sent, Caller, number]>([
    ['gives credentials', { query: credentials }, {}, 200],
    ['takes variables', { query: credentials, variables: { input: { tokenDuration: 60 } } }, {}, 200],
    [
      'takes a name',
      {
        query: `query Who { me { userId } } ${'query Other { me { administrator } }'}`,
        operationName: 'Other',
      },
      {},
      200,
    ],
    [
      'takes fragments, aliases and directives',
      {
        query:
          'query ($no: Boolean = false) { ...f a: me { administrator } __typename } fragment f on Query { me { userId @skip(if: $no) __typename } }',
      },
      {},
      200,
    ],
    [
      'answers in the type that was asked for',
      { query: credentials },
      { headers: { accept: 'application/graphql-response+json' } },
      200,
    ],
    [
      'refuses input by its rules',
      { query: credentials, variables: { input: { tokenDuration: 1 } } },
      {},
      200,
    ],
    ['refuses what is for administrators', { query: '{ identityPool { id } }' }, {}, 200],
    [
      'is null beside an error',
      { query: '{ me { userId } identity(id: "us-east-1:00000000-0000-4000-8000-000000000000") { id } }' },
      { scope: 'admin' },
      200,
    ],
    [
      'reads as an administrator',
      { query: '{ identityPool { id name region developerProviderName guestsAllowed } }' },
      { scope: 'admin' },
      200,
    ],
    ['explores the schema', { query: '{ __type(name: "Viewer") { name fields { name } } }' }, {}, 200],
  ])('%s, in the same bytes', async (_, sent, caller, status) => {
    const { apollo, beside } = await bothWays(sent, { user: 'u1', ...caller });
    expect(beside).toEqual(apollo);
    expect(beside.status).toBe(status);
  });

  it('is counted all the same', async () => {
    const counted = async () => {
      const text = await (await fetch(`${stack.app.url}/metrics`)).text();
      return Number(/operations_total\{field="me",code="OK"\} (\d+)/.exec(text)?.[1] ?? 0);
    };
    const before = await counted();
    await bothWays({ query: '{ a: me { userId } b: me { userId } }' }, { user: 'u1' });
    expect(await counted()).toBe(before + 4);
  });

  it('puts an error at its field, and leaves the rest of the answer', async () => {
    stack.emulator.faults.add({
      operation: 'GetCredentialsForIdentity',
      error: { name: 'NotAuthorizedException' },
    });
    const query = 'mutation { cognitoCredentials { identityId awsCredentials { accessKeyId } } }';
    const { apollo, beside } = await bothWays({ query }, { user: 'u2' });
    expect(beside).toEqual(apollo);
    expect(JSON.parse(beside.body)).toMatchObject({
      errors: [
        { path: ['cognitoCredentials', 'awsCredentials'], extensions: { code: 'UPSTREAM_FORBIDDEN' } },
      ],
      data: { cognitoCredentials: { awsCredentials: null } },
    });
  });

  it('answers without data with the status and headers of its error', async () => {
    const query = anew('mutation { cognitoCredentials { identityId } }');
    const answers = [];
    for (let i = 0; i < 22; i++) answers.push(await post({ query }, { user: 'u3' }));
    const apollo = await post(
      { query: anew('mutation { cognitoCredentials { identityId } }') },
      { user: 'u3' },
    );
    const beside = await post({ query }, { user: 'u3' });
    const seconds = (text: string | undefined) => Number(text?.replaceAll(/\D/g, '') ?? Number.NaN);
    expect(answers.map(({ status }) => status)).toEqual([...Array(20).fill(200), 429, 429]);
    for (const { status, headers, body } of [apollo, beside]) {
      expect(status).toBe(429);
      expect(JSON.parse(body).errors).toMatchObject([
        {
          path: ['cognitoCredentials'],
          extensions: { code: 'TOO_MANY_REQUESTS', retryAfter: seconds(headers['retry-after']) },
        },
      ]);
    }
    expect(Object.keys(beside.headers)).toEqual(Object.keys(apollo.headers));
  });

  it('tells nothing of an unexpected error but where to find it in the log', async () => {
    const log = captureText();
    const principal = {
      userId: 'u1',
      administrator: false,
      get principalTags(): never {
        throw new TypeError('not for clients');
      },
    };
    const other = await startStack({
      parts: {
        logger: createLogger('info', log.stream),
        authenticator: { authenticate: async () => principal },
      },
    });
    try {
      const { apollo, beside } = await bothWays({ query: credentials }, { user: 'u1', url: other.app.url });
      expect(beside).toEqual(apollo);
      expect(JSON.parse(beside.body)).toEqual({
        data: null,
        errors: [
          {
            message: 'Something went wrong on our side. The request id names it in the log of the server.',
            locations: [{ line: 1, column: 46 }],
            path: ['cognitoCredentials'],
            extensions: { code: 'INTERNAL_SERVER_ERROR', requestId: 'the-same' },
          },
        ],
      });
      const lines = log
        .text()
        .split('\n')
        .filter((line) => line.includes('failed unexpectedly'));
      expect(lines.map((line) => JSON.parse(line))).toMatchObject(
        Array(2).fill({ requestId: 'the-same', err: { type: 'TypeError', message: 'not for clients' } }),
      );
    } finally {
      await other.stop();
    }
  });

  it.each<[string, Partial<Sent> & { readonly query?: string }, Caller]>([
    ['has variables that do not fit', { variables: { input: { tokenDuration: 'long' } } }, { user: 'u4' }],
    ['has variables that are no object', { variables: [1] }, { user: 'u4' }],
    ['has a text as its variables', { variables: '{}' }, { user: 'u4' }],
    ['asks for another operation', { operationName: 'Other' }, { user: 'u4' }],
    ['has a number as its operation name', { operationName: 5 }, { user: 'u4' }],
    ['has extensions', { extensions: { persistedQuery: { version: 1, sha256Hash: '0' } } }, { user: 'u4' }],
  ])("is Apollo Server's to answer when the request %s", async (_, changes, caller) => {
    const query = anew(credentials);
    const known = await post({ query }, { user: 'u4' });
    await post({ query }, { user: 'u4' });
    expect(known.status).toBe(200);
    expect(throughApollo).toHaveBeenCalledTimes(1);
    const { status, body } = await post({ query, ...changes }, caller);
    expect(throughApollo).toHaveBeenCalledTimes(2);
    const again = await post({ query: anew(credentials), ...changes }, caller);
    expect({ status, errors: JSON.parse(body).errors }).toEqual({
      status: again.status,
      errors: JSON.parse(again.body).errors,
    });
    expect(status).not.toBe(500);
  });

  it('is not one of a stranger', async () => {
    const query = anew('{ __typename }');
    for (let i = 0; i < 3; i++) await post({ query });
    expect(throughApollo).toHaveBeenCalledTimes(3);
    await post({ query }, { user: 'u5' });
    await post({ query }, { user: 'u5' });
    expect(throughApollo).toHaveBeenCalledTimes(4);
  });

  it.each([
    ['refuses a stranger', '{ me { userId } }', 401],
    ['refuses a stranger who asks for the schema as well', '{ __typename me { userId } }', 401],
    [
      'tells a stranger of the schema',
      '{ __typename ...f } fragment f on Query { __schema { queryType { name } } }',
      200,
    ],
  ])('%s, in the same bytes', async (_, text, status) => {
    const query = anew(text);
    const apollo = await post({ query });
    await post({ query }, { user: 'u5' });
    expect(throughApollo).toHaveBeenCalledTimes(2);
    const beside = await post({ query });
    expect(throughApollo).toHaveBeenCalledTimes(2);
    expect(beside).toEqual(apollo);
    expect(beside.status).toBe(status);
  });

  it('counts the strangers whom it refuses', async () => {
    const counted = async () => {
      const text = await (await fetch(`${stack.app.url}/metrics`)).text();
      return Number(
        /operations_total\{field="identityPool",code="UNAUTHENTICATED"\} (\d+)/.exec(text)?.[1] ?? 0,
      );
    };
    const query = anew('{ identityPool { id } }');
    await post({ query }, { user: 'u5' });
    const before = await counted();
    await post({ query });
    expect(throughApollo).toHaveBeenCalledTimes(1);
    expect(await counted()).toBe(before + 1);
  });

  it('is not a text of more than 16 kB', async () => {
    const query = anew(`{ me { userId } } #${'x'.repeat(16_384)}`);
    for (let i = 0; i < 3; i++) await post({ query }, { user: 'u5' });
    expect(throughApollo).toHaveBeenCalledTimes(3);
  });
});

/** Over GET a login is looked at by Apollo Server, which must first see that no other site's page has sent the request. */
async function get(query: string, headers: Readonly<Record<string, string>>, url = stack.app.url) {
  const response = await fetch(`${url}/graphql?${new URLSearchParams({ query })}`, {
    headers: { 'x-request-id': 'the-same', 'apollo-require-preflight': '1', ...headers },
  });
  const { date, ...others } = Object.fromEntries(response.headers);
  return { status: response.status, headers: others, body: await response.text(), dated: date !== undefined };
}

describe('a login that is refused', () => {
  const query = '{ me { userId } }';

  it.each<[string, Record<string, string>]>([
    ['a token that is none', { authorization: 'Bearer x.y.z' }],
    ['another scheme', { authorization: 'Basic dTpw' }],
    ['an answer of another type', { authorization: 'Bearer x', accept: 'application/graphql-response+json' }],
  ])('is answered without Apollo Server, in the same bytes: %s', async (_, headers) => {
    const apollo = await get(query, headers);
    expect(throughApollo).toHaveBeenCalledTimes(1);
    const beside = await post({ query }, { headers });
    expect(throughApollo).toHaveBeenCalledTimes(1);
    expect(beside).toEqual(apollo);
    expect(beside.status).toBe(401);
    expect(beside.headers['www-authenticate']).toBe('Bearer realm="cognito-graphql"');
  });

  it('is the answer whatever was asked', async () => {
    const headers = { authorization: 'Bearer x.y.z' };
    const { status, body } = await post({ query }, { headers });
    for (const sent of [
      { query: 'no document' },
      { query, variables: [] },
      { query, operationName: 'Other' },
    ]) {
      expect(await post(sent, { headers })).toMatchObject({ status, body });
    }
  });

  it.each([
    [new ServiceError('AUTH_UNAVAILABLE', 'The login does not answer.', { retryAfter: 7 }), 503],
    [new ServiceError('FORBIDDEN', 'Not from there.'), 500],
  ])('by a host’s own authenticator, too: %s', async (error, status) => {
    const authenticator = { authenticate: () => Promise.reject(error) };
    const other = await startStack({ parts: { authenticator } });
    try {
      const apollo = await get(query, {}, other.app.url);
      const beside = await post({ query }, { url: other.app.url });
      expect(throughApollo).toHaveBeenCalledTimes(1);
      expect(beside).toEqual(apollo);
      expect(beside.status).toBe(status);
      expect(beside.headers['retry-after']).toBe(error.retryAfter?.toString());
    } finally {
      await other.stop();
    }
  });
});
