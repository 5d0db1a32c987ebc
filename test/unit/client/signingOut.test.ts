import { describe, expect, it } from 'vitest';
import { acrossTabs } from '../../../src/client/index.ts';
import { gate, until, useBackend } from './clientStage.ts';
import { failureOf, identityOf, issued, loginOf, memoryStorage } from './testServers.ts';

const { backend, providerFor } = useBackend();

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

  it('does not touch who asks right after it', async () => {
    let version = 1;
    const provider = providerFor({ getToken: () => loginOf('alice', version) });
    await provider();
    const before = failureOf(provider());
    void provider.clear();
    version = 2;
    const after = provider();
    expect(await before).toMatchObject({ code: 'SIGNED_OUT' });
    expect((await after).identityId).toBe(identityOf('alice'));
  });

  it('aborts a getToken that is under way, and tells it why', async () => {
    let reason: unknown;
    const provider = providerFor({
      getToken: ({ signal }) =>
        new Promise(() => {
          signal.addEventListener('abort', () => {
            reason = signal.reason;
          });
        }),
    });
    const running = failureOf(provider());
    await new Promise((resolve) => setTimeout(resolve, 5));
    await provider.clear();
    expect(await running).toMatchObject({ code: 'SIGNED_OUT' });
    expect(reason).toMatchObject({ code: 'SIGNED_OUT' });
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
