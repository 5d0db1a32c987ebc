import { LRUCache } from 'lru-cache';
import { type Clock, systemClock } from '../lib/clock.ts';
import { authUnavailable, refuseToken, tell, unlessAborted } from './authErrors.ts';
import type { Authenticator, RequestHeaders } from './authenticator.ts';
import { checkCookieName, extractToken } from './bearerToken.ts';
import {
  type ClaimOptions,
  type ClaimRules,
  type Claims,
  checkClaimOptions,
  checkLifetimeWithoutEnd,
  checkNumber,
  toPrincipal,
} from './claims.ts';
import { checkServerUri, DocumentError, fetchJson } from './fetchJson.ts';
import type { Principal } from './principal.ts';
import { digestOf } from './verifiedTokens.ts';

/** Options of createIntrospectionAuthenticator. Bad values throw TypeError at construction. */
export interface IntrospectionAuthenticatorOptions extends ClaimOptions {
  /** Introspection endpoint (RFC 7662 section 2). */
  readonly url: string;
  /** This service's own client at the authorization server; sent with HTTP Basic (RFC 6749 section 2.3.1). */
  readonly clientId: string;
  readonly clientSecret: string;
  /** When given, `iss` must be there and equal. Default: not checked, the endpoint is the issuer. */
  readonly issuer?: string;
  /** When given, one of these must be in `aud`. Default: not checked, the endpoint knows who asks (RFC 7662 section 4). */
  readonly audience?: string | readonly string[];
  /** Seconds for which an active token is not asked about again, 0 to 3,600, and never past `exp`. Default 60: how late a revocation may be noticed. */
  readonly cacheSeconds?: number;
  /** Most tokens to remember, 1 to 10,000,000. Default 10,000. */
  readonly maxCachedTokens?: number;
  /** Most questions to the endpoint at a time, 1 to 1,000; beyond that requests get AUTH_UNAVAILABLE at once. Default 64. */
  readonly maxConcurrent?: number;
  /** Milliseconds for one question, 100 to 60,000. Default 5,000. */
  readonly fetchTimeoutMs?: number;
  /** Cookie to take the token from when there is no Authorization header. Default: none. */
  readonly cookieName?: string;
  /** Accept `http:` on hosts other than loopback. Tokens and the client secret then travel in clear. Default false. */
  readonly allowInsecureUrl?: boolean;
  /** Called when the endpoint cannot be asked, with the reason, and with null when it can again. */
  readonly onProblem?: (problem: string | null) => void;
  readonly clock?: Clock;
}

/** Whose an active token is, and until when that is believed. */
interface Active {
  readonly principal: Principal;
  readonly untilMs: number;
}

/** How long, and of how many, it is remembered that they are not active. Apart from the good ones: guesses must not displace those. */
const inactive = { ms: 10_000, max: 1_000 };
/** A problem is reported for this long after it was last seen: without requests nothing would ever show that it is gone. */
const problemMs = 30_000;
const maxAnswerBytes = 64 * 1024;

/** Opaque access tokens, checked by asking the authorization server (RFC 7662). Throws TypeError for bad options. */
export function createIntrospectionAuthenticator(
  options: IntrospectionAuthenticatorOptions,
): IntrospectionAuthenticator {
  return new IntrospectionAuthenticator(options);
}

export class IntrospectionAuthenticator implements Authenticator {
  readonly #options: IntrospectionAuthenticatorOptions;
  readonly #rules: ClaimRules;
  readonly #clock: Clock;
  readonly #authorization: string;
  readonly #audience: readonly string[] | undefined;
  readonly #cacheMs: number;
  readonly #maxConcurrent: number;
  readonly #timeoutMs: number;
  readonly #active: LRUCache<string, Active>;
  /** When the memory of an inactive token ends, in milliseconds since the epoch. */
  readonly #inactive = new LRUCache<string, number>({ max: inactive.max });
  /** By digest: equal questions are asked once. */
  readonly #asking = new Map<string, Promise<Principal>>();
  #problem: { readonly text: string; readonly seenMs: number } | undefined;
  readonly #closing = new AbortController();

  constructor(options: IntrospectionAuthenticatorOptions) {
    this.#options = options;
    this.#rules = checkClaimOptions(options);
    this.#clock = options.clock ?? systemClock;
    checkServerUri('url', options.url, options.allowInsecureUrl ?? false);
    if (!options.clientId || !options.clientSecret)
      throw new TypeError('clientId and clientSecret must not be empty');
    this.#authorization = basicCredentials(options.clientId, options.clientSecret);
    this.#audience = typeof options.audience === 'string' ? [options.audience] : options.audience;
    if (this.#audience?.length === 0 || this.#audience?.includes('')) {
      throw new TypeError('audience must be left out, or be one or more non-empty strings');
    }
    if (options.issuer === '') throw new TypeError('issuer must be left out or not be empty');
    if (options.cookieName !== undefined) checkCookieName(options.cookieName);
    this.#cacheMs = 1000 * inRange('cacheSeconds', options.cacheSeconds ?? 60, 0, 3_600);
    this.#maxConcurrent = inRange('maxConcurrent', options.maxConcurrent ?? 64, 1, 1_000);
    this.#timeoutMs = inRange('fetchTimeoutMs', options.fetchTimeoutMs ?? 5_000, 100, 60_000);
    const max = inRange('maxCachedTokens', options.maxCachedTokens ?? 10_000, 1, 10_000_000);
    this.#active = new LRUCache({ max: Math.floor(max) });
  }

