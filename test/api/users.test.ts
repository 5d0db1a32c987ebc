import { afterAll, beforeAll, expect, it } from 'vitest';
import { type Stack, startStack } from '../support/stack.ts';

let stack: Stack;
beforeAll(async () => {
  stack = await startStack({ env: { USER_REQUESTS_PER_MINUTE: '100000' } });
});
afterAll(() => stack.stop());

/** Ids that differ by case, and by where a separator stands. */
const users = ['a:b', 'a', 'b', 'A', 'a:', ':b', 'ä', 'a\u0308'];

it('G16 users who ask at the same time are never mixed up, whatever is remembered for them', async () => {
  const credentials = 'mutation { cognitoCredentials { identityId openIdToken } }';
  const known = new Map<string, { identityId: string; openIdToken: string }>();
  for (const user of users) {
    known.set(user, (await stack.send({ query: credentials, user })).data.cognitoCredentials);
  }
  expect(new Set([...known.values()].map(({ identityId }) => identityId)).size).toBe(users.length);

  const headers = await Promise.all(
    users.map(async (user) => ({ authorization: `Bearer ${await stack.login.issueToken({ user })}` })),
  );
  const query = '{ me { userId } }';
  for (let round = 0; round < 25; round++) {
    const answers = await Promise.all(
      Array.from({ length: 40 }, (_, i) =>
        stack.send({
          query: (i >> 3) % 2 === 0 ? credentials : query,
          headers: headers[i % users.length] as (typeof headers)[number],
        }),
      ),
    );
    answers.forEach(({ data }, i) => {
      const user = users[i % users.length] as string;
      expect(data.me?.userId ?? data.cognitoCredentials).toEqual((i >> 3) % 2 === 0 ? known.get(user) : user);
    });
  }
});

it('G16 what an administrator has looked up is not what the user is shown', async () => {
  const ids = '{ me { identity { developerUserIdentifiers { edges { node } } } } }';
  const { identityId } = (
    await stack.send({ query: 'mutation { cognitoCredentials { identityId } }', user: 'victim' })
  ).data.cognitoCredentials;
  const lookUp = `{ identity(id: "${identityId}") { developerUserIdentifiers { edges { node } } } }`;
  const edges = { developerUserIdentifiers: { edges: [{ node: 'victim' }] } };
  const [asAdministrator, asOwner, asOther] = await Promise.all([
    stack.send({ query: lookUp, user: 'root', scope: 'admin' }),
    stack.send({ query: ids, user: 'victim' }),
    stack.send({ query: lookUp, user: 'a' }),
  ]);
  expect(asAdministrator.data.identity).toEqual(edges);
  expect(asOwner.data.me.identity).toEqual(edges);
  expect(asOther.data.identity).toBeNull();
});
