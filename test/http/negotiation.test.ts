import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type Stack, startStack } from '../support/stack.ts';

let stack: Stack;
beforeAll(async () => {
  stack = await startStack();
});
afterAll(() => stack.stop());
beforeEach(() => void stack.upstreamCalls());

const mutation = 'mutation { cognitoCredentials { identityId } }';

describe('Accept', () => {
  it.each(['text/html', 'image/*', 'application/json;q=0', 'application/json; charset=utf-16'])(
    '%s is refused before a mutation runs',
    async (accept) => {
      const { status, headers, errors } = await stack.send({
        query: mutation,
        user: 'alice',
        headers: { accept },
      });
      expect([status, headers.get('content-type')]).toEqual([406, 'application/json; charset=utf-8']);
      expect(errors).toEqual([
        {
          message: 'Answers are application/json or application/graphql-response+json; accept one of them.',
          extensions: { code: 'BAD_REQUEST' },
        },
      ]);
      expect(stack.upstreamCalls()).toEqual([]);
    },
  );

  it.each([
    ['application/graphql-response+json, application/json;q=0.9', 'application/graphql-response+json'],
    ['text/html;q=0.9, */*;q=0.1', 'application/json'],
    ['application/json', 'application/json'],
  ])('%s is answered as %s', async (accept, type) => {
    const { status, headers } = await stack.send({ query: mutation, user: 'alice', headers: { accept } });
    expect([status, headers.get('content-type')]).toEqual([200, `${type}; charset=utf-8`]);
  });
});

it.each(['application/json; charset=utf8', 'Application/JSON;Charset="UTF-8"', 'application/json;q=0.4'])(
  'Accept: %s is decided here and not again after a mutation has run',
  async (accept) => {
    // Each text is new to the server, and goes the whole way.
    const query = `${mutation} # ${accept}`;
    const { status, data } = await stack.send({ query, user: 'bob', headers: { accept } });
    expect([status, typeof data?.cognitoCredentials.identityId]).toEqual([200, 'string']);
  },
);

describe('GET', () => {
  it.each([
    ['a mutation', new URLSearchParams({ query: mutation })],
    [
      'a mutation named among queries',
      new URLSearchParams({
        query: `query A { __typename } ${mutation.replace('{', 'B {')}`,
        operationName: 'B',
      }),
    ],
  ])('never executes %s', async (_, search) => {
    const token = await stack.login.issueToken({ user: 'alice' });
    const response = await fetch(`${stack.app.url}/graphql?${search}`, {
      headers: { authorization: `Bearer ${token}`, 'apollo-require-preflight': '1' },
    });
    expect([response.status, response.headers.get('allow')]).toEqual([405, 'POST']);
    expect(await response.json()).toEqual({
      errors: [
        {
          message: 'GET requests only support query operations, not mutation operations',
          extensions: { code: 'BAD_REQUEST' },
        },
      ],
    });
    expect(stack.upstreamCalls()).toEqual([]);
  });

  it('is refused without a header that a browser asks a permission for', async () => {
    const token = await stack.login.issueToken({ user: 'alice' });
    const response = await fetch(`${stack.app.url}/graphql?query={me{userId}}`, {
      headers: { authorization: `Bearer ${token}` },
    });
    expect(response.status).toBe(400);
  });
});
