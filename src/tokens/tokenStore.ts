import { LRUCache } from 'lru-cache';
import type { OpenIdToken } from '../cognito/gateway.ts';
import type { Clock } from '../lib/clock.ts';

export interface TokenStoreOptions {
  /** Tokens kept at most. Default 100000. */
  readonly maxEntries?: number;
  /** Bytes kept at most, estimated. Default 2,560 for each entry: 256 MB with the default of those. */
  readonly maxBytes?: number;
  readonly clock: Clock;
}

interface Entry extends OpenIdToken {
  readonly user: string;
  /** Until when the token may be handed out, milliseconds since the epoch. */
  readonly usableUntil: number;
}

/** What an entry costs beside its texts: its objects, two index slots and the list node. */
const entryOverheadBytes = 600;

/** Tokens that still have enough life, found by key and dropped by user or identity. Holds no more than it was allowed. */
export function createTokenStore(options: TokenStoreOptions) {
  const { maxEntries = 100_000, maxBytes = maxEntries * 2_560, clock } = options;
  const byUser = new KeyIndex();
  const byIdentity = new KeyIndex();
  const entries = new LRUCache<string, Entry>({
    // Without `max`, for which lru-cache makes room beforehand: 25 ms of the start of the process.
    maxSize: maxBytes,
    sizeCalculation: (entry, key) =>
      key.length +
      entry.user.length +
      entry.identityId.length +
      entry.openIdToken.length +
      entryOverheadBytes,
    dispose: (entry, key) => {
      byUser.remove(entry.user, key);
      byIdentity.remove(entry.identityId, key);
    },
  });

  /** The least recently used are the first to be useless: two per insertion keep the rest from piling up. */
  function sweep() {
    for (let i = 0; i < 2; i += 1) {
      const { value: key } = entries.rkeys().next();
      const entry = key === undefined ? undefined : entries.peek(key);
      if (key === undefined || !entry || clock.now() <= entry.usableUntil) return;
      entries.delete(key);
    }
  }

  return {
    get(key: string): OpenIdToken | undefined {
      const entry = entries.get(key);
      if (!entry) return undefined;
      if (clock.now() <= entry.usableUntil) {
        const { identityId, openIdToken, expiresAt } = entry;
        return { identityId, openIdToken, expiresAt };
      }
      entries.delete(key);
      return undefined;
    },

    /** Keeps the token until `usableUntil`; a token of the same user for another identity shows that the older ones are void. */
    put(key: string, user: string, token: OpenIdToken, usableUntil: number): void {
      if (usableUntil < clock.now()) return;
      for (const other of byUser.keys(user)) {
        if (entries.peek(other)?.identityId !== token.identityId) entries.delete(other);
      }
      const { identityId, openIdToken, expiresAt } = token;
      // The old entry leaves the indexes before the new one enters them: they may be the same slots.
      entries.delete(key);
      entries.set(key, { user, identityId, openIdToken, expiresAt, usableUntil });
      if (entries.size > maxEntries) entries.pop();
      if (entries.has(key)) {
        byUser.add(user, key);
        byIdentity.add(identityId, key);
      }
      sweep();
    },

    dropUser(user: string): void {
      for (const key of byUser.keys(user)) entries.delete(key);
    },

    dropIdentity(identityId: string): void {
      for (const key of byIdentity.keys(identityId)) entries.delete(key);
    },

    clear(): void {
      entries.clear();
    },

    /** The identity of which a token of this user is held. */
    identityOf(user: string): string | undefined {
      const [key] = byUser.keys(user);
      return key === undefined ? undefined : entries.peek(key)?.identityId;
    },

    get size(): number {
      return entries.size;
    },
    get bytes(): number {
      return entries.calculatedSize;
    },
    /** Names in the indexes; equals the number of distinct users and identities held. */
    get indexed(): number {
      return byUser.size + byIdentity.size;
    },
  };
}

/** Keys under a name. Nearly every name has one key, which then costs no set. */
class KeyIndex {
  readonly #keys = new Map<string, string | Set<string>>();

  get size(): number {
    return this.#keys.size;
  }

  keys(name: string): readonly string[] {
    const held = this.#keys.get(name);
    if (held === undefined) return [];
    return typeof held === 'string' ? [held] : [...held];
  }

  add(name: string, key: string): void {
    const held = this.#keys.get(name);
    if (held === undefined) this.#keys.set(name, key);
    else if (typeof held !== 'string') held.add(key);
    else if (held !== key) this.#keys.set(name, new Set([held, key]));
  }

  remove(name: string, key: string): void {
    const held = this.#keys.get(name);
    if (held === key) this.#keys.delete(name);
    else if (held instanceof Set) {
      held.delete(key);
      if (held.size === 0) this.#keys.delete(name);
    }
  }
}
