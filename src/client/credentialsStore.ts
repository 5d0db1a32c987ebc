import { type HeldCredentials, heldFrom } from './heldCredentials.ts';

/** Where credentials outlive the page: `sessionStorage`, `localStorage`, or anything else with these three, synchronous or not. */
export interface CredentialsStorage {
  getItem(key: string): string | null | undefined | Promise<string | null | undefined>;
  setItem(key: string, value: string): unknown;
  removeItem(key: string): unknown;
}

/**
 * The stored credentials of one endpoint. Each key holds endpoint and user; a further item remembers the last key, so that signing
 * out right after a reload finds what to remove. A store that fails (full, forbidden, broken content) counts as empty: it may
 * cost a request, never the session.
 */
export class CredentialsStore {
  readonly #storage: CredentialsStorage;
  readonly #lastKey: string;

  constructor(storage: CredentialsStorage, lastKey: string) {
    this.#storage = storage;
    this.#lastKey = lastKey;
  }

  async read(key: string): Promise<HeldCredentials | undefined> {
    try {
      return heldFrom(JSON.parse((await this.#storage.getItem(key)) ?? 'null') ?? {});
    } catch {
      return undefined;
    }
  }

  async write(key: string, held: HeldCredentials): Promise<void> {
    try {
      await this.#storage.setItem(this.#lastKey, key);
      await this.#storage.setItem(key, JSON.stringify(held));
    } catch {
      await this.remove(key);
    }
  }

  /** Removes what is under the key; without a key, what was written last. Answers which key that was. */
  async remove(key?: string): Promise<string | undefined> {
    try {
      const found = key ?? (await this.#storage.getItem(this.#lastKey)) ?? undefined;
      if (found) await this.#storage.removeItem(found);
      return found;
    } catch {
      return undefined;
    }
  }
}

/** The store that the option names, or undefined for none: also where the page may not use its own, as with cookies blocked. */
export function openStore(
  storage: 'session' | 'local' | CredentialsStorage | undefined,
  name: string,
): CredentialsStore | undefined {
  let found: CredentialsStorage | undefined;
  try {
    // On a server there is no page, and a store would be shared by all users.
    const page = typeof document === 'object' ? globalThis : undefined;
    found = typeof storage === 'object' ? storage : storage && page?.[`${storage}Storage`];
  } catch {}
  return found && new CredentialsStore(found, name);
}
