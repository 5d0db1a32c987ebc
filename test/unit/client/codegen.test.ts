import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { errorCodes } from '../../../src/errors.ts';
import { emitAll, emitOperations, staleFiles } from '../../support/codegen.ts';

const root = resolve(import.meta.dirname, '../../..');

describe('the generated files', () => {
  it('are committed as the schema and the operations have them', async () => {
    const files = await emitAll();
    expect(files.map(({ path }) => path)).toEqual(
      expect.arrayContaining(['src/client/generated/operations.ts', 'src/client/generated/documents.ts']),
    );
    expect(await staleFiles(files)).toEqual([]);
  });

  it('are found stale when the schema has changed', async () => {
    const sdl = await readFile(`${root}/schema/schema.graphql`, 'utf8');
    const changed = sdl.replace(/openIdToken: String!/, 'openIdToken: ID');
    expect(changed).not.toBe(sdl);
    expect(await staleFiles(await emitOperations(changed))).toEqual(['src/client/generated/operations.ts']);
  });

  it('are refused when an operation asks for what the schema does not have', async () => {
    const sdl = await readFile(`${root}/schema/schema.graphql`, 'utf8');
    const changed = sdl.replace(/openIdToken: String!/, 'token: String!');
    await expect(emitOperations(changed)).rejects.toThrow('openIdToken');
  });

  it('know the codes that the server has', async () => {
    const text = await readFile(`${root}/src/client/generated/operations.ts`, 'utf8');
    const codes = [...(text.split('export type ErrorCode')[1] ?? '').matchAll(/'(\w+)'/g)].map(
      ([, code]) => code,
    );
    expect(new Set(codes)).toEqual(new Set(errorCodes));
  });

  it('import nothing at run time', async () => {
    for (const name of ['operations', 'documents']) {
      const text = await readFile(`${root}/src/client/generated/${name}.ts`, 'utf8');
      expect(text.match(/^import (?!type )/m)).toBeNull();
    }
  });
});
