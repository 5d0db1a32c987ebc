import {
  type CryptoKey,
  decodeProtectedHeader,
  errors,
  type JWTVerifyGetKey,
  type JWTVerifyOptions,
  jwtVerify,
  type KeyObject,
} from 'jose';
import { ServiceError } from '../errors.ts';
import { type Clock, systemClock } from '../lib/clock.ts';
import { refuseToken, unlessAborted } from './authErrors.ts';
import type { Authenticator, RequestHeaders } from './authenticator.ts';
import { checkCookieName, extractToken } from './bearerToken.ts';
import {
  type ClaimOptions,
  type ClaimRules,
  type Claims,
  checkClaimOptions,
  checkLifetime,
  checkNumber,
  toPrincipal,
} from './claims.ts';
import { checkServerUri } from './fetchJson.ts';
import { KeySet, type KeySetOptions } from './keySet.ts';
import { checkAlgorithms, importPublicKey, importSecret, type KeyOptions, secretKeys } from './keys.ts';
import type { Principal } from './principal.ts';
import { digestOf, VerifiedTokens } from './verifiedTokens.ts';

/** Options of createJwtAuthenticator. Bad values throw TypeError at construction. */
export interface JwtAuthenticatorOptions extends ClaimOptions {
  /** `iss` of every token, compared exactly. Required with a JWKS; may be left out where only one key can sign. */
  readonly issuer?: string;
  /**
   * One of these must be in `aud`. Required with a JWKS: a token made for another service of the same issuer must not open this
   * one. Left out or empty with a public key or a secret: not checked.
   */
  readonly audience?: string | readonly string[];
  readonly keys: KeyOptions;
  /** Accepted signature algorithms. Default RS256, ES256, PS256, EdDSA; with a secret HS256, HS384, HS512. */
  readonly algorithms?: readonly string[];
  /** Required `typ` header, e.g. `at+jwt` (RFC 9068 section 2.1). Default: any. */
  readonly tokenType?: string;
  /** Cookie to take the token from when there is no Authorization header. Default: none. */
  readonly cookieName?: string;
  /** Milliseconds for fetching keys, 100 to 60,000. Default 5,000. */
  readonly fetchTimeoutMs?: number;
  /** Least seconds between two fetches of the keys that tokens with unknown key ids can cause, 0.1 to 3,600. Default 30. */
  readonly keyCooldownSeconds?: number;
  /** Seconds for which the last good keys serve on after they went stale, while the key server fails, 0 to 86,400. Default 3,600. */
  readonly maxKeyOutageSeconds?: number;
  /** Most verified tokens to remember, 0 to 10,000,000. Default 100,000 (some 40 MB). */
  readonly maxCachedTokens?: number;
  /** Accept `http:` for issuer and keys on hosts other than loopback. Whoever is on the network path can then sign in as anybody. Default false. */
  readonly allowInsecureIssuer?: boolean;
  /** Called when the keys cannot be had, with the reason, and with null when they can again. */
  readonly onProblem?: (problem: string | null) => void;
  readonly clock?: Clock;
}

/**
 * Bearer JWTs (RFC 7519) checked by the issuer's keys, with the advice of RFC 8725.
 *
 * With a JWKS the keys are fetched at once but not waited for: a key server that is down keeps nothing from starting.
 * Throws TypeError for bad options.
 */
export function createJwtAuthenticator(options: JwtAuthenticatorOptions): JwtAuthenticator {
  return new JwtAuthenticator(options);
}

/** More keys than this that fit one token are a key set nobody should have; a bound on work that strangers cause. */
const maxCandidates = 8;

export class JwtAuthenticator implements Authenticator {
  readonly #rules: ClaimRules;
  readonly #keySet: KeySet | undefined;
  readonly #findKey: JWTVerifyGetKey;
  readonly #algorithms: ReadonlySet<string>;
  readonly #expected: JWTVerifyOptions;
  readonly #cookieName: string | undefined;
  readonly #verified: VerifiedTokens;
  readonly #clock: Clock;

