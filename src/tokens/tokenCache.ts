import type { OpenIdToken, OpenIdTokenRequest } from '../cognito/gateway.ts';
import { ServiceError } from '../errors.ts';
import { untilAborted } from '../lib/abort.ts';
import { type Clock, systemClock } from '../lib/clock.ts';
import { DeadlineError, withDeadline } from '../lib/deadline.ts';
import { systemTimers, type Timers } from '../lib/timers.ts';
import { type TokenScope, tokenKey } from './tokenKey.ts';
import { createTokenStore, type TokenStoreOptions } from './tokenStore.ts';

/** Where a token is, or is to be, in a cache that several processes share. */
export interface SharedPlace {
  /** What was there, with enough life left. */
  readonly token?: OpenIdToken;
  /** Puts a token there that may be handed out until `usableUntil`, unless something made it void meanwhile. */
  keep(token: OpenIdToken, usableUntil: number): void;
  /** Says that there will be none, so that nobody waits for it. */
  leave(): void;
}

/** A cache behind this one that several processes share. Never throws but for the signal; knows nothing when in doubt. */
export interface SharedTokens {
  find(key: string, user: string, signal: AbortSignal): Promise<SharedPlace>;
  /** Whether there may be a token, or somebody who makes it. Changes nothing, and costs less than `find`. */
  has(key: string, user: string): Promise<boolean>;
}

export interface TokenCacheOptions extends TokenScope, Omit<TokenStoreOptions, 'clock'> {
  /**
   * Seconds of life that a reused token still has, `COGNITO_MIN_TOKEN_LIFE`. Default 300; for tokens of less than twice that
   * life it is half of their life.
   */
  readonly minTokenLife?: number;
  /**
   * Milliseconds that a shared call may take, with `shared` and `fetch` in it; `Infinity` where there is only a `fetch` that has a limit of
   * its own. Default 15000.
   */
  readonly sharedCallTimeoutMs?: number;
  /** Ends the shared calls, which no caller can end: for a process that stops. Default: never. */
  readonly signal?: AbortSignal;
  readonly clock?: Clock;
  readonly timers?: Timers;
  /** Asked before a token is fetched. Default: none. */
  readonly shared?: SharedTokens;
  /** For metrics: how a request was answered. */
  readonly onLookup?: (outcome: 'hit' | 'miss' | 'joined' | 'repeated') => void;
}

/** What tokens must not be used any more. */
export interface Invalidation {
  readonly users?: readonly string[];
  readonly identityIds?: readonly string[];
}

export interface TokenCache {
  /** A kept token with enough life left, without waiting for anything. */
  recall(request: OpenIdTokenRequest): OpenIdToken | undefined;
  /**
   * A token with enough life left: a kept one, the one that an equal request is already waiting for, or a new one by `fetch`.
   * Failures are not remembered. `fetch` gets a signal of its own: whoever goes away takes nothing from the others, and the
   * answer is kept for the next time even when everybody has gone.
   */
  issue(
    request: OpenIdTokenRequest,
    fetch: (signal: AbortSignal) => Promise<OpenIdToken>,
    signal: AbortSignal,
  ): Promise<OpenIdToken>;
  /**
   * Whether `issue` may do without `fetch`: an equal token is kept or being made, here or where it is shared. Never rejects.
   */
  has(request: OpenIdTokenRequest): Promise<boolean>;
  /** From now on nobody gets a token that was made before, not even who is already waiting for one. */
  invalidate(what: Invalidation | 'everything'): void;
  /** The identity of which a token of this user is kept, if any. */
  identityOf(user: string): string | undefined;
  readonly size: number;
  readonly bytes: number;
}

/** One call that several equal requests wait for. */
interface Flight {
  readonly user: string;
  /** The number of invalidations when it began: later ones make its answer void. */
  readonly began: number;
  readonly answer: Promise<OpenIdToken>;
}

/** Rounds that a request makes when its answers keep becoming void under it. */
const longestPursuit = 5;

