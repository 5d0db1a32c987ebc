import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type Stack, startStack } from '../support/stack.ts';

let stack: Stack;
beforeAll(async () => {
  stack = await startStack();
});
afterAll(() => stack.stop());
beforeEach(() => void stack.upstreamCalls());

const admin = { user: 'root', scope: 'admin' };
const idOf = async (user: string): Promise<string> =>
  (await stack.send({ query: 'mutation { cognitoCredentials { identityId } }', user })).data
    .cognitoCredentials.identityId;
const asAdmin = async (query: string, variables?: Record<string, unknown>) => {
  const answer = await stack.send({ query, ...admin, ...(variables && { variables }) });
  return answer;
};
const usersOf = (id: string) =>
  asAdmin(`{ identity(id: "${id}") { developerUserIdentifiers { edges { node } } } }`).then(({ data }) =>
    data.identity.developerUserIdentifiers.edges.map(({ node }: { node: string }) => node),
  );

describe('an administrator', () => {
  it('finds the identity of a user, and null for one the pool has not seen', async () => {
    const id = await idOf('alice');
    const find =
      'query($u: String!) { identityByDeveloperUserIdentifier(developerUserIdentifier: $u) { id createdAt } }';
    expect((await asAdmin(find, { u: 'alice' })).data.identityByDeveloperUserIdentifier).toEqual({
      id,
      createdAt: expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/),
    });
    expect((await asAdmin(find, { u: 'never seen' })).data.identityByDeveloperUserIdentifier).toBeNull();
  });

  it('merges two users: both have the destination from then on', async () => {
    const [source, destination] = [await idOf('old'), await idOf('new')];
    expect(source).not.toBe(destination);
    const { data } = await asAdmin(
      'mutation { mergeDeveloperIdentities(input: { sourceUserIdentifier: "old", destinationUserIdentifier: "new" }) { id } }',
    );
    expect(data.mergeDeveloperIdentities.id).toBe(destination);
    expect(await idOf('old')).toBe(destination);
    expect(await idOf('new')).toBe(destination);
    expect((await usersOf(destination)).sort()).toEqual(['new', 'old']);
  });

  it('unlinks a user, who gets a new identity at once', async () => {
    const id = await idOf('unlinked');
    const { data } = await asAdmin(
      `mutation { unlinkDeveloperIdentity(input: { identityId: "${id}", developerUserIdentifier: "unlinked" }) { id } }`,
    );
    expect(data.unlinkDeveloperIdentity?.id ?? id).toBe(id);
    expect(await idOf('unlinked')).not.toBe(id);
  });

  it('deletes identities, and is told which were not there', async () => {
    const id = await idOf('deleted');
    const nobody = 'us-east-1:00000000-0000-4000-8000-000000000000';
    const { data } = await asAdmin(
      `mutation { deleteIdentities(input: { identityIds: ["${id}", "${nobody}"] }) { deletedIdentityIds unprocessedIdentities { identityId reason } } }`,
    );
    expect(data.deleteIdentities).toEqual({
      deletedIdentityIds: [id],
      unprocessedIdentities: [{ identityId: nobody, reason: 'ACCESS_DENIED' }],
    });
    expect(await idOf('deleted')).not.toBe(id);
  });

  it('sees the pool', async () => {
    const { data } = await asAdmin(
      '{ identityPool { id name region developerProviderName guestsAllowed classicFlowAllowed } }',
    );
    expect(data.identityPool).toEqual({
      id: stack.identityPoolId,
      name: 'test',
      region: 'us-east-1',
      developerProviderName: 'login.demo',
      guestsAllowed: true,
      classicFlowAllowed: true,
    });
  });

  it.each([
    [
      'merging unknown users',
      'mutation { mergeDeveloperIdentities(input: { sourceUserIdentifier: "x1", destinationUserIdentifier: "x2" }) { id } }',
      'NOT_FOUND',
    ],
    [
      'merging a user with itself',
      'mutation { mergeDeveloperIdentities(input: { sourceUserIdentifier: "a", destinationUserIdentifier: "a" }) { id } }',
      'BAD_USER_INPUT',
    ],
    [
      'an empty user',
      '{ identityByDeveloperUserIdentifier(developerUserIdentifier: "") { id } }',
      'BAD_USER_INPUT',
    ],
    [
      'a user of 1025 characters',
      `{ identityByDeveloperUserIdentifier(developerUserIdentifier: "${'x'.repeat(1025)}") { id } }`,
      'BAD_USER_INPUT',
    ],
    ['an impossible id', '{ identity(id: "nope") { id } }', 'BAD_USER_INPUT'],
    [
      'no ids to delete',
      'mutation { deleteIdentities(input: { identityIds: [] }) { deletedIdentityIds } }',
      'BAD_USER_INPUT',
    ],
    ['a page of none', '{ identities(first: 0) { pageInfo { endCursor } } }', 'BAD_USER_INPUT'],
    ['a page of 61', '{ identities(first: 61) { pageInfo { endCursor } } }', 'BAD_USER_INPUT'],
    ['a foreign cursor', '{ identities(after: "x") { pageInfo { endCursor } } }', 'BAD_USER_INPUT'],
  ])('is refused %s', async (_, query, code) => {
    const { errors } = await asAdmin(query);
    expect(errors?.map(({ extensions }) => extensions['code'])).toEqual([code]);
    if (code === 'BAD_USER_INPUT') expect(stack.upstreamCalls()).toEqual([]);
  });
});

describe('a page of identities', () => {
  beforeAll(async () => {
    for (let i = 0; i < 12; i++) await idOf(`page${i}`);
  });

  it('with nested fields asks Cognito for the list once and for each nested field once', async () => {
    stack.upstreamCalls();
    const { data } = await asAdmin(`{
      identities(first: 10) {
        edges { node { id a: developerUserIdentifiers { edges { node } } b: developerUserIdentifiers { edges { node } } } }
      }
    }`);
    expect(data.identities.edges).toHaveLength(10);
    const calls = stack.upstreamCalls();
    expect(calls.filter((name) => name === 'ListIdentities')).toHaveLength(1);
    expect(calls.filter((name) => name === 'LookupDeveloperIdentity')).toHaveLength(10);
    expect(calls).toHaveLength(11);
  });

  it('is read on by its end cursor until every identity was seen once', async () => {
    const seen: string[] = [];
    let after: string | null = null;
    do {
      const { data } = await asAdmin(
        'query($after: String) { identities(first: 5, after: $after) { edges { node { id } } pageInfo { hasNextPage endCursor } } }',
        { after },
      );
      seen.push(...data.identities.edges.map(({ node }: { node: { id: string } }) => node.id));
      after = data.identities.pageInfo.hasNextPage ? data.identities.pageInfo.endCursor : null;
    } while (after !== null);
    expect(new Set(seen).size).toBe(seen.length);
    const everyPage = await Promise.all(Array.from({ length: 12 }, (_, i) => idOf(`page${i}`)));
    expect(seen).toEqual(expect.arrayContaining(everyPage));
  });
});

describe('me', () => {
  it('does not register anybody', async () => {
    const query = '{ me { userId administrator identity { id logins } } }';
    const { data } = await stack.send({ query, user: 'onlooker' });
    expect(data.me).toEqual({ userId: 'onlooker', administrator: false, identity: null });
    expect(stack.upstreamCalls()).toEqual(['LookupDeveloperIdentity']);
    const id = await idOf('onlooker');
    expect((await stack.send({ query, user: 'onlooker' })).data.me.identity.id).toBe(id);
  });
});
