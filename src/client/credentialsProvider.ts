import { openStore } from './credentialsStore.ts';
import { type ChannelLike, clientEnvironment } from './environment.ts';
import { CognitoGraphQLError } from './errors.ts';
import type { GuestProof } from './guestSession.ts';
import { type HeldCredentials, refreshTime } from './heldCredentials.ts';
import { userOfLoginToken } from './loginToken.ts';
import { type Obtained, obtainCredentials, signInRequired } from './obtainCredentials.ts';
import {
  type AskOptions,
  type CognitoGraphQLOptions,
  type CognitoGraphQLProvider,
  type CognitoIdentity,
  settingsOf,
} from './options.ts';
import { announceSignOut, inTurn, onSignOut } from './tabs.ts';
import { abortReason, unlessAborted, within } from './waiting.ts';

/** What is known and under way for one user, from the first request after sign-in to sign-out. */
interface Session {
  /** Endpoint and user; the token itself where the user is not known. */
  key: string;
  readonly storeKey: string | undefined;
  /** Number of the latest request that found this user signed in. */
  order: number;
  held?: HeldCredentials;
  refreshAt: number;
  flight?: Flight;
  ended?: boolean;
  channel?: ChannelLike;
}

/** One refresh, shared by all who wait for it. */
interface Flight {
  readonly controller: AbortController;
  readonly result: Promise<Obtained>;
  waiters: number;
}

/** A failure that is answered again, without asking anybody, to whoever brings one of the tokens before the time is over. */
interface Hold {
  readonly error: CognitoGraphQLError;
  readonly tokens: readonly (string | undefined)[];
  readonly until: number;
}

/** How long a refused token, or an API that is down while credentials are still good, is left alone. */
const holdMs = 10_000;

/**
 * An AWS SDK v3 credentials provider: AWS credentials for whoever is signed in to the app, by way of its GraphQL API. Refreshes
 * ahead of expiry, once for any number of callers and clients, and never mixes users.
 *
 * The provider takes the place of the SDK's own memory (`memoized`), so that sign-out, change of user and early refresh take effect
 * at the next request of every client. Everything is kept in the provider itself: on a server, create one per request.
 *
 * @throws TypeError for options out of range; later failures are rejections with {@link CognitoGraphQLError}
 */
