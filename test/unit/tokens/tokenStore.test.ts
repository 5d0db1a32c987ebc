import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createTokenStore } from '../../../src/tokens/tokenStore.ts';
import { SimulatedTime } from '../../support/simulatedTime.ts';

const begin = Date.UTC(2026, 10, 25);
const token = (identityId: string) => ({
  identityId,
  openIdToken: `token of ${identityId}`,
  expiresAt: begin + 900_000,
});

describe('the token store', () => {
  it('hands a token out until its time is over, to the millisecond', async () => {
    const clock = new SimulatedTime(begin);
    const store = createTokenStore({ clock });
    store.put('k', 'u', token('A'), begin + 600_000);

    await clock.advance(600_000);
    expect(store.get('k')).toEqual(token('A'));
    await clock.advance(1);
    expect(store.get('k')).toBeUndefined();
    expect(store.size).toBe(0);
  });

  it('does not take a token whose time is over', () => {
    const store = createTokenStore({ clock: new SimulatedTime(begin) });
    store.put('older', 'v', token('B'), begin + 1);
    store.put('k', 'u', token('A'), begin - 1);
    expect(store.size).toBe(1);
  });

  it('drops all tokens of a user, and of an identity, and no others', () => {
    const store = createTokenStore({ clock: new SimulatedTime(begin) });
    const fill = () => {
      store.put('u1-900', 'u1', token('A'), begin + 1);
      store.put('u1-60', 'u1', token('A'), begin + 1);
      store.put('u2-900', 'u2', token('A'), begin + 1);
      store.put('u3-900', 'u3', token('B'), begin + 1);
    };
    const held = () => ['u1-900', 'u1-60', 'u2-900', 'u3-900'].filter((key) => store.get(key));

    fill();
    store.dropUser('u1');
    expect(held()).toEqual(['u2-900', 'u3-900']);
    fill();
    store.dropIdentity('A');
    expect(held()).toEqual(['u3-900']);
    fill();
    store.clear();
    expect(held()).toEqual([]);
    expect(store.indexed).toBe(0);
  });

  it('drops older tokens of a user who turns out to have another identity', () => {
    const store = createTokenStore({ clock: new SimulatedTime(begin) });
    store.put('u1-900', 'u1', token('A'), begin + 1);
    store.put('u1-60', 'u1', token('B'), begin + 1);
    expect(store.get('u1-900')).toBeUndefined();
    expect(store.identityOf('u1')).toBe('B');
    expect(store.identityOf('u2')).toBeUndefined();
  });

  it('holds no more entries and bytes than it was allowed', () => {
    const few = createTokenStore({ clock: new SimulatedTime(begin), maxEntries: 3 });
    const small = createTokenStore({ clock: new SimulatedTime(begin), maxBytes: 5000 });
    for (let i = 0; i < 100; i += 1) {
      for (const store of [few, small]) store.put(`k${i}`, `u${i}`, token(`A${i}`), begin + 1);
    }
    expect(few.size).toBe(3);
    expect(few.get('k99')).toEqual(token('A99'));
    expect(few.indexed).toBe(6);
    expect(small.bytes).toBeLessThanOrEqual(5000);
    expect(small.size).toBe(8);
  });

  it('does not take a token that is larger than everything it may hold', () => {
    const store = createTokenStore({ clock: new SimulatedTime(begin), maxBytes: 5000 });
    store.put('k', 'u', { ...token('A'), openIdToken: 'x'.repeat(6000) }, begin + 1);
    expect(store.size).toBe(0);
    expect(store.indexed).toBe(0);
  });

  it('lets go of useless tokens when new ones come', async () => {
    const clock = new SimulatedTime(begin);
    const store = createTokenStore({ clock });
    for (let i = 0; i < 10; i += 1) store.put(`k${i}`, `u${i}`, token(`A${i}`), begin + 1000);
    await clock.advance(1001);
    for (let i = 0; i < 5; i += 1) store.put(`n${i}`, `n${i}`, token(`N${i}`), begin + 5000);
    expect(store.size).toBe(5);
  });

  it('keeps indexes and entries in step whatever happens', () => {
    const name = fc.constantFrom('a', 'b', 'c', 'd');
    const step = fc.oneof(
      fc.record({ do: fc.constant('put' as const), key: name, user: name, identity: name }),
      fc.record({ do: fc.constant('dropUser' as const), user: name }),
      fc.record({ do: fc.constant('dropIdentity' as const), identity: name }),
      fc.record({ do: fc.constant('get' as const), key: name }),
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const store = createTokenStore({ clock: new SimulatedTime(begin), maxEntries: 3 });
        for (const s of steps) {
          if (s.do === 'put') store.put(`${s.user}-${s.key}`, s.user, token(s.identity), begin + 1);
          else if (s.do === 'dropUser') store.dropUser(s.user);
          else if (s.do === 'dropIdentity') store.dropIdentity(s.identity);
          else store.get(s.key);
        }
        const names = ['a', 'b', 'c', 'd'];
        const held = names.flatMap((user) =>
          names.flatMap((key) => {
            const entry = store.get(`${user}-${key}`);
            return entry ? [{ user, ...entry }] : [];
          }),
        );
        expect(held.length).toBe(store.size);
        expect(store.indexed).toBe(
          new Set(held.map(({ user }) => user)).size + new Set(held.map(({ identityId }) => identityId)).size,
        );
        for (const user of names) {
          const ids = new Set(held.filter((entry) => entry.user === user).map((entry) => entry.identityId));
          expect(ids.size).toBeLessThanOrEqual(1);
          expect(store.identityOf(user)).toBe([...ids][0]);
        }
      }),
    );
  });
});