  constructor(options: JwtAuthenticatorOptions) {
    this.#rules = checkClaimOptions(options);
    this.#clock = options.clock ?? systemClock;
    if (options.cookieName !== undefined) checkCookieName(options.cookieName);
    this.#cookieName = options.cookieName;
    const maxCachedTokens = options.maxCachedTokens ?? 100_000;
    checkNumber('maxCachedTokens', maxCachedTokens, 0, 10_000_000);
    this.#verified = new VerifiedTokens(Math.floor(maxCachedTokens));
    const ownKey = options.keys.kind !== 'jwks';
    const issuer = ownKey && options.issuer === undefined ? undefined : checkIssuer(options.issuer);
    const audience =
      ownKey && (options.audience ?? []).length === 0 ? undefined : checkAudience(options.audience);
    const keys = createKeys(options, this.#clock);
    this.#keySet = keys.keySet;
    this.#findKey = keys.findKey;
    this.#algorithms = new Set(keys.algorithms);
    this.#expected = {
      ...(issuer === undefined ? {} : { issuer }),
      ...(audience === undefined ? {} : { audience }),
      algorithms: keys.algorithms,
      clockTolerance: this.#rules.clockToleranceSeconds,
      ...(options.tokenType === undefined ? {} : { typ: options.tokenType }),
    };
    this.#keySet?.start();
  }

