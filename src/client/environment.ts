/**
 * Everything the client takes from where it runs: network, time and chance. Nothing is touched at import, so that a module of a
 * server-side renderer may import the client.
 */
export interface ClientEnvironment {
  readonly fetch: FetchLike;
  /** Milliseconds since the epoch on the local clock, which may be wrong. */
  readonly now: () => number;
  /** 0 up to, but not including, 1. */
  readonly random: () => number;
  /** Calls back after so many milliseconds, unless the returned function is called before. */
  readonly setTimer: (callback: () => void, milliseconds: number) => () => void;
}

/** What every request needs: the platform, and how long and how often to try. */
export interface ClientContext extends ClientEnvironment {
  /** Longest wait for one answer, and longest wait before a repetition. */
  readonly timeoutMs: number;
  readonly maxAttempts: number;
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

/** The platform's own, with the given parts replaced. */
export function clientEnvironment(replaced: Partial<ClientEnvironment> = {}): ClientEnvironment {
  return {
    // Looked up at each call: polyfills and test interceptors replace it late.
    fetch: (url, init) => fetch(url, init),
    now: Date.now,
    random: Math.random,
    setTimer: (callback, milliseconds) => {
      const timer = setTimeout(callback, milliseconds);
      return () => clearTimeout(timer);
    },
    ...replaced,
  };
}
