import { CognitoGraphQLError } from './errors.ts';
import type { GuestSource } from './guestSource.ts';
import { credentialsOf, type HeldCredentials, isUsable, refreshTime } from './heldCredentials.ts';
import { userOfLoginToken } from './loginToken.ts';
import { type Obtained, obtainCredentials, signInRequired } from './obtainCredentials.ts';
import {
  type AskOptions,
  type CognitoGraphQLOptions,
  type CognitoGraphQLProvider,
  settingsOf,
} from './options.ts';
import { abortReason, within } from './waiting.ts';

/** What is known and under way for one user, from the first request after sign-in to sign-out. */
interface Session {
  /** Endpoint and user; the token itself where the user is not known. */
  key: string;
  readonly sharedKey: string | undefined;
  /** Number of the latest request that found this user signed in. */
  order: number;
  held?: HeldCredentials;
  refreshAt: number;
  flight?: Flight | undefined;
  stopListening?: (() => void) | undefined;
}

/** One refresh, shared by all who wait for it. */
interface Flight {
  readonly controller: AbortController;
  result?: Promise<Obtained>;
  waiters: number;
}

type How = AskOptions & { readonly guest?: GuestSource };

/** A failure that is answered again, without asking anybody, to whoever brings one of the tokens before the time is over. */
interface Hold {
  readonly error: CognitoGraphQLError;
  readonly tokens: readonly (string | undefined)[];
  readonly until: number;
}

