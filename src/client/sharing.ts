import type { HeldCredentials } from './heldCredentials.ts';

/** Where credentials outlive the page: `sessionStorage`, `localStorage`, or anything else with these three, synchronous or not. */
export interface CredentialsStorage {
  getItem(key: string): string | null | undefined | Promise<string | null | undefined>;
  setItem(key: string, value: string): unknown;
  removeItem(key: string): unknown;
}

/**
 * How the credentials of one user reach the other tabs of a browser, and the page after a reload. Every key holds endpoint and
 * user. None of the methods may reject: what cannot be shared costs a request, never the session.
 */
export interface CredentialsSharing {
  /** Does the work while no other tab does work of that key. */
  inTurn<T>(
    key: string,
    limit: { readonly signal: AbortSignal; readonly timeoutMs: number },
    work: () => Promise<T>,
  ): Promise<T>;
  /** Whatever is stored under the key; checked by the caller. */
  read(key: string): Promise<Partial<HeldCredentials> | undefined>;
  write(key: string, held: HeldCredentials): Promise<unknown>;
  remove(key: string): Promise<unknown>;
  /** Removes what is under the key and tells the other tabs; without a key, what was last written by the endpoint. */
  signOut(key: string | undefined, endpoint: string): Promise<void>;
  /** Calls back when another tab signs this user out. Returns how to stop listening. */
  onSignOut(key: string, callback: () => void): () => void;
}
