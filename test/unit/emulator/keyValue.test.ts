import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { KeyValueStore } from '../../../src/emulator/store/keyValue.ts';
import { openLmdbKeyValue } from '../../../src/emulator/store/lmdbKeyValue.ts';
import { createMemoryKeyValue } from '../../../src/emulator/store/memoryKeyValue.ts';

let directory: string;
let store: KeyValueStore;

/** One suite for all stores: how each is opened. */
const stores: [string, () => Promise<KeyValueStore>][] = [
  ['in memory', async () => createMemoryKeyValue()],
  ['on disk', () => openLmdbKeyValue(directory)],
];

describe.each(stores)('a store %s', (_name, openStore) => {
  beforeEach(async () => {
    directory = mkdtempSync(join(tmpdir(), 'key-value-'));
    store = await openStore();
  });
  afterEach(async () => {
    await store.close();
    rmSync(directory, { recursive: true });
  });

  const keys = (prefix: string, after?: string, limit = 100) =>
    store.read((reader) => reader.range('members', { prefix, after, limit }).map(({ key }) => key));

  const put = (...names: string[]) =>
    store.write((writer) => {
      for (const name of names) writer.put('members', name, { name });
    });

  it('gives back what was put, and nothing for the rest', async () => {
    await put('a');
    expect(store.read((reader) => reader.get('members', 'a'))).toEqual({ name: 'a' });
    expect(store.read((reader) => reader.get('members', 'b'))).toBeUndefined();
    expect(store.read((reader) => reader.get('pools', 'a'))).toBeUndefined();
  });

  it('keeps a property named like one of every object', async () => {
    const value = JSON.parse('{"__proto__":"x"}');
    await store.write((writer) => writer.put('meta', 'k', value));
    expect(Object.entries(store.read((reader) => reader.get<object>('meta', 'k')) ?? {})).toEqual([
      ['__proto__', 'x'],
    ]);
  });

  it('takes keys of any length where they are only looked up', async () => {
    const long = 'k'.repeat(10_000);
    await store.write((writer) => {
      writer.put('logins', `${long}1`, 'first');
      writer.put('logins', `${long}2`, 'second');
    });
    await store.write((writer) => writer.remove('logins', `${long}1`));
    const found = (key: string) => store.read((reader) => reader.get('logins', key));
    expect([`${long}1`, `${long}2`, long].map(found)).toEqual([undefined, 'second', undefined]);
  });

  it('ranges over a prefix in order, from a key on, up to a limit', async () => {
    await put('p/3', 'p/1', 'q/1', 'o/9', 'p/2', 'p');
    expect(keys('p/')).toEqual(['p/1', 'p/2', 'p/3']);
    expect(keys('p/', 'p/1')).toEqual(['p/2', 'p/3']);
    expect(keys('p/', 'p/1', 1)).toEqual(['p/2']);
    expect(keys('p/', 'p/15')).toEqual(['p/2', 'p/3']);
    expect(keys('p/', 'p/3')).toEqual([]);
    expect(keys('p/', undefined, 2)).toEqual(['p/1', 'p/2']);
    expect(keys('z')).toEqual([]);
    await put('p/25', 'p/0');
    await store.write((writer) => writer.remove('members', 'p/2'));
    expect(keys('p/')).toEqual(['p/0', 'p/1', 'p/25', 'p/3']);
  });

  it('writes nothing when the work throws', async () => {
    await put('a');
    const broken = store.write((writer) => {
      writer.put('members', 'b', 1);
      writer.remove('members', 'a');
      throw new Error('on purpose');
    });
    await expect(broken).rejects.toThrow('on purpose');
    expect(keys('')).toEqual(['a']);
    expect(() =>
      store.writeNow((writer) => {
        writer.put('members', 'c', 1);
        throw new Error('on purpose');
      }),
    ).toThrow('on purpose');
    expect(keys('')).toEqual(['a']);
  });

  it('lets one that throws not undo others at the same time', async () => {
    const outcomes = await Promise.allSettled([
      put('a'),
      store.write(() => {
        throw new Error('on purpose');
      }),
      put('b'),
    ]);
    expect(outcomes.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
    expect(keys('')).toEqual(['a', 'b']);
  });

  it('runs writes one after the other', async () => {
    const count = () =>
      store.write((writer) => {
        const before = writer.get<number>('meta', 'count') ?? 0;
        writer.put('meta', 'count', before + 1);
        return before;
      });
    const seen = await Promise.all(Array.from({ length: 100 }, count));
    expect(new Set(seen).size).toBe(100);
    expect(store.writeNow((writer) => writer.get('meta', 'count'))).toBe(100);
  });

  it('shows a write what it has written itself', async () => {
    await put('p/1', 'p/2', 'p/3');
    const seen = await store.write((writer) => {
      writer.remove('members', 'p/1');
      writer.put('members', 'p/25', 'new');
      writer.put('members', 'p/3', 'changed');
      expect(writer.get('members', 'p/1')).toBeUndefined();
      expect(writer.get('members', 'p/25')).toBe('new');
      return [
        writer.range('members', { prefix: 'p/', limit: 2 }),
        writer.range('members', { prefix: 'p/', after: 'p/2', limit: 9 }),
      ];
    });
    expect(seen).toEqual([
      [
        { key: 'p/2', value: { name: 'p/2' } },
        { key: 'p/25', value: 'new' },
      ],
      [
        { key: 'p/25', value: 'new' },
        { key: 'p/3', value: 'changed' },
      ],
    ]);
  });

  it('clears one table', async () => {
    await put('a');
    await store.write((writer) => writer.put('meta', 'b', 1));
    await store.clear('members');
    expect(keys('')).toEqual([]);
    expect(store.read((reader) => reader.get('meta', 'b'))).toBe(1);
    await put('c');
    expect(keys('')).toEqual(['c']);
  });
});

it('keeps a range in order whatever is put and removed', async () => {
  const change = fc.record({ key: fc.stringMatching(/^[ab][0-9a-f]{0,3}$/), remove: fc.boolean() });
  await fc.assert(
    fc.asyncProperty(fc.array(change, { maxLength: 40 }), async (changes) => {
      const memory = createMemoryKeyValue();
      const expected = new Set<string>();
      for (const { key, remove } of changes) {
        await memory.write((writer) =>
          remove ? writer.remove('members', key) : writer.put('members', key, 1),
        );
        if (remove) expected.delete(key);
        else expected.add(key);
        const found = memory.read((reader) => reader.range('members', { prefix: 'a', limit: 100 }));
        expect(found.map((item) => item.key)).toEqual(
          [...expected].filter((one) => one.startsWith('a')).sort(),
        );
      }
    }),
    { numRuns: 50 },
  );
});
