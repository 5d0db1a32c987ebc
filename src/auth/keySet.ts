import { type CryptoKey, errors, type FlattenedJWSInput, type JWSHeaderParameters } from 'jose';
import type { Clock } from '../lib/clock.ts';
import { authUnavailable, refuseToken, tell } from './authErrors.ts';
import { DocumentError } from './fetchJson.ts';
import { fetchKeyDocument, type KeyDocument, type KeySource } from './keyDocuments.ts';

/** Pauses of a key set, in milliseconds. */
export interface KeySetTimes {
  /** Between two fetches that strangers can cause, and after an answer that is no key set. */
  readonly cooldownMs: number;
  /** How long the last good keys serve after they went stale, while the key server cannot be asked. */
  readonly maxOutageMs: number;
}

export interface KeySetOptions extends KeySource, KeySetTimes {
  readonly clock: Clock;
  /** Called whenever the problem changes; null when it is gone. For the log: the text holds nothing a stranger sent. */
  readonly onProblem?: ((problem: string | null) => void) | undefined;
}

/** Keys count as fresh for what `Cache-Control: max-age` says, within these bounds; for the default where it says nothing. */
const freshMs = { min: 60_000, default: 600_000, max: 86_400_000 };
/** Stale keys serve this much longer while they are fetched again in the background, so that no request waits for a routine refresh. */
const overlapMs = 60_000;
/** First pause after a failure; it doubles from there. */
const firstRetryMs = 250;
/** Longest pause between two tries while there are no keys at all and the server does not answer. */
const eagerRetryMs = 500;
/** Longest that a request waits for a key server that has failed before. */
const patienceMs = 2_000;
const maxKeyIdLength = 1_024;

interface GoodKeys {
  readonly document: KeyDocument;
  readonly freshUntilMs: number;
}

/** What the key set is doing about getting keys. */
type Activity =
  | { readonly kind: 'resting'; readonly refetchFromMs: number }
  | { readonly kind: 'fetching'; readonly outcome: Promise<void> }
  | {
      readonly kind: 'retrying';
      readonly atMs: number;
      readonly timer: NodeJS.Timeout;
      readonly outcome: Promise<void>;
    }
  | { readonly kind: 'closed' };

/**
 * The issuer's public keys, fetched over HTTP and kept.
 *
 * - Equal concurrent fetches are one fetch; a stranger with random key ids causes at most one per cool-down.
 * - Good keys are never dropped for a bad or missing answer; they serve on for a bounded time.
 * - After a failure it tries again by itself until it succeeds; nothing needs a restart or a request.
 *
 * jose's createRemoteJWKSet is not used: it has no stale-keys period, no reporting, no size limit and no discovery.
 */
export class KeySet {
  readonly #options: KeySetOptions;
  #good: GoodKeys | undefined;
  #generation = 0;
  #activity: Activity = { kind: 'resting', refetchFromMs: 0 };
  #problem: string | null = 'the keys have not been loaded yet';
  #failures = 0;
  readonly #closing = new AbortController();

  constructor(options: KeySetOptions) {
    this.#options = options;
  }

  /** Fetches the keys now, without waiting for them. Without this there will never be any. */
  start(): void {
    this.#fetch();
  }

