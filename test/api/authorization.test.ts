import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type Stack, startStack } from '../support/stack.ts';

let stack: Stack;
let aliceId: string;
let unknownId: string;

const issue = 'mutation { cognitoCredentials { identityId } }';
beforeAll(async () => {
  stack = await startStack();
  aliceId = (await stack.send({ query: issue, user: 'alice' })).data.cognitoCredentials.identityId;
  await stack.send({ query: issue, user: 'bob' });
  unknownId = 'us-east-1:00000000-0000-4000-8000-000000000000';
});
afterAll(() => stack.stop());
beforeEach(() => void stack.upstreamCalls());

const callers = {
  anonymous: {},
  owner: { user: 'alice' },
  other: { user: 'bob' },
  administrator: { user: 'root', scope: 'openid admin' },
} as const;

/** What each caller gets: a code, or data. */
type Outcome = 'UNAUTHENTICATED' | 'FORBIDDEN' | 'null' | 'data';
const operations: readonly [
  name: string,
  query: () => string,
  outcomes: Record<keyof typeof callers, Outcome>,
][] = [
  [
    'me',
    () => '{ me { userId identity { id } } }',
    { anonymous: 'UNAUTHENTICATED', owner: 'data', other: 'data', administrator: 'data' },
  ],
  [
    'identity',
    () => `{ identity(id: "${aliceId}") { id developerUserIdentifiers { edges { node } } } }`,
    { anonymous: 'UNAUTHENTICATED', owner: 'data', other: 'null', administrator: 'data' },
  ],
  [
    'identity of nobody',
    () => `{ identity(id: "${unknownId}") { id } }`,
    { anonymous: 'UNAUTHENTICATED', owner: 'null', other: 'null', administrator: 'null' },
  ],
  [
    'identityByDeveloperUserIdentifier',
    () => '{ identityByDeveloperUserIdentifier(developerUserIdentifier: "alice") { id } }',
    { anonymous: 'UNAUTHENTICATED', owner: 'FORBIDDEN', other: 'FORBIDDEN', administrator: 'data' },
  ],
  [
    'identities',
    () => '{ identities { edges { node { id } } } }',
    { anonymous: 'UNAUTHENTICATED', owner: 'FORBIDDEN', other: 'FORBIDDEN', administrator: 'data' },
  ],
  [
    'identityPool',
    () => '{ identityPool { id } }',
    { anonymous: 'UNAUTHENTICATED', owner: 'FORBIDDEN', other: 'FORBIDDEN', administrator: 'data' },
  ],
];
const changes: readonly [name: string, query: () => string][] = [
  [
    'mergeDeveloperIdentities',
    () =>
      'mutation { mergeDeveloperIdentities(input: { sourceUserIdentifier: "alice", destinationUserIdentifier: "bob" }) { id } }',
  ],
  [
    'unlinkDeveloperIdentity',
    () =>
      `mutation { unlinkDeveloperIdentity(input: { identityId: "${aliceId}", developerUserIdentifier: "alice" }) { id } }`,
  ],
  [
    'deleteIdentities',
    () => `mutation { deleteIdentities(input: { identityIds: ["${aliceId}"] }) { deletedIdentityIds } }`,
  ],
];

describe.each(Object.keys(callers) as (keyof typeof callers)[])('%s', (caller) => {
  it.each(operations)('asking for %s', async (_, query, outcomes) => {
    const { status, data, errors } = await stack.send({ query: query(), ...callers[caller] });
    const outcome = outcomes[caller];
    if (outcome === 'data' || outcome === 'null') {
      expect(errors).toBeUndefined();
      expect(Object.values(data)[0] === null).toBe(outcome === 'null');
    } else {
      expect(errors?.map(({ extensions }) => extensions['code'])).toEqual([outcome]);
      expect(status).toBe(outcome === 'UNAUTHENTICATED' ? 401 : 200);
      expect(stack.upstreamCalls()).toEqual([]);
    }
  });
});

describe.each(['anonymous', 'owner', 'other'] as const)('%s', (caller) => {
  it.each(changes)('cannot %s, and nothing reaches Cognito', async (_, query) => {
    const { errors } = await stack.send({ query: query(), ...callers[caller] });
    expect(errors?.map(({ extensions }) => extensions['code'])).toEqual([
      caller === 'anonymous' ? 'UNAUTHENTICATED' : 'FORBIDDEN',
    ]);
    expect(stack.upstreamCalls()).toEqual([]);
  });
});

describe('a caller without credentials', () => {
  it('gets a 401 that says how to sign in, with no data', async () => {
    const answer = await stack.send({ query: '{ me { userId } }' });
    expect(answer.status).toBe(401);
    expect(answer.headers.get('www-authenticate')).toBe('Bearer realm="cognito-graphql"');
    expect(Object.keys(JSON.parse(answer.text))).toEqual(['errors']);
  });

  it('is refused before execution wherever the field stands', async () => {
    for (const query of [
      '{ ... { me { userId } } }',
      '{ ...f } fragment f on Query { ... on Query { me { userId } } }',
      '{ __typename me { userId } }',
    ]) {
      const answer = await stack.send({ query });
      expect([answer.status, answer.data]).toEqual([401, undefined]);
    }
  });

  it('may look at the schema', async () => {
    const { status, data } = await stack.send({ query: '{ __typename __schema { queryType { name } } }' });
    expect(status).toBe(200);
    expect(data).toEqual({ __typename: 'Query', __schema: { queryType: { name: 'Query' } } });
  });
});

describe('bad credentials', () => {
  it.each([
    ['garbage', 'Bearer garbage'],
    ['another scheme', 'Basic YWxpY2U6eA=='],
    ['nothing behind the scheme', 'Bearer'],
  ])('are refused even where none are needed: %s', async (_, authorization) => {
    for (const query of ['{ __typename }', '{ me { userId } }']) {
      const answer = await stack.send({ query, headers: { authorization } });
      expect(answer.status).toBe(401);
      expect(answer.headers.get('www-authenticate')).toBe('Bearer realm="cognito-graphql"');
      expect(Object.keys(JSON.parse(answer.text))).toEqual(['errors']);
      expect(answer.errors?.[0]?.extensions).toEqual({ code: 'UNAUTHENTICATED' });
      expect(answer.text).not.toMatch(/garbage|YWxpY2U6eA|Context creation|jose|\.ts/);
    }
    expect(stack.upstreamCalls()).toEqual([]);
  });

  it.each(['administrator', 'not-admin', 'admins', 'Admin', 'xadmin admin2'])(
    'with scope %s do not make an administrator',
    async (scope) => {
      const { data } = await stack.send({ query: '{ me { administrator } }', user: 'trudy', scope });
      expect(data.me.administrator).toBe(false);
    },
  );
});