export function createTokenCache(options: TokenCacheOptions): TokenCache {
  const { minTokenLife = 300, sharedCallTimeoutMs = 15_000, onLookup, shared } = options;
  const {
    clock = systemClock,
    timers = systemTimers,
    signal: ending = new AbortController().signal,
  } = options;
  const store = createTokenStore({ ...options, clock });
  const flights = new Map<string, Flight>();
  /** Calls that have not been answered yet, among them those that nobody can join any more. */
  let underWay = 0;
  let generation = 0;
  let everything = 0;
  /** When a user or identity was last invalidated; needed only as long as calls from before are under way. */
  const users = new Map<string, number>();
  const identities = new Map<string, number>();

  const isVoid = (flight: Flight, identityId?: string) =>
    everything > flight.began ||
    (users.get(flight.user) ?? 0) > flight.began ||
    (identityId !== undefined && (identities.get(identityId) ?? 0) > flight.began);

  /** Until when a token may be handed out, milliseconds since the epoch. */
  function usableUntil(request: OpenIdTokenRequest, token: OpenIdToken): number {
    return token.expiresAt - Math.min(minTokenLife, request.tokenDuration / 2) * 1000;
  }

  function takeOff(
    key: string,
    request: OpenIdTokenRequest,
    fetch: (signal: AbortSignal) => Promise<OpenIdToken>,
  ): Flight {
    const user = request.developerUserIdentifier;
    const began = generation;
    underWay += 1;
    const obtain = async (signal: AbortSignal) => {
      const place = await shared?.find(key, user, signal);
      let token = place?.token;
      if (token === undefined) {
        try {
          token = await fetch(signal);
        } catch (error) {
          place?.leave();
          throw error;
        }
        if (isVoid(flight, token.identityId)) place?.leave();
        else place?.keep(token, usableUntil(request, token));
      }
      if (!isVoid(flight, token.identityId)) store.put(key, user, token, usableUntil(request, token));
      return token;
    };
    const answer = withDeadline(obtain, sharedCallTimeoutMs, ending, timers).catch((error) => {
      throw error instanceof DeadlineError ? tryAgain('Amazon Cognito does not answer at present.') : error;
    });
    const flight: Flight = { user, began, answer };
    flights.set(key, flight);
    const land = () => {
      if (flights.get(key) === flight) flights.delete(key);
      // Whoever waited is called back in this turn, and compares with what is cleared in the next.
      setImmediate(() => {
        underWay -= 1;
        if (underWay > 0) return;
        users.clear();
        identities.clear();
      });
    };
    answer.then(land, land);
    return flight;
  }

  return {
    recall(request) {
      const kept = store.get(tokenKey(options, request));
      if (kept !== undefined) onLookup?.('hit');
      return kept;
    },

    async issue(request, fetch, signal) {
      const key = tokenKey(options, request);
      for (let round = 0; round < longestPursuit; round += 1) {
        signal.throwIfAborted();
        const kept = store.get(key);
        if (kept) {
          onLookup?.('hit');
          return kept;
        }
        let flight = flights.get(key);
        if (flight && !isVoid(flight)) onLookup?.(round === 0 ? 'joined' : 'repeated');
        else {
          onLookup?.(round === 0 ? 'miss' : 'repeated');
          flight = takeOff(key, request, fetch);
        }
        const token = await untilAborted(flight.answer, signal);
        if (!isVoid(flight, token.identityId)) return token;
      }
      throw tryAgain('The identity is being changed at this moment.');
    },

    async has(request) {
      const key = tokenKey(options, request);
      const joinable = flights.get(key);
      if (store.get(key) || (joinable !== undefined && !isVoid(joinable))) return true;
      if (await shared?.has(key, request.developerUserIdentifier)) return true;
      onLookup?.('miss');
      return false;
    },

    invalidate(what) {
      generation += 1;
      if (what === 'everything') {
        everything = generation;
        store.clear();
        return;
      }
      for (const user of what.users ?? []) {
        if (underWay > 0) users.set(user, generation);
        store.dropUser(user);
      }
      for (const identityId of what.identityIds ?? []) {
        if (underWay > 0) identities.set(identityId, generation);
        store.dropIdentity(identityId);
      }
    },

    identityOf: (user) => store.identityOf(user),
    get size() {
      return store.size;
    },
    get bytes() {
      return store.bytes;
    },
  };
}

function tryAgain(reason: string): ServiceError {
  return new ServiceError('UPSTREAM_UNAVAILABLE', `${reason} Try again later.`, { retryAfter: 1 });
}
