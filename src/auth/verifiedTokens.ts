import { hash } from 'node:crypto';
import { LRUCache } from 'lru-cache';
import type { Principal } from './principal.ts';

interface VerifiedToken {
  readonly principal: Principal;
  readonly expiresAtMs: number;
}

/**
 * Tokens that were verified before, so that a signature is checked once and not on every request.
 *
 * Bounded; keyed by SHA-256 so that a memory dump of the cache holds no usable token; nothing is answered past the token's
 * end; everything is forgotten as soon as the key set changes, because the key behind a token may have been withdrawn.
 */
export class VerifiedTokens {
  readonly #tokens: LRUCache<string, VerifiedToken> | undefined;
  #generation = 0;

  /** @param maxTokens Most tokens to remember; 0 remembers none. */
  constructor(maxTokens: number) {
    // By size: for `max` lru-cache makes room beforehand, which would be part of every start of the process.
    this.#tokens = maxTokens > 0 ? new LRUCache({ maxSize: maxTokens, sizeCalculation: () => 1 }) : undefined;
  }

  /** The principal of a token verified under this generation of the keys, if it has not ended. */
  get(digest: string, generation: number, nowMs: number): Principal | undefined {
    this.#moveTo(generation);
    const known = this.#tokens?.get(digest);
    if (known === undefined) return undefined;
    if (nowMs < known.expiresAtMs) return known.principal;
    this.#tokens?.delete(digest);
    return undefined;
  }

  /**
   * @param generation Of the keys that the token was verified with. When the keys have changed since, nothing is stored.
   * @param expiresAtMs Milliseconds since the epoch.
   */
  set(digest: string, principal: Principal, expiresAtMs: number, generation: number): void {
    if (generation < this.#generation) return;
    this.#moveTo(generation);
    this.#tokens?.set(digest, { principal, expiresAtMs });
  }

  get size(): number {
    return this.#tokens?.size ?? 0;
  }

  #moveTo(generation: number): void {
    if (generation === this.#generation) return;
    this.#tokens?.clear();
    this.#generation = generation;
  }
}

/** SHA-256 of a token, in base64url. */
export function digestOf(token: string): string {
  return hash('sha256', token, 'base64url');
}