  /** Stops fetching, also what is under way. Keys already there are still answered. */
  close(): void {
    if (this.#activity.kind === 'retrying') clearTimeout(this.#activity.timer);
    this.#activity = { kind: 'closed' };
    this.#closing.abort();
  }

  /** Why keys cannot be had at present; null when all is well. */
  problem(): string | null {
    return this.#problem;
  }

  /**
   * Number of the key set in use, when it may be used without waiting; null when a request has to wait for keys first.
   * It grows whenever the keys change. Starts a fetch in the background when the keys are stale.
   */
  usableGeneration(): number | null {
    const good = this.#good;
    if (good === undefined) return null;
    const now = this.#options.clock.now();
    if (now < good.freshUntilMs) return this.#generation;
    if (this.#activity.kind === 'resting') this.#fetch();
    if (now < good.freshUntilMs + overlapMs) return this.#generation;
    return this.#failures > 0 && now < good.freshUntilMs + this.#options.maxOutageMs
      ? this.#generation
      : null;
  }

  /**
   * Waits for usable keys and answers their generation. Rejects with `AUTH_UNAVAILABLE` when there are none.
   */
  async ready(): Promise<number> {
    const usable = this.usableGeneration();
    if (usable !== null) return usable;
    await this.#nextOutcome();
    return this.usableGeneration() ?? this.#failUnavailable();
  }

  /**
   * The key for a token, by its protected header; what jose calls a key resolver. Only keys of the configured issuer are
   * ever answered: `jku`, `x5u` and `jwk` are not looked at, `kid` only selects among the keys that are here.
   */
  readonly findKey = async (header: JWSHeaderParameters, token: FlattenedJWSInput): Promise<CryptoKey> => {
    const { kid } = header;
    if (kid !== undefined && (typeof kid !== 'string' || kid.length > maxKeyIdLength)) {
      throw refuseToken('invalid', 'kid must be a string of at most 1024 characters');
    }
    const generation = await this.ready();
    try {
      return await this.#keys().findKey(header, token);
    } catch (error) {
      if (!(error instanceof errors.JWKSNoMatchingKey)) throw error;
    }
    await this.#refetchForUnknownKey();
    if (this.#generation === generation) {
      // The issuer may have rotated while its keys cannot be read: 401 would sign out users with good tokens.
      if (this.#failures > 0) this.#failUnavailable();
      throw refuseToken('invalid', 'no key of the issuer fits the token');
    }
    return this.#keys().findKey(header, token);
  };

  #keys(): KeyDocument {
    return this.#good?.document ?? this.#failUnavailable();
  }

  #failUnavailable(): never {
    const activity = this.#activity;
    const waitMs = activity.kind === 'retrying' ? activity.atMs - this.#options.clock.now() : patienceMs;
    throw authUnavailable(this.#problem ?? 'the keys cannot be used', waitMs);
  }

  async #refetchForUnknownKey(): Promise<void> {
    const activity = this.#activity;
    if (activity.kind === 'fetching') return activity.outcome;
    if (activity.kind === 'resting' && this.#options.clock.now() >= activity.refetchFromMs)
      return this.#fetch();
  }

  /** The outcome of the fetch under way or about to start. Once a fetch has failed, no request waits long for the next. */
  async #nextOutcome(): Promise<void> {
    const activity = this.#activity;
    if (activity.kind === 'resting' || activity.kind === 'closed') return;
    if (activity.kind === 'retrying' && activity.atMs - this.#options.clock.now() > eagerRetryMs) return;
    if (this.#failures === 0) return activity.outcome;
    let timer: NodeJS.Timeout | undefined;
    const patience = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, patienceMs);
    });
    await Promise.race([activity.outcome, patience]);
    clearTimeout(timer);
  }

  /** Called only while nothing is being fetched, and not after close(). Never rejects. */
  #fetch(): Promise<void> {
    const outcome = fetchKeyDocument(this.#options, this.#closing.signal).then(
      (document) => this.#accept(document),
      (error: unknown) => this.#reject(error),
    );
    this.#activity = { kind: 'fetching', outcome };
    return outcome;
  }

  #accept(document: KeyDocument): void {
    const now = this.#options.clock.now();
    const saidMs = document.maxAgeSeconds === undefined ? freshMs.default : document.maxAgeSeconds * 1000;
    const freshForMs = Math.min(Math.max(saidMs, freshMs.min), freshMs.max);
    if (this.#good?.document.fingerprint === document.fingerprint) {
      // The same keys: keep the imported ones, and with them everything that was verified.
      this.#good = { document: this.#good.document, freshUntilMs: now + freshForMs };
    } else {
      this.#good = { document, freshUntilMs: now + freshForMs };
      this.#generation += 1;
    }
    this.#failures = 0;
    if (this.#activity.kind !== 'closed') {
      this.#activity = { kind: 'resting', refetchFromMs: now + this.#options.cooldownMs };
    }
    this.#report(null);
  }

  #reject(error: unknown): void {
    this.#failures += 1;
    if (this.#activity.kind === 'closed') return;
    const known = error instanceof DocumentError;
    this.#retryIn(this.#pauseAfter(known ? error.kind : 'wrong'));
    this.#report(known ? error.message : 'the keys cannot be read');
  }

  /**
   * A server that did not answer loses nothing by being asked twice a second while nobody can sign in. One that says it is
   * overloaded is given time, and one that answers something else than keys will do so until somebody repairs it.
   */
  #pauseAfter(kind: DocumentError['kind']): number {
    const { cooldownMs } = this.#options;
    if (kind === 'wrong') return cooldownMs;
    const longest = kind === 'unreachable' && this.#good === undefined ? eagerRetryMs : cooldownMs;
    const first = kind === 'unreachable' ? firstRetryMs : 2 * firstRetryMs;
    return Math.min(first * 2 ** Math.min(this.#failures - 1, 20), longest);
  }

  #retryIn(pauseMs: number): void {
    let begin = () => {};
    const started = new Promise<void>((resolve) => {
      begin = resolve;
    });
    const outcome = started.then(() => this.#fetch());
    // Unreferenced: a process that is otherwise done may end.
    const timer = setTimeout(begin, pauseMs).unref();
    this.#activity = { kind: 'retrying', atMs: this.#options.clock.now() + pauseMs, timer, outcome };
  }

  #report(problem: string | null): void {
    if (problem === this.#problem) return;
    this.#problem = problem;
    tell(this.#options.onProblem, problem);
  }
}