export function fromCognitoGraphQL(options: CognitoGraphQLOptions): CognitoGraphQLProvider {
  const settings = settingsOf(options);
  const environment = clientEnvironment(options.environment);
  const name = `cognito-graphql:${settings.endpoint}`;
  const store = openStore(options.storage, name);

  let session: Session | undefined;
  let hold: Hold | undefined;
  let lastToken: string | undefined;
  let asked = 0;
  let tokenRequest: Promise<string | undefined> | undefined;
  /** Aborted, and replaced, by signing out. */
  let signedIn = new AbortController();

  async function logIn(force: boolean, signal: AbortSignal): Promise<string | undefined> {
    const late = 'getToken did not answer in time.';
    const limit = { signal, milliseconds: settings.getTokenTimeoutMs, late };
    try {
      return (await within(environment, limit, (signal) => options.getToken({ force, signal }))) || undefined;
    } catch (cause) {
      if (signal.aborted) throw cause;
      throw new CognitoGraphQLError('LOGIN_FAILED', 'getToken failed.', { cause });
    }
  }

  /** One `getToken` for all who ask at the same moment; later ones ask anew, as the user may have changed. */
  function currentToken(): Promise<string | undefined> {
    const { signal } = signedIn;
    tokenRequest ??= Promise.resolve().then(() => {
      tokenRequest = undefined;
      return logIn(false, signal);
    });
    return tokenRequest;
  }

  function end(reason: CognitoGraphQLError): Session | undefined {
    const left = session;
    session = undefined;
    if (left) {
      left.ended = true;
      left.channel?.close();
      left.flight?.controller.abort(reason);
    }
    return left;
  }

  /** The session of the token's user, ending that of any other user. */
  function enter(token: string, order: number): Session {
    const { userKey } = options;
    const user = (typeof userKey === 'function' ? userKey() : userKey) || userOfLoginToken(token);
    const key = user ? `${name}:${user}` : token;
    if (session && session.key !== key) {
      if (order < session.order) throw userChanged();
      const left = end(userChanged());
      if (left?.storeKey) store?.remove(left.storeKey);
    }
    if (!session) {
      session = { key, storeKey: user && key, order, refreshAt: 0 };
      session.channel = user ? onSignOut(environment, name, key, () => void signOut()) : undefined;
    }
    session.order = Math.max(order, session.order);
    return session;
  }

  function keep(s: Session, held: HeldCredentials): void {
    s.held = held;
    s.refreshAt = refreshTime(held, {
      aheadMs: settings.refreshAheadMs,
      jitterMs: settings.refreshJitterMs,
      random: environment.random(),
    });
  }

  /** Not when the clock was set back to before they were fetched: then nothing is known about their age. */
  function isFresh(s: Session): boolean {
    const now = environment.now();
    return s.held !== undefined && now < s.refreshAt && now > s.held.fetchedAt - 60_000;
  }

  async function renew(
    s: Session,
    token: string,
    signal: AbortSignal,
    how: { readonly forceRefresh?: boolean | undefined; readonly guest?: GuestProof | undefined },
  ): Promise<Obtained> {
    const before = s.held;
    const startedAt = environment.now();
    const tokens = [token];

    async function logInAgain(): Promise<string> {
      const renewed = await logIn(true, signal);
      if (!renewed) throw signInRequired();
      tokens.push(renewed);
      lastToken = renewed;
      if (s.storeKey === undefined) s.key = renewed;
      else if (enter(renewed, s.order) !== s) throw userChanged();
      return renewed;
    }

    /** What another tab fetched meanwhile. */
    async function adopt(): Promise<boolean> {
      if (how.guest || s.storeKey === undefined || !store) return false;
      const found = await store.read(s.storeKey);
      const after = how.forceRefresh ? startedAt : (before?.fetchedAt ?? 0);
      if (!found || s.ended || found.fetchedAt <= after) return false;
      keep(s, found);
      return isFresh(s);
    }

    try {
      const limit = { signal, milliseconds: settings.timeoutMs };
      return await inTurn(environment, s.storeKey ?? name, limit, async () => {
        if ((await adopt()) && s.held) return { held: s.held, linked: false };
        const previousIdentityId = s.held?.identityId;
        const order = { token, logInAgain, previousIdentityId, guest: how.guest, signal };
        const obtained = await obtainCredentials(environment, settings, order);
        if (signal.aborted) throw abortReason(signal);
        const { held } = obtained;
        keep(s, held);
        if (s.storeKey && store) {
          await store.write(s.storeKey, held);
          if (s.ended) await store.remove(s.storeKey);
        }
        if (previousIdentityId && previousIdentityId !== held.identityId) {
          options.onIdentityChange?.({ identityId: held.identityId, previousIdentityId });
        }
        return obtained;
      });
    } catch (error) {
      if (s.ended || !(error instanceof CognitoGraphQLError)) throw error;
      const now = environment.now();
      if (error.transient && !how.forceRefresh && !how.guest && before && now < before.expiresAt) {
        s.refreshAt = Math.min(now + (error.retryAfter ?? 0) * 1000 + holdMs, before.expiresAt);
        return { held: before, linked: false };
      }
      if (error.retryAfter || error.code === 'SIGN_IN_REQUIRED') {
        hold = { error, tokens, until: now + (error.retryAfter ? error.retryAfter * 1000 : holdMs) };
      }
      throw error;
    }
  }

  function start(s: Session, ...how: [token: string, how: Parameters<typeof renew>[3]]): Flight {
    const controller = new AbortController();
    const { signal } = controller;
    const result = unlessAborted(renew(s, how[0], signal, how[1]), signal);
    const flight = { controller, result, waiters: 0 };
    s.flight = flight;
    land(s, flight);
    return flight;
  }

  function land(s: Session, flight: Flight): void {
    const done = () => {
      if (s.flight === flight) delete s.flight;
    };
    flight.result.then(done, done);
  }

  async function join(s: Session, flight: Flight, signal: AbortSignal | undefined): Promise<Obtained> {
    flight.waiters++;
    try {
      return await unlessAborted(flight.result, signal);
    } finally {
      if (--flight.waiters === 0) {
        if (s.flight === flight) delete s.flight;
        flight.controller.abort();
      }
    }
  }

  async function ask(options: AskOptions & { guest?: GuestProof } = {}): Promise<Obtained> {
    const { signal, forceRefresh, guest } = options;
    const alive = signedIn.signal;
    const order = ++asked;
    const token = await unlessAborted(currentToken(), signal);
    if (alive.aborted) throw abortReason(alive);
    if (!token) {
      end(signInRequired());
      throw signInRequired();
    }
    lastToken = token;
    const held = hold?.tokens.includes(token) && environment.now() < hold.until ? hold.error : undefined;
    if (held?.code === 'SIGNED_OUT') throw held;
    const s = enter(token, order);
    if (!forceRefresh && !guest && s.held && isFresh(s)) return { held: s.held, linked: false };
    if (held && !(forceRefresh && held.code === 'SIGN_IN_REQUIRED')) throw held;
    // A guest is handed over by a request of its own, after what is under way.
    while (guest && s.flight) await unlessAborted(s.flight.result, signal).catch(() => {});
    if (s.ended) throw userChanged();
    const obtained = await join(s, s.flight ?? start(s, token, { forceRefresh, guest }), signal);
    if (alive.aborted) throw abortReason(alive);
    return obtained;
  }

  /** Ends the session, here only. */
  function signOut(): Promise<string | undefined> {
    const error = new CognitoGraphQLError('SIGNED_OUT', 'Signed out.');
    hold = { error, tokens: [lastToken], until: Number.POSITIVE_INFINITY };
    signedIn.abort(error);
    signedIn = new AbortController();
    tokenRequest = undefined;
    const left = end(error);
    const key = left?.storeKey;
    // With a session of an unknown user nothing was stored by it.
    return left && !key ? Promise.resolve(undefined) : (store?.remove(key) ?? Promise.resolve(key));
  }

  const provider = async (options?: AskOptions) => credentialsOf((await ask(options)).held);
  const methods: Omit<CognitoGraphQLProvider, never> = {
    refresh: (options) => provider({ ...options, forceRefresh: true }),
    getIdentity: async (options) => identityOf((await ask(options)).held),
    async linkGuest(guest, options) {
      const proof = 'getProof' in guest ? await guest.getProof(options) : guest;
      const { held, linked } = await ask({ ...options, guest: proof });
      if (linked && 'clear' in guest) await guest.clear?.();
      return { ...identityOf(held), linked };
    },
    async clear() {
      const left = session?.storeKey;
      if (left) announceSignOut(environment, name, left);
      const removed = await signOut();
      if (!left && removed) announceSignOut(environment, name, removed);
    },
  };
  return Object.assign(provider, methods, { memoized: true });
}

function userChanged(): CognitoGraphQLError {
  return new CognitoGraphQLError('USER_CHANGED', 'Another user signed in meanwhile.');
}

/** A new object each time: what a caller does to it stays with the caller. */
function credentialsOf({
  accessKeyId,
  secretAccessKey,
  sessionToken,
  expiresAt,
  identityId,
}: HeldCredentials) {
  return { accessKeyId, secretAccessKey, sessionToken, expiration: new Date(expiresAt), identityId };
}

function identityOf({ identityId, identityPoolId, region }: HeldCredentials): CognitoIdentity {
  return { identityId, identityPoolId, region };
}
