import { composeServices, compositionHasErrors } from '@theguild/federation-composition';
import { buildSchema, execute, type GraphQLObjectType, type GraphQLSchema, Kind, parse } from 'graphql';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type CognitoService, createCognitoService } from '../../src/index.ts';
import { developerProviderName, type Stack, startStack } from '../support/stack.ts';

let stack: Stack;
let cognito: CognitoService;
let schema: GraphQLSchema;
const identityIds: Record<string, string> = {};
beforeAll(async () => {
  stack = await startStack();
  const { identityPoolId, cognitoUrl } = stack;
  cognito = createCognitoService({
    identityPoolId,
    developerProviderName,
    endpoint: cognitoUrl,
    audit: { write: async () => undefined },
  });
  schema = await cognito.subgraph();
  for (const userId of ['alice', 'bob']) {
    const { data } = await run('mutation { cognitoCredentials { identityId } }', { userId });
    identityIds[userId] = (
      data as { cognitoCredentials: { identityId: string } }
    ).cognitoCredentials.identityId;
  }
});
afterAll(() => stack.stop());

const run = async (query: string, caller: Parameters<CognitoService['context']>[0], variableValues = {}) =>
  execute({ schema, document: parse(query), contextValue: cognito.context(caller), variableValues });

const entities = (caller: Parameters<CognitoService['context']>[0], representations: readonly unknown[]) =>
  run(
    'query ($representations: [_Any!]!) { _entities(representations: $representations) { ... on Identity { id logins } } }',
    caller,
    { representations },
  );
const reference = (user: string) => ({ __typename: 'Identity', id: identityIds[user] });
const found = (user: string) => ({ id: identityIds[user], logins: [developerProviderName] });

const sdlOf = async () => {
  const { data } = await run('{ _service { sdl } }', { userId: 'alice' });
  return (data as { _service: { sdl: string } })._service.sdl;
};

/** Somebody else's subgraph: it knows who ordered what by the identity, and pages like ours. */
const orders = `
  extend schema @link(url: "https://specs.apollo.dev/federation/v2.0", import: ["@key", "@shareable"])
  type Query { orders(first: Int! = 20): OrderConnection! }
  type OrderConnection { nodes: [Order!]! pageInfo: PageInfo! }
  type Order @key(fields: "number") { number: ID! orderedBy: Identity! }
  type Identity @key(fields: "id") { id: ID! orders: [Order!]! }
  type PageInfo @shareable { hasNextPage: Boolean! hasPreviousPage: Boolean! startCursor: String endCursor: String }
`;

describe('composed with a subgraph that extends identities', () => {
  const compose = async (other: string) =>
    composeServices([
      { name: 'cognito', url: 'http://cognito.example/graphql', typeDefs: parse(await sdlOf()) },
      { name: 'orders', url: 'http://orders.example/graphql', typeDefs: parse(other) },
    ]);

  it('it makes one graph, in which an identity has the fields of both', async () => {
    const composed = await compose(orders);
    if (compositionHasErrors(composed)) throw new Error(composed.errors.map(String).join('\n'));
    const { supergraphSdl, publicSdl } = composed;
    expect(supergraphSdl).toContain(
      'COGNITO @join__graph(name: "cognito", url: "http://cognito.example/graphql")',
    );
    expect(supergraphSdl).toContain(
      'ORDERS @join__graph(name: "orders", url: "http://orders.example/graphql")',
    );
    for (const graph of ['COGNITO', 'ORDERS']) {
      expect(supergraphSdl).toMatch(
        new RegExp(`type Identity[^{]*@join__type\\(graph: ${graph}, key: "id"\\)`),
      );
    }
    const graph = buildSchema(publicSdl);
    const fieldsOf = (name: string) => Object.keys((graph.getType(name) as GraphQLObjectType).getFields());
    expect(fieldsOf('Identity').sort()).toEqual([
      'createdAt',
      'developerUserIdentifiers',
      'id',
      'lastModifiedAt',
      'logins',
      'orders',
    ]);
    expect(fieldsOf('Query')).toEqual(expect.arrayContaining(['me', 'identity', 'identities', 'orders']));
    expect(fieldsOf('Query').filter((name) => name.startsWith('_'))).toEqual([]);
    expect(fieldsOf('Mutation')).toContain('cognitoCredentials');
  });

  it('it is refused where the other one takes fields for its own that are not to be shared', async () => {
    const composed = await compose(
      orders.replace('orders: [Order!]! }', 'orders: [Order!]! logins: [String!]! }'),
    );
    expect(compositionHasErrors(composed) && composed.errors.map(({ message }) => message)).toEqual([
      expect.stringContaining('Identity.logins'),
    ]);
  });
});

describe('the subgraph', () => {
  it('gives its SDL with the key of identities and a shareable PageInfo, and nothing of federation itself', async () => {
    const sdl = await sdlOf();
    expect(sdl).toMatch(/^extend schema @link\(url: "https:\/\/specs\.apollo\.dev\/federation\/v2\.0"/);
    const directives = parse(sdl).definitions.flatMap((definition) =>
      definition.kind === Kind.OBJECT_TYPE_DEFINITION
        ? (definition.directives ?? []).map(({ name }) => `${definition.name.value} @${name.value}`)
        : [],
    );
    expect(directives.sort()).toEqual(['Identity @key', 'PageInfo @shareable']);
    expect(sdl).not.toMatch(/_entities|_Any|_Service/);
  });

  it('resolves identities that another subgraph refers to, in order and with the rights of the caller', async () => {
    const representations = [reference('bob'), reference('alice')];
    expect(await entities({ userId: 'alice' }, representations)).toEqual({
      data: { _entities: [null, found('alice')] },
    });
    expect(await entities({ userId: 'root', administrator: true }, representations)).toEqual({
      data: { _entities: [found('bob'), found('alice')] },
    });
  });

  it('refuses who has not signed in', async () => {
    const { errors, data } = await entities(null, [reference('alice')]);
    expect(data).toEqual({ _entities: [null] });
    expect(errors?.[0]?.extensions).toEqual({ code: 'UNAUTHENTICATED' });
  });

  it.each([
    ['another type', { __typename: 'User', id: 'us-east-1:1' }],
    ['no id', { __typename: 'Identity' }],
    ['a text', 'Identity'],
  ])('refuses a reference to %s', async (_, representation) => {
    const { errors } = await entities({ userId: 'alice' }, [representation]);
    expect(errors?.[0]?.extensions).toMatchObject({ code: 'BAD_USER_INPUT' });
  });
});
