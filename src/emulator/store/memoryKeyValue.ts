import {
  BufferedWriter,
  type Entry,
  type KeyValueStore,
  type OrderedTable,
  type Range,
  type Reader,
  type Table,
} from './keyValue.ts';

/** Keeps everything in the process and leaves nothing behind. */
export function createMemoryKeyValue(): KeyValueStore {
  const tables = new Map<Table, OrderedMap>();
  const tableOf = (table: Table) => {
    let found = tables.get(table);
    if (!found) {
      found = new OrderedMap();
      tables.set(table, found);
    }
    return found;
  };
  const reader: Reader = {
    get: <T>(table: Table, key: string) => tableOf(table).get(key) as T | undefined,
    range: <T>(table: OrderedTable, range: Range) => tableOf(table).range(range) as Entry<T>[],
  };
  const writeNow: KeyValueStore['writeNow'] = (work) => {
    const writer = new BufferedWriter(reader);
    const result = work(writer);
    writer.apply({
      put: (table, key, value) => tableOf(table).put(key, value),
      remove: (table, key) => tableOf(table).remove(key),
    });
    return result;
  };
  return {
    read: (work) => work(reader),
    write: async (work) => writeNow(work),
    writeNow,
    clear: async (table) => void tables.delete(table),
    close: async () => {},
  };
}

/** A map that is put in order only when somebody asks for a range; keys that arrive in order cost nothing extra. */
class OrderedMap {
  readonly #values = new Map<string, unknown>();
  #keys: string[] | null = null;

  get(key: string): unknown {
    return this.#values.get(key);
  }

  put(key: string, value: unknown): void {
    if (this.#keys && !this.#values.has(key)) {
      const last = this.#keys.at(-1);
      if (last === undefined || key > last) this.#keys.push(key);
      else this.#keys.splice(firstAfter(this.#keys, key), 0, key);
    }
    this.#values.set(key, value);
  }

  remove(key: string): void {
    if (!this.#values.delete(key) || !this.#keys) return;
    this.#keys.splice(firstAfter(this.#keys, key) - 1, 1);
  }

  range({ prefix, after, limit }: Range): Entry<unknown>[] {
    this.#keys ??= [...this.#values.keys()].sort((a, b) => (a < b ? -1 : 1));
    const keys = this.#keys;
    const entries: Entry<unknown>[] = [];
    const start =
      after === undefined || after < prefix ? firstAtOrAfter(keys, prefix) : firstAfter(keys, after);
    for (let index = start; index < keys.length && entries.length < limit; index++) {
      const key = keys[index] as string;
      if (!key.startsWith(prefix)) break;
      entries.push({ key, value: this.#values.get(key) });
    }
    return entries;
  }
}

const firstAfter = (keys: readonly string[], key: string) => search(keys, (candidate) => candidate > key);
const firstAtOrAfter = (keys: readonly string[], key: string) =>
  search(keys, (candidate) => candidate >= key);

/** Index of the first key for which `holds`, in keys that are sorted so that it holds from some index on. */
function search(keys: readonly string[], holds: (key: string) => boolean): number {
  let low = 0;
  let high = keys.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (holds(keys[middle] as string)) high = middle;
    else low = middle + 1;
  }
  return low;
}
