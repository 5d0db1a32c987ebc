import { execute, type GraphQLSchema, Kind, parse } from 'graphql';
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

describe('the subgraph', () => {
  it('gives its SDL with the key of identities and a shareable PageInfo, and nothing of federation itself', async () => {
    const { data } = await run('{ _service { sdl } }', { userId: 'alice' });
    const { sdl } = (data as { _service: { sdl: string } })._service;
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
