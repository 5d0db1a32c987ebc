import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import * as z from 'zod/mini';
import { packageFile } from '../lib/packageFile.ts';
import { ConfigError } from './config.ts';

/** Where this package keeps the documents of its client. */
const ownDocuments = packageFile('schema/operations');

/** An Apollo persisted query manifest, or an object from SHA-256 to document as GraphQL Code Generator writes it. */
const fileShape = z.union([
  z.pipe(
    z.object({
      format: z.literal('apollo-persisted-query-manifest'),
      operations: z.array(z.object({ body: z.string() })),
    }),
    z.transform(({ operations }) => operations.map(({ body }) => body)),
  ),
  z.pipe(
    z.record(z.string().check(z.regex(/^[0-9a-f]{64}$/)), z.string()),
    z.transform((documents) => Object.values(documents)),
  ),
]);

/**
 * The texts of all trusted documents: those of this package's client, and those of the file.
 *
 * @throws ConfigError when the file cannot be read or has another form
 */
export async function readTrustedDocuments(file: string | undefined): Promise<string[]> {
  const names = await readdir(ownDocuments);
  const own = await Promise.all(names.map((name) => readFile(join(ownDocuments, name), 'utf8')));
  if (file === undefined) return own;
  let more: string[];
  try {
    more = fileShape.parse(JSON.parse(await readFile(file, 'utf8')));
  } catch {
    throw new ConfigError([
      {
        setting: 'TRUSTED_DOCUMENTS_FILE',
        problem: 'cannot be read as a list of documents',
        remedy:
          'It must hold an Apollo persisted query manifest, or a JSON object from the SHA-256 of each document to its text.',
      },
    ]);
  }
  return [...own, ...more];
}
