import type { PermitSource } from '../../../src/cognito/permitSource.ts';
import type { Clock } from '../../../src/lib/clock.ts';
import type { SharedTokens } from '../../../src/tokens/tokenCache.ts';

/** What replicas have in common through Redis, with Redis's own arithmetic and without its distance. */
export interface SharedStores {
  readonly tokens: SharedTokens;
  /** The count of the calls for tokens, as one replica sees it. */
  permits(replica: number): PermitSource;
}

export function createSharedStores(clock: Clock, replicas: number): SharedStores {
  const tokens = new Map<string, { token: Parameters<Keep>[0]; usableUntil: number }>();
  let starts: number[] = [];
  /** When each replica last wanted something. */
  const demand = new Map<number, number>();

  return {
    tokens: {
      async find(key) {
        const kept = tokens.get(key);
        if (kept && kept.usableUntil > clock.now()) return { token: kept.token, keep() {}, leave() {} };
        return { keep: (token, usableUntil) => void tokens.set(key, { token, usableUntil }), leave() {} };
      },
      has: async (key) => tokens.has(key),
    },
    permits: (replica) => ({
      available: true,
      replicas,
      async take({ count, calls, windowMs }) {
        const now = clock.now();
        let granted = 0;
        let waitMs = 0;
        while (granted < count) {
          const free = (starts.at(-calls) ?? Number.NEGATIVE_INFINITY) + windowMs;
          if (free > now) {
            waitMs = Math.ceil(free - now);
            break;
          }
          starts.push(now);
          granted += 1;
        }
        if (starts.length > 4 * calls + 100) starts = starts.slice(-calls);
        demand.set(replica, now);
        for (const [other, at] of demand) if (at < now - 1000) demand.delete(other);
        return { granted, waitMs, sharers: demand.size };
      },
    }),
  };
}

type Keep = Awaited<ReturnType<SharedTokens['find']>>['keep'];
