import { describe, expect, it } from 'vitest';
import { createIdentityStore, type IdentityStore } from '../../../src/emulator/identityStore.ts';
import { type LinkRequest, linkLogins } from '../../../src/emulator/linking.ts';
import { createMemoryKeyValue } from '../../../src/emulator/store/memoryKeyValue.ts';

const identityPoolId = 'us-east-1:0';

function setUp() {
  const store = createIdentityStore(createMemoryKeyValue());
  let now = 0;
  const link = (request: Partial<LinkRequest>) =>
    linkLogins(store, { identityPoolId, publicLogins: [], now: ++now, ...request });
  return { store, link };
}

const login = (subject: string, provider = 'p') => ({ provider, subject });

function count(store: IdentityStore, hideDisabled: boolean): number {
  const page = { after: undefined, limit: 100, hideDisabled };
  return store.read((reader) => reader.identities(identityPoolId, page)).identities.length;
}

describe('linking', () => {
  it('repeats without a change: the identity keeps its dates', async () => {
    const { link, store } = setUp();
    const first = await link({ developerUser: 'u', publicLogins: [login('x')] });
    const again = await link({
      developerUser: 'u',
      publicLogins: [login('x')],
      identityId: first.identityId,
    });
    expect(again).toEqual(first);
    expect(count(store, false)).toBe(1);
  });

  it('gives one identity to the same new logins at the same time, whichever way they come', async () => {
    const { link, store } = setUp();
    const both = { developerUser: 'u', publicLogins: [login('x')] };
    const answers = await Promise.all([
      link({ developerUser: 'u' }),
      link(both),
      link({ publicLogins: [login('x')] }),
      link(both),
    ]);
    expect(new Set(answers.map(({ identityId }) => identityId)).size).toBe(1);
    expect(count(store, true)).toBe(1);
  });

  it('keeps the older of two public identities', async () => {
    const { link, store } = setUp();
    const older = await link({ publicLogins: [login('x', 'p')] });
    await link({ publicLogins: [login('y', 'q')] });
    const merged = await link({ publicLogins: [login('y', 'q'), login('x', 'p')] });
    expect(merged.identityId).toBe(older.identityId);
    expect(merged.publicLogins).toEqual({ p: 'x', q: 'y' });
    expect([count(store, true), count(store, false)]).toEqual([1, 2]);
  });

  it('changes nothing when a merge is refused', async () => {
    const { link, store } = setUp();
    const first = await link({ developerUser: 'u', publicLogins: [login('x')] });
    const second = await link({ publicLogins: [login('y')] });
    await expect(link({ developerUser: 'u', publicLogins: [login('y')] })).rejects.toMatchObject({
      name: 'ResourceConflictException',
    });
    expect(store.read((reader) => reader.identity(first.identityId))).toEqual(first);
    expect(store.read((reader) => reader.identity(second.identityId))).toEqual(second);
  });

  it('does not mix up pools, or providers and developers', async () => {
    const { link } = setUp();
    const ids = await Promise.all([
      link({ developerUser: 'x' }),
      link({ publicLogins: [login('x')] }),
      link({ publicLogins: [login('x', 'q')] }),
      link({ developerUser: 'x', identityPoolId: 'us-east-1:1' }),
    ]);
    expect(new Set(ids.map(({ identityId }) => identityId)).size).toBe(4);
  });

  it('frees the login of a deleted identity', async () => {
    const { link, store } = setUp();
    const first = await link({ developerUser: 'u' });
    await store.write((writer) => writer.deleteIdentity(first.identityId));
    expect(count(store, false)).toBe(0);
    expect((await link({ developerUser: 'u' })).identityId).not.toBe(first.identityId);
  });
});
