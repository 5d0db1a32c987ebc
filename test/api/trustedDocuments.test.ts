import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CognitoCredentialsDocument } from '../../src/client/generated/operations.ts';
import { readTrustedDocuments } from '../../src/config/readTrustedDocuments.ts';
import { type Stack, startStack } from '../support/stack.ts';

const directory = mkdtempSync(join(tmpdir(), 'trusted-'));
const own = readFileSync('schema/operations/me.graphql', 'utf8');
const extra = 'query Extra { me { userId } }';
const sha256 = (text: string) => createHash('sha256').update(text).digest('hex');
const file = (name: string, content: unknown) => {
  const path = join(directory, name);
  writeFileSync(path, typeof content === 'string' ? content : JSON.stringify(content));
  return path;
};

let stack: Stack;
beforeAll(async () => {
  const manifest = {
    format: 'apollo-persisted-query-manifest',
    version: 1,
    operations: [{ id: '1', name: 'Extra', type: 'query', body: extra }],
  };
  stack = await startStack({
    env: { TRUSTED_DOCUMENTS: 'only', TRUSTED_DOCUMENTS_FILE: file('manifest.json', manifest) },
  });
});
afterAll(async () => {
  await stack.stop();
  rmSync(directory, { recursive: true });
});

const post = async (body: object) => {
  const response = await fetch(`${stack.app.url}/graphql`, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      authorization: `Bearer ${await stack.login.issueToken({ user: 'alice' })}`,
    },
    body: JSON.stringify(body),
  });
  return { status: response.status, ...((await response.json()) as { data?: unknown; errors?: unknown }) };
};
const refusal = {
  status: 403,
  errors: [
    {
      message:
        'This server runs its trusted documents only. Send one of them, or its SHA-256 as extensions.persistedQuery.sha256Hash.',
      extensions: { code: 'FORBIDDEN' },
    },
  ],
};

describe('with TRUSTED_DOCUMENTS=only', () => {
  it('a document of the package runs in any spelling', async () => {
    for (const query of [own, own.replace(/\s+/g, ' '), `# mine\n${own}`]) {
      expect(await post({ query })).toMatchObject({ status: 200, data: { me: { userId: 'alice' } } });
    }
    expect(await post({ query: CognitoCredentialsDocument })).toMatchObject({ status: 200 });
  });

  it('a document runs by its SHA-256 alone, as in the persisted query protocol', async () => {
    const extensions = { persistedQuery: { version: 1, sha256Hash: sha256(own) } };
    expect(await post({ extensions })).toMatchObject({ status: 200, data: { me: { userId: 'alice' } } });
    const search = new URLSearchParams({ extensions: JSON.stringify(extensions) });
    const response = await fetch(`${stack.app.url}/graphql?${search}`, {
      headers: {
        'apollo-require-preflight': '1',
        authorization: `Bearer ${await stack.login.issueToken({ user: 'bob' })}`,
      },
    });
    expect(await response.json()).toMatchObject({ data: { me: { userId: 'bob' } } });
  });

  it('a document of the file runs', async () => {
    expect(await post({ query: extra })).toMatchObject({ status: 200, data: { me: { userId: 'alice' } } });
  });

  it.each([
    ['any other document', { query: '{ me { userId } }' }],
    ['introspection', { query: '{ __schema { queryType { name } } }' }],
    ['a hash that is not known', { extensions: { persistedQuery: { version: 1, sha256Hash: sha256('x') } } }],
    [
      'an unknown hash with a trusted document beside it',
      { query: own, extensions: { persistedQuery: { sha256Hash: sha256('x') } } },
    ],
    ['no document', {}],
    ['a document that is no text', { query: 1 }],
    ['nonsense', { query: '}{' }],
  ])('%s is refused', async (_, body) => {
    expect(await post(body)).toEqual(refusal);
  });
});

describe('readTrustedDocuments', () => {
  it('reads an object from hash to document', async () => {
    const documents = await readTrustedDocuments(file('map.json', { [sha256(extra)]: extra }));
    expect(documents).toContain(extra);
    expect(documents).toContain(own);
  });

  it.each([
    ['is missing', join(directory, 'missing.json')],
    ['is no JSON', file('broken.json', '{')],
    ['has another form', file('other.json', { documents: [] })],
  ])('says what a file must hold that %s', async (_, path) => {
    await expect(readTrustedDocuments(path)).rejects.toThrow(
      'TRUSTED_DOCUMENTS_FILE cannot be read as a list of documents.',
    );
  });
});
