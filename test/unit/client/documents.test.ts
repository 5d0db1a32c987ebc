import { readdir, readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { ApolloClient, HttpLink, InMemoryCache } from '@apollo/client';
import { buildSchema, type DocumentNode, parse, print, validate } from 'graphql';
import { describe, expect, it } from 'vitest';
import * as documents from '../../../src/client/documents.ts';
import * as operations from '../../../src/client/index.ts';
import { identityOf, issued, startServer } from './testServers.ts';

const schemaFolder = resolve(import.meta.dirname, '../../../schema');

async function operationTexts(): Promise<Map<string, string>> {
  const texts = new Map<string, string>();
  for (const file of await readdir(`${schemaFolder}/operations`)) {
    const text = print(parse(await readFile(`${schemaFolder}/operations/${file}`, 'utf8')));
    texts.set(`${/(?:query|mutation) (\w+)/.exec(text)?.[1]}Document`, text);
  }
  return texts;
}

const entries = (module: object) =>
  new Map(Object.entries(module).filter(([name]) => name.endsWith('Document')) as [string, unknown][]);

describe('the typed documents', () => {
  it('are those of schema/operations, once as texts and once as syntax trees', async () => {
    const expected = await operationTexts();
    const texts = new Map([...entries(operations)].map(([name, text]) => [name, print(parse(String(text)))]));
    const trees = new Map([...entries(documents)].map(([name, tree]) => [name, print(tree as DocumentNode)]));
    expect(texts).toEqual(expected);
    expect(trees).toEqual(expected);
  });

  it('are valid against the committed schema', async () => {
    const schema = buildSchema(await readFile(`${schemaFolder}/schema.graphql`, 'utf8'));
    for (const [name, tree] of entries(documents)) {
      expect([name, validate(schema, tree as DocumentNode)]).toEqual([name, []]);
    }
  });

  it('are taken by Apollo Client, which infers result and variables', async () => {
    const server = await startServer(() => issued('alice'));
    const client = new ApolloClient({
      link: new HttpLink({ uri: server.url }),
      cache: new InMemoryCache(),
    });
    const { data } = await client.mutate({
      mutation: documents.CognitoCredentialsDocument,
      variables: { input: { tokenDuration: 600 } },
    });
    const identityId: string | undefined = data?.cognitoCredentials.identityId;
    client.stop();
    await server.close();
    expect(identityId).toBe(identityOf('alice'));
    expect(server.seen[0]?.body.operationName).toBe('CognitoCredentials');
    expect(server.seen[0]?.body.variables).toEqual({ input: { tokenDuration: 600 } });
  });
});
