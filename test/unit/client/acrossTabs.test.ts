import { describe, expect, it } from 'vitest';
import { acrossTabs, type ChannelLike, type LocksLike } from '../../../src/client/index.ts';
import { gate, until, useBackend } from './clientStage.ts';
import { failureOf, fakeTime, identityOf, loginOf, memoryStorage, refused } from './testServers.ts';

const { backend, providerFor } = useBackend();

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
    const provider = providerFor({ sharing: acrossTabs({ locks }), timeoutMs: 1000 });
    expect((await provider()).identityId).toBe(identityOf('alice'));
  });

  it('leaves no timer behind once it had its turn', async () => {
    const timers = () => process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length;
    const provider = providerFor({ sharing: acrossTabs({ locks: webLocks() }), timeoutMs: 3_600_000 });
    const before = timers();
    await provider();
    expect(timers()).toBeLessThanOrEqual(before);
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

  it('says nothing to other tabs when there is nobody to sign out', async () => {
    let opened = 0;
    const counted = (): ChannelLike => {
      opened++;
      return { onmessage: null, postMessage: () => {}, close: () => {} };
    };
    await providerFor({ sharing: acrossTabs({ storage: memoryStorage(), openChannel: counted }) }).clear();
    expect(opened).toBe(0);
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
