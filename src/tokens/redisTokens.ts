import { randomUUID } from 'node:crypto';
import type { OpenIdToken } from '../cognito/gateway.ts';
import { type Clock, systemClock } from '../lib/clock.ts';
import { systemTimers, type Timers } from '../lib/timers.ts';
import type { RedisLink } from './redisLink.ts';
import { findScript, invalidateScript, keepScript, leaveScript } from './redisScripts.ts';
import type { Invalidation, SharedPlace, SharedTokens, TokenCache } from './tokenCache.ts';
import type { TokenCipher } from './tokenCipher.ts';

export interface RedisTokensOptions {
  readonly link: RedisLink;
  readonly cipher: TokenCipher;
  readonly clock?: Clock;
  readonly timers?: Timers;
  /** Milliseconds that other processes wait for the one that makes a token. Default 3000. */
  readonly leaseMs?: number;
}

export interface RedisTokens extends SharedTokens {
  /** To be called with every change of identities made by this process. */
  announce(what: Invalidation | 'everything'): void;
  /** Lets changes of other processes empty this cache. */
  follow(cache: Pick<TokenCache, 'invalidate'>): void;
}

/** Longer than the longest life of a token: what is remembered as void must outlive what it makes void. */
const longestLifeMs = 25 * 60 * 60 * 1000;
const pollMs = 40;
/** Changes that wait for Redis to come back; more of them are summed up as one. */
const mostPending = 1000;
const context = { token: 'token', change: 'change' };

/** Names under one key of the cipher, as Redis knows them. */
interface Place {
  readonly keys: readonly [user: string, epoch: string, gone: string, lease: string];
  readonly field: string;
}

/**
 * Tokens shared by several processes through Redis, which sees nothing but ciphertext and keyed hashes. What is invalidated here is
 * void there before anybody else can be told, and everybody else is told at once.
 */
export function createRedisTokens(options: RedisTokensOptions): RedisTokens {
  const { link, cipher, clock = systemClock, timers = systemTimers, leaseMs = 3000 } = options;
  let pending: (Invalidation | 'everything')[] = [];
  let flushing = false;

  function placesOf(key: string, user: string): readonly Place[] {
    const users = cipher.names('user', user);
    const fields = cipher.names('token', key);
    return users.map((name, i) => ({
      keys: [`user:${name}`, 'epoch', 'gone:', `lease:${fields[i]}`],
      field: fields[i] as string,
    }));
  }

  async function read(place: Place) {
    const answer = await link.run(findScript, place.keys, [place.field, link.replicaId, leaseMs]);
    if (answer === null) return null;
    const [start, gen, sealed, lead] = answer as [number, string, string, number];
    const token = sealed === '' ? undefined : opened(sealed, place);
    // What is there and cannot be used here, for the key or the clock, nobody else is about to replace.
    return { start, gen, lead: lead === 1 || sealed !== '', token };
  }

  function opened(sealed: string, place: Place): OpenIdToken | undefined {
    const text = cipher.open(sealed, `${context.token} ${place.field}`);
    if (text === null) return undefined;
    const { usableUntil, ...token } = JSON.parse(text) as OpenIdToken & { usableUntil: number };
    return clock.now() <= usableUntil ? token : undefined;
  }

  function keep(place: Place, seen: { start: number; gen: string }, token: OpenIdToken, usableUntil: number) {
    if (usableUntil <= clock.now()) return leave(place);
    const [identity] = cipher.names('identity', token.identityId) as [string];
    const sealed = cipher.seal(JSON.stringify({ ...token, usableUntil }), `${context.token} ${place.field}`);
    void link.run(keepScript, place.keys, [
      place.field,
      link.replicaId,
      seen.gen,
      seen.start,
      Math.floor(usableUntil),
      identity,
      sealed,
    ]);
  }

  function leave(place: Place) {
    void link.run(leaveScript, [place.keys[3]], [link.replicaId]);
  }

  /** Changes go to Redis in order; as long as one has not arrived, nothing there is believed. */
  async function flush(): Promise<void> {
    if (flushing) return;
    flushing = true;
    while (pending.length > 0) {
      const [what] = pending as [Invalidation | 'everything'];
      const message = JSON.stringify({ from: link.replicaId, what });
      const told = (await invalidate(what)) && (await link.publish(cipher.seal(message, context.change)));
      if (!told) break;
      // Unless all of them were summed up meanwhile.
      if (pending[0] === what) pending.shift();
    }
    flushing = false;
  }
  // What Redis did not take is offered again as soon as it answers.
  link.onPulse(() => void flush());

  async function invalidate(what: Invalidation | 'everything'): Promise<boolean> {
    const { users = [], identityIds = [] } = what === 'everything' ? {} : what;
    const userKeys = users.flatMap((user) => cipher.names('user', user)).map((name) => `user:${name}`);
    const goneKeys = identityIds.flatMap((id) => cipher.names('identity', id)).map((name) => `gone:${name}`);
    const answer = await link.run(
      invalidateScript,
      ['epoch', ...userKeys, ...goneKeys],
      [userKeys.length, what === 'everything' ? 1 : 0, randomUUID(), longestLifeMs],
    );
    return answer !== null;
  }

  const nowhere: SharedPlace = { keep: () => {}, leave: () => {} };

  return {
    async find(key, user, signal) {
      const [place, ...older] = placesOf(key, user) as [Place, ...Place[]];
      const giveUpAt = clock.now() + leaseMs;
      for (;;) {
        if (pending.length > 0) return nowhere;
        const seen = await read(place);
        if (seen === null) return nowhere;
        // What an invalidation says that is not announced yet may be about this very token.
        if (seen.token && pending.length === 0) return { ...nowhere, token: seen.token };
        if (seen.lead) {
          for (const former of older) {
            const found = (await read(former))?.token;
            // The token will not be put there: nobody is to wait for it.
            leave(former);
            if (found && pending.length === 0) {
              leave(place);
              return { ...nowhere, token: found };
            }
          }
        }
        if (seen.lead || clock.now() >= giveUpAt) {
          return {
            keep: (token, usableUntil) => keep(place, seen, token, usableUntil),
            leave: () => leave(place),
          };
        }
        // Another process is making this very token.
        await new Promise<void>((resolve) => timers.set(resolve, pollMs));
        signal.throwIfAborted();
      }
    },

    async has(key, user) {
      const keys = placesOf(key, user).flatMap(({ keys: [tokens, , , lease] }) => [tokens, lease]);
      return ((await link.count(keys)) ?? 0) > 0;
    },

    announce(what) {
      pending.push(what);
      if (pending.length > mostPending) pending = ['everything'];
      void flush();
    },

    follow(cache) {
      link.onMessage((message) => {
        const text = cipher.open(message, context.change);
        // Not from us: somebody else writes to this channel, or has another key and needs to be trusted no further.
        if (text === null) return cache.invalidate('everything');
        const { from, what } = JSON.parse(text) as { from: string; what: Invalidation | 'everything' };
        if (from !== link.replicaId) cache.invalidate(what);
      });
      // Messages may have been missed.
      link.onListening(() => cache.invalidate('everything'));
    },
  };
}
