import type { HeldCredentials } from './heldCredentials.ts';
import { indexedDbStorage } from './indexedDbStorage.ts';
import type { CredentialsSharing, CredentialsStorage } from './sharing.ts';

export interface AcrossTabsOptions {
  /**
   * Where credentials are kept. Default: nowhere, then tabs only take turns and sign out together. `'indexedDB'` is seen by all tabs
   * at once, `'local'` (`localStorage`) by all tabs after a moment, so that two may refresh, and `'session'` by one tab across
   * reloads. They mean nowhere on a server. Any script of the page's origin can read them.
   */
  readonly storage?: 'indexedDB' | 'local' | 'session' | CredentialsStorage;
  /** Web Locks. Default: those of the browser; without them tabs do not wait for each other. */
  readonly locks?: LocksLike;
  /** Default: `BroadcastChannel` of the browser. */
  readonly openChannel?: (name: string) => ChannelLike;
}

export interface LocksLike {
  request<T>(name: string, options: { signal: AbortSignal }, callback: () => Promise<T>): Promise<T>;
}

export interface ChannelLike {
  postMessage(message: unknown): void;
  onmessage: ((event: { readonly data: unknown }) => void) | null;
  close(): void;
}

/** Of every name that is shared with the rest of the page's origin. */
const prefix = 'cognito-graphql:';

/**
 * Shares credentials among the tabs of a browser: one refreshes while the others wait and take its result from the store, and
 * signing out in one signs the user out of all. Keeps nothing itself and touches the page only when used: on a server it does
 * nothing, as a store there would be shared by all users.
 */
export function acrossTabs(options: AcrossTabsOptions = {}): CredentialsSharing {
  const remove = async (key: string) =>
    quietly(async () => (await storageOf(options))?.removeItem(prefix + key));

  return {
    async inTurn(key, { signal, timeoutMs }, work) {
      const locks = options.locks ?? (isPage() ? (navigator.locks as LocksLike | undefined) : undefined);
      if (!locks) return work();
      const waiting = new AbortController();
      const giveUp = () => waiting.abort();
      // A frozen tab may hold the lock: doing the work twice is harmless, not doing it is not.
      const timer = setTimeout(giveUp, timeoutMs);
      signal.addEventListener('abort', giveUp);
      let started = false;
      try {
        return await locks.request(prefix + key, { signal: waiting.signal }, () => {
          started = true;
          return work();
        });
      } catch (error) {
        if (started || signal.aborted) throw error;
        return work();
      } finally {
        clearTimeout(timer);
        signal.removeEventListener('abort', giveUp);
      }
    },

    read: (key) =>
      quietly(
        async () => JSON.parse((await storageOf(options)?.getItem(prefix + key)) ?? 'null') ?? undefined,
      ),

    write: (key, held: HeldCredentials) =>
      quietly(async () => {
        await storageOf(options)?.setItem(lastKeyOf(key), key);
        await storageOf(options)?.setItem(prefix + key, JSON.stringify(held));
      }),

    remove,

    async signOut(key, endpoint) {
      // Right after a reload nobody knows the user yet, but the store does.
      const left = key ?? (await quietly(async () => storageOf(options)?.getItem(lastKeyOf(endpoint))));
      if (!left) return;
      const channel = channelOf(options);
      channel?.postMessage(left);
      channel?.close();
      await remove(left);
    },

    onSignOut(key, callback) {
      const channel = channelOf(options);
      if (!channel) return () => {};
      channel.onmessage = ({ data }) => {
        if (data === key) callback();
      };
      return () => channel.close();
    },
  };
}

/** The key under which the last key of an endpoint is remembered. Keys are `<endpoint> <user>`. */
function lastKeyOf(key: string): string {
  return `${prefix}${key.split(' ', 1)[0]} last`;
}

function isPage(): boolean {
  return typeof document === 'object' && typeof navigator === 'object';
}

/** None, also, where the page may not use its own, as with cookies blocked. */
function storageOf({ storage }: AcrossTabsOptions): CredentialsStorage | undefined {
  if (typeof storage === 'object') return storage;
  if (!storage || !isPage()) return undefined;
  if (storage === 'indexedDB') return indexedDbStorage;
  return storage === 'local' ? localStorage : sessionStorage;
}

function channelOf({ openChannel }: AcrossTabsOptions): ChannelLike | undefined {
  if (openChannel) return openChannel(prefix);
  return isPage() && typeof BroadcastChannel === 'function'
    ? (new BroadcastChannel(prefix) as ChannelLike)
    : undefined;
}

async function quietly<T>(work: () => Promise<T>): Promise<T | undefined> {
  try {
    return await work();
  } catch {
    return undefined;
  }
}
