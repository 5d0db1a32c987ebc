import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  acrossTabs,
  type ChannelLike,
  type CognitoGraphQLOptions,
  fromCognitoGraphQL,
  type LocksLike,
} from '../../../src/client/index.ts';
import {
  type Backend,
  failureOf,
  fakeTime,
  identityOf,
  issued,
  loginOf,
  memoryStorage,
  refused,
  startBackend,
  userOf,
} from './testServers.ts';

let backend: Backend;
beforeEach(async () => {
  backend = await startBackend();
});
afterEach(() => backend.close());

function providerFor(options: Partial<CognitoGraphQLOptions> = {}) {
  const { api, cognito } = backend;
  const getToken = () => loginOf('alice');
  return fromCognitoGraphQL({ endpoint: api.url, cognitoEndpoint: cognito.url, getToken, ...options });
}

/** A reply that waits until it is let go. */
function gate() {
  let open = () => {};
  const opened = new Promise<void>((resolve) => {
    open = resolve;
  });
  return { opened, open: () => open() };
}

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, 2));
}

/** Web Locks as the specification has them, as far as they are used. */
function webLocks(): LocksLike & { readonly held: Set<string> } {
  const held = new Set<string>();
  const queues = new Map<string, Promise<unknown>>();
  return {
    held,
    async request(name, { signal }, callback) {
      const before = queues.get(name) ?? Promise.resolve();
      const turn = gate();
      queues.set(
        name,
        before.then(() => turn.opened),
      );
      try {
        await new Promise<void>((resolve, reject) => {
          signal.addEventListener('abort', () => reject(signal.reason));
          before.then(() => resolve());
        });
        held.add(name);
        return await callback();
      } finally {
        held.delete(name);
        turn.open();
      }
    },
  };
}

const openChannel = (name: string) => new BroadcastChannel(name) as unknown as ChannelLike;

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

describe('signing out (F07)', () => {
  it('drops the answer that is under way, stores nothing and starts no request afterwards', async () => {
    const { opened, open } = gate();
    backend.api.reply = async () => {
      await opened;
      return issued('alice');
    };
    const storage = memoryStorage();
    const provider = providerFor({ sharing: acrossTabs({ storage }) });
    const running = failureOf(provider());
    await until(() => backend.api.seen.length === 1);
    await provider.clear();
    expect(await running).toMatchObject({ code: 'SIGNED_OUT' });
    await until(() => backend.api.seen[0]?.cut() === true);
    open();
    expect(await failureOf(provider())).toMatchObject({ code: 'SIGNED_OUT' });
    expect(await failureOf(provider.refresh())).toMatchObject({ code: 'SIGNED_OUT' });
    expect(backend.api.seen).toHaveLength(1);
    expect(backend.cognito.seen).toEqual([]);
    expect(storage.entries.size).toBe(0);
  });

  it('stores nothing of an answer that comes in spite of the abort', async () => {
    const storage = memoryStorage();
    const written: string[] = [];
    storage.setItem = (key: string) => void written.push(key);
    const { opened, open } = gate();
    const provider = providerFor({
      sharing: acrossTabs({ storage }),
      environment: {
        fetch: async (url, { signal: _, ...init }) => {
          await opened;
          return fetch(url, init);
        },
      },
    });
    const running = failureOf(provider());
    await new Promise((resolve) => setTimeout(resolve, 5));
    await provider.clear();
    open();
    expect(await running).toMatchObject({ code: 'SIGNED_OUT' });
    await until(() => backend.api.seen.length === 1);
    await new Promise((resolve) => setTimeout(resolve, 30));
    expect(backend.cognito.seen).toEqual([]);
    expect(written).toEqual([]);
  });

  it.each([1, 2, 3, 4, 5, 6, 7, 8])(
    'wins over a login token that arrives %i turns before it',
    async (turns) => {
      const provider = providerFor({
        getToken: async () => {
          const later = (left: number) => {
            if (left === 0) void provider.clear();
            else queueMicrotask(() => later(left - 1));
          };
          later(turns);
          return loginOf('alice');
        },
      });
      expect(await failureOf(provider())).toMatchObject({ code: 'SIGNED_OUT' });
      expect(backend.cognito.seen).toEqual([]);
    },
  );

  it('aborts a getToken that is under way', async () => {
    let aborted = false;
    const provider = providerFor({
      getToken: ({ signal }) =>
        new Promise(() => {
          signal.addEventListener('abort', () => {
            aborted = true;
          });
        }),
    });
    const running = failureOf(provider());
    await new Promise((resolve) => setTimeout(resolve, 5));
    await provider.clear();
    expect(await running).toMatchObject({ code: 'SIGNED_OUT' });
    expect(aborted).toBe(true);
  });

  it('lets the same user in again with a new login token', async () => {
    let version = 1;
    const provider = providerFor({ getToken: () => loginOf('alice', version) });
    await provider();
    await provider.clear();
    expect(await failureOf(provider())).toMatchObject({ code: 'SIGNED_OUT' });
    version = 2;
    expect((await provider()).identityId).toBe(identityOf('alice'));
  });

  it('removes what a store keeps from before a reload', async () => {
    const storage = memoryStorage();
    await providerFor({ sharing: acrossTabs({ storage }) })();
    await providerFor({ sharing: acrossTabs({ storage }) }).clear();
    expect([...storage.entries.values()].join()).not.toContain('secret');
  });

  it('removes what was being written while it happened', async () => {
    const { opened, open } = gate();
    const entries = new Map<string, string>();
    const storage = {
      getItem: async (key: string) => entries.get(key),
      setItem: async (key: string, value: string) => {
        await opened;
        entries.set(key, value);
      },
      removeItem: async (key: string) => void entries.delete(key),
    };
    const provider = providerFor({ sharing: acrossTabs({ storage }) });
    const running = failureOf(provider());
    await until(() => backend.cognito.seen.length === 1);
    await new Promise((resolve) => setTimeout(resolve, 20));
    await provider.clear();
    open();
    expect(await running).toMatchObject({ code: 'SIGNED_OUT' });
    await new Promise((resolve) => setTimeout(resolve, 5));
    expect([...entries.values()].join()).not.toContain('secret');
  });
});

