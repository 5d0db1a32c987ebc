/**
 * Everything the client takes from where it runs: network, time, chance and, in a browser, the other tabs. Nothing is touched at
 * import, so that a module of a server-side renderer may import the client.
 */
export interface ClientEnvironment {
  readonly fetch: FetchLike;
  /** Milliseconds since the epoch on the local clock, which may be wrong. */
  readonly now: () => number;
  /** 0 up to, but not including, 1. */
  readonly random: () => number;
  /** Calls back after so many milliseconds, unless the returned function is called before. */
  readonly setTimer: (callback: () => void, milliseconds: number) => () => void;
  /** Web Locks; undefined where there are none. */
  readonly locks: LocksLike | undefined;
  /** A channel to the other tabs; undefined where there are none, as on a server. */
  readonly openChannel: ((name: string) => ChannelLike) | undefined;
}

/** The part of `fetch` that is used. `headers` of the answer may be missing. */
export type FetchLike = (
  url: string,
  init: {
    readonly method: string;
    readonly headers: Record<string, string>;
    readonly body: string;
    readonly signal: AbortSignal;
  },
) => Promise<ResponseLike>;

export interface ResponseLike {
  readonly status: number;
  readonly headers?: { get(name: string): string | null };
  text(): Promise<string>;
}

export interface LocksLike {
  request<T>(name: string, options: { signal: AbortSignal }, callback: () => Promise<T>): Promise<T>;
}

export interface ChannelLike {
  postMessage(message: unknown): void;
  onmessage: ((event: { readonly data: unknown }) => void) | null;
  close(): void;
}

/** The platform's own, with the given parts replaced. */
export function clientEnvironment(replaced: Partial<ClientEnvironment> = {}): ClientEnvironment {
  // A worker process of a server has Web Locks and channels too, but no tabs: there they would mix the users of one machine.
  const inTab = typeof document === 'object';
  return {
    // Looked up at each call: polyfills and test interceptors replace it late.
    fetch: (url, init) => fetch(url, init),
    now: () => Date.now(),
    random: () => Math.random(),
    setTimer: (callback, milliseconds) => {
      const timer = setTimeout(callback, milliseconds);
      return () => clearTimeout(timer);
    },
    // Web Locks exist in secure contexts only.
    locks: inTab && typeof navigator === 'object' ? (navigator.locks as LocksLike | undefined) : undefined,
    openChannel:
      inTab && typeof BroadcastChannel === 'function'
        ? (name) => new BroadcastChannel(name) as ChannelLike
        : undefined,
    ...replaced,
  };
}
