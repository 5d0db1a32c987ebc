import { describe, expect, it, vi } from 'vitest';
import { acrossTabs } from '../../../src/client/index.ts';
import { gate, until, useBackend } from './clientStage.ts';
import { failureOf, identityOf, issued, loginOf, memoryStorage, refused, userOf } from './testServers.ts';

const { backend, providerFor } = useBackend();

describe('two users in one browser (F01)', () => {
  it('gives the second user credentials of their own after a sign-out, on the same page', async () => {
    let user = 'alice';
    const storage = memoryStorage();
    const provider = providerFor({
      getToken: () => user && loginOf(user),
      sharing: acrossTabs({ storage }),
    });
    expect((await provider()).identityId).toBe(identityOf('alice'));
    await provider.clear();
    expect([...storage.entries.values()].join()).not.toContain('secret');
    user = 'bob';
    expect((await provider()).identityId).toBe(identityOf('bob'));
    expect(backend.cognito.seen.map(({ body }) => body.IdentityId)).toEqual([
      identityOf('alice'),
      identityOf('bob'),
    ]);
  });

  it('drops what it holds of the first user when the subject of the login token changes', async () => {
    let user = 'alice';
    const storage = memoryStorage();
    const provider = providerFor({ getToken: () => loginOf(user), sharing: acrossTabs({ storage }) });
    await provider();
    user = 'bob';
    expect((await provider()).identityId).toBe(identityOf('bob'));
    expect(backend.api.seen[1]?.body.variables).toEqual({ input: {} });
    expect(JSON.stringify([...storage.entries])).not.toContain(identityOf('alice'));
  });

  it('keeps one user through new login tokens', async () => {
    let version = 1;
    const provider = providerFor({ getToken: () => loginOf('alice', version++) });
    await provider();
    await provider();
    expect(backend.api.seen).toHaveLength(1);
  });

  it('rejects a request of the first user that is under way when the second signs in', async () => {
    const { opened, open } = gate();
    backend.api.reply = async (request) => {
      if (userOf(request) === 'alice') await opened;
      return issued(userOf(request));
    };
    let user = 'alice';
    const provider = providerFor({ getToken: () => loginOf(user) });
    const first = failureOf(provider());
    await until(() => backend.api.seen.length === 1);
    user = 'bob';
    const second = await provider();
    open();
    expect(await first).toMatchObject({ code: 'USER_CHANGED' });
    expect(second.identityId).toBe(identityOf('bob'));
    expect((await provider()).identityId).toBe(identityOf('bob'));
  });

  it('does not go back to the first user when their login token arrives late', async () => {
    const { opened, open } = gate();
    let user = 'alice';
    const provider = providerFor({
      getToken: async () => {
        if (user === 'alice') {
          await opened;
          return loginOf('alice');
        }
        return loginOf(user);
      },
    });
    const first = failureOf(provider());
    await new Promise((resolve) => setTimeout(resolve, 5));
    user = 'bob';
    const second = await provider();
    open();
    expect(await first).toMatchObject({ code: 'USER_CHANGED' });
    expect(second.identityId).toBe(identityOf('bob'));
    expect(backend.api.seen.map(userOf)).toEqual(['bob']);
  });

  it('does not go back to a user whose token was asked for before the present user was last seen', async () => {
    const { opened, open } = gate();
    const answers = [
      async () => loginOf('bob'),
      async () => {
        await opened;
        return loginOf('alice');
      },
      async () => loginOf('bob'),
      async () => loginOf('bob'),
    ];
    const provider = providerFor({ getToken: () => answers.shift()?.() ?? null });
    await provider();
    const late = failureOf(provider());
    await new Promise((resolve) => setTimeout(resolve, 5));
    await provider();
    open();
    expect(await late).toMatchObject({ code: 'USER_CHANGED' });
    expect((await provider()).identityId).toBe(identityOf('bob'));
    expect(backend.api.seen.map(userOf)).toEqual(['bob']);
  });

  it('rejects when the forced re-login is of another user', async () => {
    backend.api.reply = (request) =>
      userOf(request) === 'alice' ? refused('UNAUTHENTICATED', 401) : issued('bob');
    const provider = providerFor({ getToken: ({ force }) => loginOf(force ? 'bob' : 'alice') });
    expect(await failureOf(provider())).toMatchObject({ code: 'USER_CHANGED' });
  });

  it('never reads what another user stored, in two tabs with one store', async () => {
    const storage = memoryStorage();
    const alice = providerFor({ sharing: acrossTabs({ storage }) });
    const bob = providerFor({ getToken: () => loginOf('bob'), sharing: acrossTabs({ storage }) });
    await alice();
    expect((await bob()).identityId).toBe(identityOf('bob'));
    const keys = [...storage.entries.keys()].filter((key) => key.includes('idp.test'));
    expect(keys).toHaveLength(2);
    for (const key of keys) expect(key).toContain(backend.api.url);
  });

  it('treats each opaque login token as another user, and stores nothing of them', async () => {
    let token = 'opaque-1';
    backend.api.reply = () => issued('alice');
    const storage = memoryStorage();
    const provider = providerFor({ getToken: () => token, sharing: acrossTabs({ storage }) });
    await provider();
    await provider();
    expect(backend.api.seen).toHaveLength(1);
    token = 'opaque-2';
    await provider();
    expect(backend.api.seen).toHaveLength(2);
    expect(storage.entries.size).toBe(0);
  });

  it('tells users with opaque tokens apart by the key it is given', async () => {
    let user = 'alice';
    let count = 0;
    backend.api.reply = () => issued(user);
    const provider = providerFor({ getToken: () => `opaque-${count++}`, userKey: () => user });
    await provider();
    await provider();
    expect(backend.api.seen).toHaveLength(1);
    user = 'bob';
    expect((await provider()).identityId).toBe(identityOf('bob'));
  });

  it('logs in again with an opaque token', async () => {
    backend.api.reply = ({ headers }) =>
      headers.authorization === 'Bearer opaque-2' ? issued('alice') : refused('UNAUTHENTICATED', 401);
    let token = 'opaque-1';
    const provider = providerFor({
      getToken: ({ force }) => {
        if (force) token = 'opaque-2';
        return token;
      },
    });
    expect((await provider()).identityId).toBe(identityOf('alice'));
    await provider();
    expect(backend.api.seen).toHaveLength(2);
  });
});

describe('server-side rendering (F05)', () => {
  it('keeps two concurrent users of one module apart', async () => {
    const credentials = await Promise.all(
      ['alice', 'bob'].map((user) => providerFor({ getToken: () => loginOf(user) })()),
    );
    expect(credentials.map(({ identityId }) => identityId)).toEqual(['alice', 'bob'].map(identityOf));
  });

  it('reveals nothing in JSON or in a listing of its members', async () => {
    const provider = providerFor();
    await provider();
    expect(JSON.stringify({ provider })).toBe('{}');
    expect(JSON.stringify({ ...provider })).toBe('{"memoized":true}');
  });

  it.each(['local', 'session', 'indexedDB'] as const)(
    'has no persistent store on a server: %s',
    async (storage) => {
      // Runtimes for servers have these too, for all users of the process.
      const store = memoryStorage();
      vi.stubGlobal('localStorage', store);
      vi.stubGlobal('sessionStorage', store);
      const provider = providerFor({ sharing: acrossTabs({ storage }) });
      expect((await provider()).identityId).toBe(identityOf('alice'));
      expect(store.entries.size).toBe(0);
      await provider.clear();
      vi.unstubAllGlobals();
    },
  );
});