describe('several tabs (F04)', () => {
  it('refreshes once for five tabs whose credentials expire in the same second', async () => {
    const time = fakeTime();
    const [storage, locks] = [memoryStorage(), webLocks()];
    const tabs = Array.from({ length: 5 }, () =>
      providerFor({ sharing: acrossTabs({ storage, locks }), environment: time.environment }),
    );
    await Promise.all(tabs.map((tab) => tab()));
    expect(backend.api.seen).toHaveLength(1);
    time.offsetMs = 59 * 60_000;
    const credentials = await Promise.all(tabs.map((tab) => tab()));
    expect(backend.api.seen).toHaveLength(2);
    expect(new Set(credentials.map(({ accessKeyId }) => accessKeyId)).size).toBe(1);
    expect(locks.held.size).toBe(0);
  });

  it('works without Web Locks, with more requests', async () => {
    const storage = memoryStorage();
    const tabs = Array.from({ length: 5 }, () => providerFor({ sharing: acrossTabs({ storage }) }));
    const credentials = await Promise.all(tabs.map((tab) => tab()));
    expect(credentials).toHaveLength(5);
    expect((await providerFor({ sharing: acrossTabs({ storage }) })()).identityId).toBe(identityOf('alice'));
    expect(backend.api.seen.length).toBeLessThanOrEqual(5);
  });

  it('does not wait for ever for a tab that holds the lock', async () => {
    const locks: LocksLike = {
      request: (_, { signal }) =>
        new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason))),
    };
    const provider = providerFor({ sharing: acrossTabs({ locks }), timeoutMs: 100 });
    expect((await provider()).identityId).toBe(identityOf('alice'));
  });

  it('asks once for a refresh that fails in its turn', async () => {
    backend.api.reply = () => refused('FORBIDDEN');
    const provider = providerFor({ sharing: acrossTabs({ locks: webLocks() }) });
    expect(await failureOf(provider())).toMatchObject({ code: 'FORBIDDEN' });
    expect(backend.api.seen).toHaveLength(1);
  });

  it('leaves the queue when the user signs out', async () => {
    let waiting: AbortSignal | undefined;
    const locks: LocksLike = {
      request: (_, { signal }) => {
        waiting = signal;
        return new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)));
      },
    };
    const provider = providerFor({ sharing: acrossTabs({ locks }) });
    const running = failureOf(provider());
    await until(() => waiting !== undefined);
    await provider.clear();
    expect(await running).toMatchObject({ code: 'SIGNED_OUT' });
    expect(waiting?.aborted).toBe(true);
    expect(backend.api.seen).toEqual([]);
  });

  it('neither clears the store nor signs others out when the refresh of one tab fails', async () => {
    const storage = memoryStorage();
    const other = providerFor({ sharing: acrossTabs({ storage, openChannel }) });
    const failing = providerFor({ sharing: acrossTabs({ storage, openChannel }), maxAttempts: 1 });
    const before = await other();
    for (const [code, expected] of [
      ['FORBIDDEN', 'FORBIDDEN'],
      ['UNAUTHENTICATED', 'SIGN_IN_REQUIRED'],
    ] as const) {
      backend.api.reply = () => refused(code);
      expect(await failureOf(failing.refresh())).toMatchObject({ code: expected });
    }
    expect(await other()).toEqual(before);
    expect((await providerFor({ sharing: acrossTabs({ storage }) })()).accessKeyId).toBe(before.accessKeyId);
    await failing.clear();
    await other.clear();
  });

  it('signs the user out of all tabs, and nobody else', async () => {
    const storage = memoryStorage();
    const sharing = acrossTabs({ storage, openChannel });
    const [one, two] = [providerFor({ sharing }), providerFor({ sharing })];
    const bob = providerFor({ sharing, getToken: () => loginOf('bob') });
    await Promise.all([one(), two(), bob()]);
    const asked = backend.api.seen.length;
    await one.clear();
    let failure: Record<string, unknown> = {};
    await until(() => {
      void failureOf(two()).then(
        (error) => {
          failure = error;
        },
        () => {},
      );
      return failure['code'] !== undefined;
    });
    expect(failure['code']).toBe('SIGNED_OUT');
    expect((await bob()).identityId).toBe(identityOf('bob'));
    expect(backend.api.seen).toHaveLength(asked);
    expect(JSON.stringify([...storage.entries])).not.toContain(identityOf('alice'));
    await bob.clear();
  });

  it('listens to other tabs only while somebody is signed in', async () => {
    let open = 0;
    const counted = (): ChannelLike => {
      open++;
      return {
        onmessage: null,
        postMessage: () => {},
        close: () => {
          open--;
        },
      };
    };
    let user = 'alice';
    const sharing = acrossTabs({ openChannel: counted });
    const provider = providerFor({ sharing, getToken: () => loginOf(user) });
    await provider();
    user = 'bob';
    await provider();
    expect(open).toBe(1);
    await provider.clear();
    expect(open).toBe(0);
  });

  it('signs other tabs out right after a reload too', async () => {
    const storage = memoryStorage();
    const sharing = acrossTabs({ storage, openChannel });
    const other = providerFor({ sharing });
    await other();
    await providerFor({ sharing }).clear();
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(await failureOf(other())).toMatchObject({ code: 'SIGNED_OUT' });
  });

  it('takes a broken or failing store for an empty one', async () => {
    const broken = memoryStorage();
    broken.getItem = () => '{"accessKeyId":';
    expect((await providerFor({ sharing: acrossTabs({ storage: broken }) })()).identityId).toBe(
      identityOf('alice'),
    );
    const full = memoryStorage();
    full.setItem = () => {
      throw new Error('QuotaExceededError');
    };
    expect((await providerFor({ sharing: acrossTabs({ storage: full }) })()).identityId).toBe(
      identityOf('alice'),
    );
  });

  it('survives a reload with a store', async () => {
    const storage = memoryStorage();
    const before = await providerFor({ sharing: acrossTabs({ storage }) })();
    expect(await providerFor({ sharing: acrossTabs({ storage }) })()).toEqual(before);
    expect(backend.api.seen).toHaveLength(1);
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

  it('has no persistent store on a server', async () => {
    const provider = providerFor({ sharing: acrossTabs({ storage: 'session' }) });
    expect((await provider()).identityId).toBe(identityOf('alice'));
    await provider.clear();
  });
});
