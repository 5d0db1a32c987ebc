import { hash } from 'node:crypto';
import type { Database, RootDatabase } from 'lmdb';
import { claimDataDirectory, DataDirectoryError } from './dataDirectory.ts';
import {
  BufferedWriter,
  type Entry,
  type KeyValueStore,
  lookupTable,
  type OrderedTable,
  type Range,
  type Reader,
  type Table,
  tables,
} from './keyValue.ts';

/** A native module of 20 MB that only an emulator with a directory has a use for: loaded here, and installed only where it is wanted. */
async function loadLmdb() {
  try {
    return (await import('lmdb')).open;
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    const missing = code === 'ERR_MODULE_NOT_FOUND';
    throw new DataDirectoryError(
      missing
        ? 'Keeping data in a directory needs one more package: npm install lmdb@3'
        : `Keeping data in a directory needs the package lmdb, which cannot be loaded: ${message}`,
    );
  }
}

/**
 * Keeps everything in a directory. A resolved write survives the death of the process; concurrent writes share a commit.
 *
 * @throws DataDirectoryError when the directory is in use, damaged or not the emulator's; it was not touched then
 */
export async function openLmdbKeyValue(directory: string): Promise<KeyValueStore> {
  const open = await loadLmdb();
  const claim = claimDataDirectory(directory);
  let root: RootDatabase;
  let databases: Map<Table, Database<unknown, string>>;
  try {
    root = open({
      path: directory,
      // A directory, also where its name has a dot, which lmdb would take for that of a file.
      noSubdir: false,
      maxDbs: tables.length + 1,
      encoding: 'json',
      // In chunks: the file is not mapped anew as a whole each time it has grown.
      remapChunks: true,
    });
    databases = new Map(
      tables.map((table) => [table, root.openDB<unknown, string>({ name: table, encoding: 'json' })]),
    );
  } catch (error) {
    claim.release();
    throw new DataDirectoryError(`Cannot open the data in ${directory}: ${(error as Error).message}`);
  }
  const databaseOf = (table: Table) => databases.get(table) as Database<unknown, string>;
  const reader: Reader = {
    get: <T>(table: Table, key: string) => databaseOf(table).get(keyIn(table, key)) as T | undefined,
    range: <T>(table: OrderedTable, { prefix, after, limit }: Range) => {
      const entries: Entry<T>[] = [];
      const start = after === undefined || after < prefix ? prefix : after;
      // One more than asked for, since the range includes the key that it starts after.
      const bounded = Math.min(limit + 1, 2 ** 31 - 1);
      for (const { key, value } of databaseOf(table).getRange({ start, limit: bounded })) {
        if (!key.startsWith(prefix) || entries.length === limit) break;
        if (key !== after) entries.push({ key, value: value as T });
      }
      return entries;
    },
  };
  const apply = (writer: BufferedWriter) =>
    writer.apply({
      put: (table, key, value) => void databaseOf(table).put(keyIn(table, key), value),
      remove: (table, key) => void databaseOf(table).remove(keyIn(table, key)),
    });
  const attempt = <T>(work: (writer: BufferedWriter) => T): Attempt<T> => {
    const writer = new BufferedWriter(reader);
    try {
      const result = work(writer);
      apply(writer);
      return { result };
    } catch (error) {
      return { error };
    }
  };

  return {
    read: (work) => work(reader),
    write: async (work) => outcome(await root.transaction(() => attempt(work))),
    writeNow: (work) => outcome(root.transactionSync(() => attempt(work))),
    clear: async (table) => {
      await databaseOf(table).clearAsync();
    },
    close: async () => {
      await root.close();
      claim.release();
    },
  };
}

/** LMDB bounds the length of a key: one that may have any is kept as the first 160 bits of its hash. */
const keyIn = (table: Table, key: string) =>
  table === lookupTable ? hash('sha256', key, 'buffer').subarray(0, 20).toString('base64url') : key;

/** Kept away from the database, which shares one transaction among many callers: one that throws must not undo the others. */
type Attempt<T> = { readonly result: T } | { readonly error: unknown };

function outcome<T>(attempt: Attempt<T>): T {
  if ('error' in attempt) throw attempt.error;
  return attempt.result;
}
