import { closeSync, existsSync, fstatSync, mkdirSync, openSync, readdirSync, readSync } from 'node:fs';
import { join } from 'node:path';
import { acquireLock } from './lockFile.ts';

/** A directory that cannot be used. It was left as it is. */
export class DataDirectoryError extends Error {
  override readonly name = 'DataDirectoryError';
}

/** Name of the database's file inside the directory. */
const databaseFile = 'data.mdb';
const ours = new Set([databaseFile, 'lock.mdb', 'emulator.lock']);

/**
 * Makes sure that a directory is ours, whole and used by nobody else, before the database may touch it.
 *
 * @returns what gives the directory free again
 * @throws DataDirectoryError otherwise; nothing was changed then
 */
export function claimDataDirectory(directory: string): { release(): void } {
  try {
    mkdirSync(directory, { recursive: true, mode: 0o700 });
  } catch (error) {
    throw new DataDirectoryError(`Cannot use the data directory ${directory}: ${(error as Error).message}`);
  }
  const foreign = readdirSync(directory).find(
    (name) => !ours.has(name) && !name.startsWith('emulator.lock.'),
  );
  if (foreign !== undefined) {
    throw new DataDirectoryError(
      `The data directory ${directory} holds '${foreign}', which is not the emulator's. Choose an empty directory.`,
    );
  }
  const lock = acquireLock(join(directory, 'emulator.lock'));
  if ('heldBy' in lock) {
    throw new DataDirectoryError(
      `The data directory ${directory} is in use by process ${lock.heldBy}. Stop it or choose another directory.`,
    );
  }
  const file = join(directory, databaseFile);
  const damage = existsSync(file) ? damageOf(file) : undefined;
  if (damage) {
    lock.release();
    throw new DataDirectoryError(
      `The data in ${directory} is damaged (${damage}) and was not touched. Restore it from a copy or choose another directory.`,
    );
  }
  return lock;
}

/** Layout of the two meta pages of an LMDB file, as the bundled version writes them. */
const metaPage = { magicAt: 24, magic: 0xbeefc0de, pageSizeAt: 48, lastPageAt: 0x90 };

/** LMDB maps the file into memory: reading past the end of a truncated one would end the process without a word. */
function damageOf(file: string): string | undefined {
  const descriptor = openSync(file, 'r');
  try {
    const { size } = fstatSync(descriptor);
    const page = (at: number) => {
      const bytes = Buffer.alloc(256);
      return readSync(descriptor, bytes, 0, bytes.length, at) === bytes.length ? bytes : undefined;
    };
    const first = page(0);
    if (first?.readUInt32LE(metaPage.magicAt) !== metaPage.magic) return 'it does not start as a database';
    const pageSize = first.readUInt32LE(metaPage.pageSizeAt);
    const second = pageSize >= 512 ? page(pageSize) : undefined;
    if (second?.readUInt32LE(metaPage.magicAt) !== metaPage.magic) return 'its second header is missing';
    const lastPage = Math.max(
      Number(first.readBigUInt64LE(metaPage.lastPageAt)),
      Number(second.readBigUInt64LE(metaPage.lastPageAt)),
    );
    return (lastPage + 1) * pageSize > size ? 'it ends too early' : undefined;
  } finally {
    closeSync(descriptor);
  }
}