  authenticate(headers: RequestHeaders, signal: AbortSignal): Promise<Principal | null> {
    try {
      const token = extractToken(headers, this.#options.cookieName);
      if (token === null) return Promise.resolve(null);
      const digest = digestOf(token);
      const now = this.#clock.now();
      const known = this.#active.get(digest);
      if (known !== undefined && now < known.untilMs) return Promise.resolve(known.principal);
      if (now < (this.#inactive.get(digest) ?? 0)) throw notActive();
      return unlessAborted(this.#askOnce(token, digest), signal);
    } catch (error) {
      return Promise.reject(error);
    }
  }

  problem(): string | null {
    const problem = this.#problem;
    return problem !== undefined && this.#clock.now() < problem.seenMs + problemMs ? problem.text : null;
  }

  /** Gives up the questions under way. Tokens that are remembered are still answered. */
  close(): void {
    this.#closing.abort();
  }

  #askOnce(token: string, digest: string): Promise<Principal> {
    const asking = this.#asking.get(digest);
    if (asking !== undefined) return asking;
    if (this.#asking.size >= this.#maxConcurrent) {
      return Promise.reject(authUnavailable('too many introspection requests at a time', 1_000));
    }
    const answer = this.#ask(token, digest).finally(() => this.#asking.delete(digest));
    this.#asking.set(digest, answer);
    return answer;
  }

  async #ask(token: string, digest: string): Promise<Principal> {
    const claims = await this.#introspect(token);
    const now = this.#clock.now();
    if (claims === null) {
      this.#active.delete(digest);
      this.#inactive.set(digest, now + Math.min(inactive.ms, this.#cacheMs));
      throw notActive();
    }
    this.#checkIssuerAndAudience(claims);
    // `exp` is optional here (RFC 7662 section 2.2): the server has just said that the token is good.
    const endsMs = checkLifetimeWithoutEnd(claims, this.#rules, now);
    const principal = toPrincipal(claims, this.#rules);
    this.#active.set(digest, { principal, untilMs: Math.min(now + this.#cacheMs, endsMs) });
    return principal;
  }

  /** The claims of an active token, null for one that is not; rejects with `AUTH_UNAVAILABLE` when nobody can say. */
  async #introspect(token: string): Promise<Claims | null> {
    try {
      const { body } = await fetchJson(this.#options.url, {
        method: 'POST',
        headers: { authorization: this.#authorization, 'content-type': 'application/x-www-form-urlencoded' },
        body: new URLSearchParams({ token, token_type_hint: 'access_token' }).toString(),
        timeoutMs: this.#timeoutMs,
        maxBytes: maxAnswerBytes,
        what: 'introspection answer',
        signal: this.#closing.signal,
      });
      if (typeof body['active'] !== 'boolean') {
        throw new DocumentError('wrong', 'the introspection answer does not say whether the token is active');
      }
      this.#report(null);
      return body['active'] ? body : null;
    } catch (error) {
      const reason =
        error instanceof DocumentError ? error.message : 'the introspection answer cannot be read';
      if (!this.#closing.signal.aborted) this.#report(reason);
      throw authUnavailable(reason, 1_000);
    }
  }

  #checkIssuerAndAudience(claims: Claims): void {
    const { issuer } = this.#options;
    if (issuer !== undefined && claims['iss'] !== issuer)
      throw refuseToken('claims', 'claim iss: check failed');
    if (this.#audience === undefined) return;
    const aud = Array.isArray(claims['aud']) ? claims['aud'] : [claims['aud']];
    if (!this.#audience.some((one) => aud.includes(one)))
      throw refuseToken('claims', 'claim aud: check failed');
  }

  #report(text: string | null): void {
    const before = this.problem();
    this.#problem = text === null ? undefined : { text, seenMs: this.#clock.now() };
    if (text !== before) tell(this.#options.onProblem, text);
  }
}

function notActive() {
  return refuseToken('invalid', 'the authorization server says that the token is not active');
}

/** RFC 6749 section 2.3.1: both parts are form-encoded before they are joined, so that a colon in them stays unambiguous. */
function basicCredentials(clientId: string, clientSecret: string): string {
  const encoded = [clientId, clientSecret]
    .map((part) => new URLSearchParams([['', part]]).toString().slice(1))
    .join(':');
  return `Basic ${Buffer.from(encoded, 'utf8').toString('base64')}`;
}

function inRange(name: string, value: number, min: number, max: number): number {
  checkNumber(name, value, min, max);
  return value;
}
