/**
 * The little that the emulator asks of a database: tables of JSON values ordered by key, and writes that happen together or not
 * at all. Values are never changed in place.
 */
export const tables = [
  'pools',
  'identities',
  'members',
  'disabledMembers',
  'logins',
  'roles',
  'meta',
] as const;
export type Table = (typeof tables)[number];

/** A table with keys of any length, of which there are no ranges: a store may keep a hash in place of the key. */
export const lookupTable = 'logins' satisfies Table;
export type OrderedTable = Exclude<Table, typeof lookupTable>;

export interface Entry<T> {
  readonly key: string;
  readonly value: T;
}

export interface Range {
  /** Only keys that start with this. */
  readonly prefix: string;
  /** Only keys that sort after this one. */
  readonly after?: string | undefined;
  readonly limit: number;
}

export interface Reader {
  get<T>(table: Table, key: string): T | undefined;
  range<T>(table: OrderedTable, range: Range): readonly Entry<T>[];
}

export interface Writer extends Reader {
  put(table: Table, key: string, value: unknown): void;
  remove(table: Table, key: string): void;
}

export interface KeyValueStore {
  read<T>(work: (reader: Reader) => T): T;
  /**
   * Runs the synchronous `work` with nothing else in between. When it throws, nothing was written. Resolves once the writes
   * outlive the process (where the store is on disk).
   */
  write<T>(work: (writer: Writer) => T): Promise<T>;
  /** The same at once, holding up the process until it is done. For the few writes of synchronous interfaces. */
  writeNow<T>(work: (writer: Writer) => T): T;
  clear(table: Table): Promise<void>;
  close(): Promise<void>;
}

type Change = { readonly value: unknown } | null;

/** Collects writes and shows them to the reads that follow; `apply` hands them on once the work has succeeded. */
export class BufferedWriter implements Writer {
  readonly #base: Reader;
  readonly #changes = new Map<Table, Map<string, Change>>();

  constructor(base: Reader) {
    this.#base = base;
  }

  get<T>(table: Table, key: string): T | undefined {
    const change = this.#changes.get(table)?.get(key);
    if (change === undefined) return this.#base.get(table, key);
    return change === null ? undefined : (change.value as T);
  }

  range<T>(table: OrderedTable, range: Range): readonly Entry<T>[] {
    const changes = this.#changes.get(table);
    if (!changes) return this.#base.range(table, range);
    const found = new Map<string, T>();
    for (const { key, value } of this.#base.range<T>(table, {
      ...range,
      limit: range.limit + changes.size,
    })) {
      found.set(key, value);
    }
    for (const [key, change] of changes) {
      if (!key.startsWith(range.prefix) || (range.after !== undefined && key <= range.after)) continue;
      if (change === null) found.delete(key);
      else found.set(key, change.value as T);
    }
    return [...found]
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .slice(0, range.limit)
      .map(([key, value]) => ({ key, value }));
  }

  put(table: Table, key: string, value: unknown): void {
    this.#of(table).set(key, { value });
  }

  remove(table: Table, key: string): void {
    this.#of(table).set(key, null);
  }

  apply(target: Pick<Writer, 'put' | 'remove'>): void {
    for (const [table, changes] of this.#changes) {
      for (const [key, change] of changes) {
        if (change === null) target.remove(table, key);
        else target.put(table, key, change.value);
      }
    }
  }

  #of(table: Table): Map<string, Change> {
    let changes = this.#changes.get(table);
    if (!changes) {
      changes = new Map();
      this.#changes.set(table, changes);
    }
    return changes;
  }
}
