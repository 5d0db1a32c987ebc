import { type GraphQLSchema, graphql } from 'graphql';
import { beforeAll, describe, expect, it } from 'vitest';
import { ServiceError } from '../../../src/errors.ts';
import type { GraphQLContext } from '../../../src/graphql/context.ts';
import { buildSchema, type ResolverServices } from '../../../src/graphql/schema.ts';

/** Services that would let everybody do everything: what is refused here is refused by the schema's own guards. */
const reached: string[] = [];
const careless = (name: string) =>
  new Proxy(
    {},
    {
      get: (_, method) => async () => {
        reached.push(`${name}.${String(method)}`);
        return method === 'list' || method === 'developerUserIdentifiers' ? { items: [] } : null;
      },
    },
  );
let schema: GraphQLSchema;
beforeAll(async () => {
  schema = await buildSchema({
    tokens: careless('tokens'),
    identities: careless('identities'),
    credentials: {
      region: 'us-east-1',
      identityPoolId: 'p',
      loginsKey: 'l',
      tokenDuration: 900,
      awsCredentialsField: true,
    },
  } as unknown as ResolverServices);
});

const id = 'us-east-1:00000000-0000-4000-8000-000000000000';
const forAdministrators = [
  '{ identities { edges { cursor } } }',
  '{ identityByDeveloperUserIdentifier(developerUserIdentifier: "a") { id } }',
  '{ identityPool { id } }',
  'mutation { mergeDeveloperIdentities(input: { sourceUserIdentifier: "a", destinationUserIdentifier: "b" }) { id } }',
  `mutation { unlinkDeveloperIdentity(input: { identityId: "${id}", developerUserIdentifier: "a" }) { id } }`,
  `mutation { deleteIdentities(input: { identityIds: ["${id}"] }) { deletedIdentityIds } }`,
];
const forUsers = [
  '{ me { userId } }',
  `{ identity(id: "${id}") { id } }`,
  'mutation { cognitoCredentials { identityId } }',
  `mutation { linkGuestIdentity(input: { guestIdentityId: "${id}", guestOpenIdToken: "a.b.c" }) { identityId } }`,
];

async function ask(source: string, principal: GraphQLContext['principal']) {
  reached.length = 0;
  const { errors } = await graphql({ schema, source, contextValue: { principal } });
  return errors?.map(({ originalError }) =>
    originalError instanceof ServiceError ? originalError.code : '?',
  );
}
const user = { userId: 'alice', administrator: false, principalTags: {} };

describe('the guards of the schema', () => {
  it('stand before every root field', () => {
    const fields = [schema.getQueryType(), schema.getMutationType()].flatMap((type) =>
      Object.keys(type?.getFields() ?? {}),
    );
    for (const field of fields)
      expect(
        [...forAdministrators, ...forUsers].some((query) => query.includes(field)),
        field,
      ).toBe(true);
    expect(fields).toHaveLength(forAdministrators.length + forUsers.length);
  });

  it.each([...forAdministrators, ...forUsers])('refuse nobody in particular: %s', async (query) => {
    expect(await ask(query, null)).toEqual(['UNAUTHENTICATED']);
    expect(reached).toEqual([]);
  });

  it.each(forAdministrators)('refuse who is no administrator: %s', async (query) => {
    expect(await ask(query, user)).toEqual(['FORBIDDEN']);
    expect(reached).toEqual([]);
  });

  it.each(forUsers)('let every user through: %s', async (query) => {
    expect(await ask(query, user)).not.toEqual(['FORBIDDEN']);
  });

  it.each(forAdministrators)('let an administrator through: %s', async (query) => {
    await ask(query, { ...user, administrator: true });
    expect(reached).toHaveLength(1);
  });
});