/** How long a refused token, or an API that is down while credentials are still good, is left alone. */
const holdMs = 10_000;
/** Later than any time of a clock, in milliseconds since the epoch. */
const forever = 9e15;

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
  const { sharing, endpoint } = options;

  let session: Session | undefined;
  let hold: Hold | undefined;
  let lastToken: string | undefined;
  let asked = 0;
  let tokenRequest: ReturnType<typeof logIn> | undefined;
  /** Aborted, and replaced, by signing out. */
  let signedIn = new AbortController();

  async function logIn(force: boolean, signal: AbortSignal): Promise<string | null | undefined> {
    const limit = { signal, milliseconds: 60_000, whom: 'getToken' };
    try {
      return await within(settings, limit, (signal) => options.getToken({ force, signal }));
    } catch (cause) {
      if (signal.aborted) throw cause;
      throw new CognitoGraphQLError('LOGIN_FAILED', 'getToken failed.', { cause });
    }
  }

  /** One `getToken` for all who ask at the same moment; later ones ask anew, as the user may have changed. */
  function currentToken(): Promise<string | null | undefined> {
    const { signal } = signedIn;
    tokenRequest ??= Promise.resolve().then(() => {
      tokenRequest = undefined;
      return logIn(false, signal);
    });
    return tokenRequest;
  }

  function end(reason: CognitoGraphQLError): void {
    session?.stopListening?.();
    session?.flight?.controller.abort(reason);
    session = undefined;
  }

  /** The session of the token's user, ending that of any other user. */
  function enter(token: string, order: number): Session {
    const user = options.userKey?.() || userOfLoginToken(token);
    const key = user ? `${endpoint} ${user}` : token;
    if (session && session.key !== key) {
      if (order < session.order) throw userChanged();
      const { sharedKey } = session;
      end(userChanged());
      if (sharedKey) void sharing?.remove(sharedKey);
    }
    if (!session) {
      session = { key, sharedKey: user && key, order, refreshAt: 0 };
      if (user) session.stopListening = sharing?.onSignOut(key, signOut);
    }
    session.order = Math.max(order, session.order);
    return session;
  }

  function keep(s: Session, held: HeldCredentials): void {
    s.held = held;
    s.refreshAt = refreshTime(held, settings.refreshAheadMs, settings.random());
  }

  /** Not when the clock was set back to before they were fetched: then nothing is known about their age. */
  function isFresh({ held, refreshAt }: Session): boolean {
    const now = settings.now();
    return !!held && now < refreshAt && now > held.fetchedAt - 60_000;
  }

  async function renew(s: Session, token: string, how: How, signal: AbortSignal): Promise<Obtained> {
    const { forceRefresh, guest } = how;
    const { held: before, sharedKey } = s;
    const startedAt = settings.now();

    async function logInAgain(): Promise<string> {
      const renewed = await logIn(true, signal);
      if (!renewed) throw signInRequired();
      lastToken = renewed;
      if (!sharedKey) s.key = renewed;
      else if (enter(renewed, s.order) !== s) throw userChanged();
      return renewed;
    }

    async function work(): Promise<Obtained> {
      // What another tab fetched meanwhile.
      const stored = (sharedKey && !guest && (await sharing?.read(sharedKey))) || {};
      const after = forceRefresh ? startedAt : (before?.fetchedAt ?? 0);
      if (isUsable(stored, settings.now()) && stored.fetchedAt > after && session === s) {
        keep(s, stored);
        if (isFresh(s)) return { held: stored };
      }
      const previousIdentityId = s.held?.identityId;
      const order = { token, logInAgain, previousIdentityId, guest, signal };
      const obtained = await obtainCredentials(settings, order);
      const { held } = obtained;
      keep(s, held);
      if (sharedKey) {
        await sharing?.write(sharedKey, held);
        if (session !== s) await sharing?.remove(sharedKey);
      }
      return obtained;
    }

    try {
      const { timeoutMs } = settings;
      return await (sharing && sharedKey ? sharing.inTurn(sharedKey, { signal, timeoutMs }, work) : work());
    } catch (error) {
      const { code, transient, retryAfter = 0 } = error as CognitoGraphQLError;
      const now = settings.now();
      const until = now + (retryAfter * 1000 || holdMs);
      if (transient && !forceRefresh && !guest && before && now < before.expiresAt) {
        s.refreshAt = Math.min(until, before.expiresAt);
        return { held: before };
      }
      if (session === s && (retryAfter || code === 'SIGN_IN_REQUIRED')) {
        hold = { error: error as CognitoGraphQLError, tokens: [token, lastToken], until };
      }
      throw error;
    }
  }

  /** Shares one refresh among all who ask while it is under way, and stops it when nobody waits for it any more. */
  async function join(s: Session, token: string, how: How): Promise<Obtained> {
    const flight: Flight = s.flight ?? { controller: new AbortController(), waiters: 0 };
    s.flight = flight;
    flight.result ??= within(settings, flight.controller, (signal) => renew(s, token, how, signal));
    flight.waiters++;
    try {
      return await within(settings, how, () => flight.result as Promise<Obtained>);
    } finally {
      if (!--flight.waiters && s.flight === flight) {
        s.flight = undefined;
        flight.controller.abort();
      }
    }
  }

  async function ask(how: How = {}): Promise<Obtained> {
    const { forceRefresh, guest, signal } = how;
    const alive = signedIn.signal;
    const order = ++asked;
    const token = await within(settings, how, currentToken);
    if (alive.aborted) throw abortReason(alive);
    if (!token) {
      const error = signInRequired();
      end(error);
      throw error;
    }
    lastToken = token;
    const s = enter(token, order);
    if (!forceRefresh && !guest && s.held && isFresh(s)) return { held: s.held };
    if (hold?.tokens.includes(token) && settings.now() < hold.until) throw hold.error;
    // A guest is handed over by a request of its own, after what is under way.
    if (guest && s.flight) {
      await join(s, token, { signal }).catch(() => {});
      return ask(how);
    }
    return join(s, token, how);
  }

  /** Ends the session, here only. */
  function signOut(): void {
    const error = new CognitoGraphQLError('SIGNED_OUT', 'Signed out.');
    hold = { error, tokens: [lastToken], until: forever };
    signedIn.abort(error);
    signedIn = new AbortController();
    tokenRequest = undefined;
    end(error);
  }

  const provider = async (how?: AskOptions) => credentialsOf((await ask(how)).held);
  return Object.assign(provider, {
    memoized: true,
    refresh: (how?: AskOptions) => provider({ ...how, forceRefresh: true }),
    async linkGuest(guest: GuestSource, how?: AskOptions) {
      const { held, linked = false } = await ask({ ...how, guest });
      return { identityId: held.identityId, linked };
    },
    async clear() {
      const left = session;
      signOut();
      // A session of an unknown user has shared nothing.
      if (!left || left.sharedKey) await sharing?.signOut(left?.sharedKey, endpoint);
    },
  });
}

function userChanged(): CognitoGraphQLError {
  return new CognitoGraphQLError('USER_CHANGED', 'Another user signed in.');
}