  /** A token seen before costs one hash and one look-up: no signature, and no promise. */
  recall(headers: RequestHeaders): Principal | undefined {
    try {
      const token = extractToken(headers, this.#cookieName);
      return token === null ? undefined : this.#known(digestOf(token));
    } catch {
      // What is wrong with it is told by `authenticate`.
      return undefined;
    }
  }

  async authenticate(headers: RequestHeaders, signal: AbortSignal): Promise<Principal | null> {
    const token = extractToken(headers, this.#cookieName);
    if (token === null) return null;
    const digest = digestOf(token);
    return this.#known(digest) ?? unlessAborted(this.#check(token, digest), signal);
  }

  #known(digest: string): Principal | undefined {
    const generation = this.#keySet === undefined ? 1 : this.#keySet.usableGeneration();
    return generation === null ? undefined : this.#verified.get(digest, generation, this.#clock.now());
  }

  problem(): string | null {
    return this.#keySet?.problem() ?? null;
  }

  /** Stops fetching keys. */
  close(): void {
    this.#keySet?.close();
  }

  async #check(token: string, digest: string): Promise<Principal> {
    try {
      // Before anything is waited for: what can never be a good token is refused even while the keys cannot be had.
      this.#checkHeader(token);
      const generation = (await this.#keySet?.ready()) ?? 1;
      const claims = await this.#verify(token);
      const expiresAtMs = checkLifetime(claims, this.#rules, this.#clock.now());
      const principal = toPrincipal(claims, this.#rules);
      this.#verified.set(digest, principal, expiresAtMs, generation);
      return principal;
    } catch (error) {
      throw refusalFor(error);
    }
  }

  /** The token has no say in how it is verified (RFC 8725 sections 3.1 and 3.10): no key of its own, no extensions. */
  #checkHeader(token: string): void {
    if (token.split('.').length !== 3) throw refuseToken('invalid', 'not a compact JWS');
    const header = decodeProtectedHeader(token);
    if (header.alg === undefined || !this.#algorithms.has(header.alg)) {
      throw refuseToken('invalid', 'alg is not one of the configured algorithms');
    }
    if (header.jwk !== undefined) throw refuseToken('invalid', 'the header brings a key of its own (jwk)');
    if (header.crit !== undefined) throw refuseToken('invalid', 'the header asks for extensions (crit)');
  }

  async #verify(token: string): Promise<Claims> {
    const options = { ...this.#expected, currentDate: new Date(this.#clock.now()) };
    try {
      return (await jwtVerify(token, this.#findKey, options)).payload;
    } catch (error) {
      if (!(error instanceof errors.JWKSMultipleMatchingKeys)) throw error;
      return verifyWithCandidates(token, error, options);
    }
  }
}

/** A token without a key id, and several keys that fit: the signature decides which one it was. */
async function verifyWithCandidates(
  token: string,
  candidates: AsyncIterable<CryptoKey>,
  options: JWTVerifyOptions,
): Promise<Claims> {
  let tried = 0;
  for await (const key of candidates) {
    if (++tried > maxCandidates) throw refuseToken('invalid', 'too many keys fit a token without a key id');
    try {
      return (await jwtVerify(token, key, options)).payload;
    } catch (error) {
      if (!(error instanceof errors.JWSSignatureVerificationFailed)) throw error;
    }
  }
  throw refuseToken('invalid', 'none of the keys that fit has made the signature');
}

/**
 * jose's errors carry the whole payload and can quote the header, so none of them travels on: not even as a cause,
 * because causes are logged.
 */
function refusalFor(error: unknown): unknown {
  if (error instanceof ServiceError) return error;
  if (error instanceof errors.JWTExpired) return refuseToken('expired', 'exp is in the past');
  if (error instanceof errors.JWTClaimValidationFailed) {
    return refuseToken(
      'claims',
      `claim ${knownClaim(error.claim)}: ${error.reason === 'missing' ? 'missing' : 'check failed'}`,
    );
  }
  if (error instanceof errors.JOSEError) return refuseToken('invalid', error.code);
  // TypeError and the like: a token or a key in a form that jose did not expect.
  return refuseToken('invalid', error instanceof Error ? error.name : 'unknown');
}

function knownClaim(claim: string): string {
  return ['iss', 'aud', 'exp', 'nbf', 'iat', 'typ'].includes(claim) ? claim : 'other';
}

function createKeys(
  options: JwtAuthenticatorOptions,
  clock: Clock,
): { keySet?: KeySet; findKey: JWTVerifyGetKey; algorithms: string[] } {
  const { keys } = options;
  const algorithms = checkAlgorithms(keys.kind, options.algorithms);
  if (keys.kind === 'secret') {
    const keyFor = secretKeys(importSecret(keys.secret));
    return { findKey: ({ alg }) => keyFor(alg), algorithms };
  }
  if (keys.kind === 'publicKey') {
    const imported = importPublicKey(keys.key, algorithms);
    return { findKey: async (): Promise<KeyObject> => imported.key, algorithms: imported.algorithms };
  }
  const keySet = new KeySet(checkKeySetOptions(options, keys.uri, clock));
  return { keySet, findKey: keySet.findKey, algorithms };
}

function checkKeySetOptions(
  options: JwtAuthenticatorOptions,
  jwksUri: string | undefined,
  clock: Clock,
): KeySetOptions {
  const allowInsecureIssuer = options.allowInsecureIssuer ?? false;
  const issuer = checkIssuer(options.issuer);
  if (jwksUri === undefined) checkServerUri('issuer', issuer, allowInsecureIssuer);
  else checkServerUri('keys.uri', jwksUri, allowInsecureIssuer);
  const timeoutMs = options.fetchTimeoutMs ?? 5_000;
  const cooldownSeconds = options.keyCooldownSeconds ?? 30;
  const maxOutageSeconds = options.maxKeyOutageSeconds ?? 3_600;
  checkNumber('fetchTimeoutMs', timeoutMs, 100, 60_000);
  checkNumber('keyCooldownSeconds', cooldownSeconds, 0.1, 3_600);
  checkNumber('maxKeyOutageSeconds', maxOutageSeconds, 0, 86_400);
  return {
    issuer,
    jwksUri,
    allowInsecureIssuer,
    timeoutMs,
    cooldownMs: cooldownSeconds * 1000,
    maxOutageMs: maxOutageSeconds * 1000,
    clock,
    onProblem: options.onProblem,
  };
}

function checkIssuer(issuer: string | undefined): string {
  if (typeof issuer !== 'string' || issuer === '') throw new TypeError('issuer must not be empty');
  return issuer;
}

function checkAudience(audience: string | readonly string[] | undefined): string[] {
  const list = typeof audience === 'string' ? [audience] : [...(audience ?? [])];
  if (list.length === 0 || list.some((one) => typeof one !== 'string' || one === '')) {
    throw new TypeError('audience must be one or more non-empty strings');
  }
  return list;
}
