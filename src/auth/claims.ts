import { ServiceError } from '../errors.ts';
import { refuseToken } from './authErrors.ts';
import type { Principal } from './principal.ts';

/** The members of a verified JWT or of an introspection answer. */
export type Claims = Readonly<Record<string, unknown>>;

/** One claim that becomes an AWS session tag. */
export interface PrincipalTagMapping {
  /** Tag key, 1 to 128 characters out of letters, digits, spaces and `_.:/=+-@`; `aws:` is reserved. */
  readonly tag: string;
  /** Name of a top-level claim. */
  readonly claim: string;
}

/** How claims become a principal. Shared by every authenticator of this room. */
export interface ClaimOptions {
  /** Claim that is the user id. Default `sub`. */
  readonly userClaim?: string;
  /** Member of `scope`, `scp` or `roles` that makes an administrator, compared exactly. Default `admin`. */
  readonly adminScope?: string;
  /** Seconds by which the issuer's clock and ours may differ, 0 to 300. Default 5. */
  readonly clockToleranceSeconds?: number;
  /** Longest life and greatest age of a token in seconds, 60 to 31,536,000. Default 86,400. */
  readonly maxTokenAgeSeconds?: number;
  /** Claims that become session tags; at most 50. Default none. */
  readonly principalTags?: readonly PrincipalTagMapping[];
}

/** Checked options with every default filled in. */
export type ClaimRules = Required<ClaimOptions>;

/** Control characters (C0, DEL, C1) and lone surrogates: what no user id and no tag value may hold. */
const illFormed = /[\p{Cc}\p{Cs}]/u;
const tagKey = /^[\p{L}\p{Z}\p{N}_.:/=+\-@]{1,128}$/u;
const scopeToken = /^[\x21\x23-\x5B\x5D-\x7E]+$/;

/** Fills in the defaults. Throws TypeError with a sentence about the first bad option. */
export function checkClaimOptions(options: ClaimOptions): ClaimRules {
  const rules: ClaimRules = {
    userClaim: options.userClaim ?? 'sub',
    adminScope: options.adminScope ?? 'admin',
    clockToleranceSeconds: options.clockToleranceSeconds ?? 5,
    maxTokenAgeSeconds: options.maxTokenAgeSeconds ?? 86_400,
    principalTags: [...(options.principalTags ?? [])],
  };
  if (rules.userClaim === '') throw new TypeError('userClaim must not be empty');
  if (!scopeToken.test(rules.adminScope)) {
    throw new TypeError(
      'adminScope must be one scope token: no spaces, quotes or backslashes (RFC 6749 section 3.3)',
    );
  }
  checkNumber('clockToleranceSeconds', rules.clockToleranceSeconds, 0, 300);
  checkNumber('maxTokenAgeSeconds', rules.maxTokenAgeSeconds, 60, 31_536_000);
  checkTagMappings(rules.principalTags);
  return rules;
}

/** Throws TypeError unless `value` is a finite number from `min` to `max`. */
export function checkNumber(name: string, value: number, min: number, max: number): void {
  if (typeof value !== 'number' || !(value >= min && value <= max)) {
    throw new TypeError(`${name} must be a number from ${min} to ${max}`);
  }
}

function checkTagMappings(mappings: readonly PrincipalTagMapping[]): void {
  if (mappings.length > 50) throw new TypeError('principalTags must have at most 50 entries');
  const seen = new Set<string>();
  for (const { tag, claim } of mappings) {
    if (!tagKey.test(tag) || tag.length > 128 || /^aws:/i.test(tag)) {
      throw new TypeError(
        `principalTags: tag ${JSON.stringify(tag)} must have 1 to 128 letters, digits, spaces or _.:/=+-@, and not begin with aws:`,
      );
    }
    if (claim === '') throw new TypeError(`principalTags: tag ${JSON.stringify(tag)} needs a claim`);
    // STS treats tag keys that differ only in case as the same key.
    const folded = tag.toLowerCase();
    if (seen.has(folded)) throw new TypeError(`principalTags: tag ${JSON.stringify(tag)} is given twice`);
    seen.add(folded);
  }
}

/**
 * Checks when a token begins and ends, and answers until when it may be trusted, in milliseconds since the epoch.
 *
 * `exp` must be there; a token without an end, or with an end further away than the configured maximum, is refused, whatever
 * the issuer thinks of it. `iat` is optional (RFC 7519 section 4.1.6): where it is missing the end is measured from now.
 * Throws `UNAUTHENTICATED`.
 */
export function checkLifetime(claims: Claims, rules: ClaimRules, nowMs: number): number {
  if (numericDate(claims, 'exp') === undefined) throw refuseToken('claims', 'exp is missing');
  return checkLifetimeWithoutEnd(claims, rules, nowMs);
}

/** As checkLifetime, for tokens that need no `exp`; Infinity when nothing ends them. */
export function checkLifetimeWithoutEnd(claims: Claims, rules: ClaimRules, nowMs: number): number {
  const now = nowMs / 1000;
  const { clockToleranceSeconds: tolerance, maxTokenAgeSeconds: maxAge } = rules;
  const exp = numericDate(claims, 'exp');
  const notBefore = numericDate(claims, 'nbf');
  const iat = numericDate(claims, 'iat');
  if (exp !== undefined && exp <= now - tolerance) throw refuseToken('expired', 'exp is in the past');
  if (notBefore !== undefined && notBefore > now + tolerance)
    throw refuseToken('invalid', 'nbf is in the future');
  if (iat !== undefined && iat > now + tolerance) throw refuseToken('invalid', 'iat is in the future');
  if (iat !== undefined && now - iat > maxAge + tolerance)
    throw refuseToken('expired', 'iat is too long ago');
  if (exp === undefined) return iat === undefined ? Number.POSITIVE_INFINITY : (iat + maxAge) * 1000;
  if (exp - (iat ?? now) > maxAge)
    throw refuseToken('claims', 'exp is further away than the maximum token age');
  return exp * 1000;
}

function numericDate(claims: Claims, name: 'exp' | 'iat' | 'nbf'): number | undefined {
  const value = own(claims, name);
  if (value === undefined) return undefined;
  if (typeof value !== 'number' || !Number.isFinite(value))
    throw refuseToken('claims', `${name} must be a number`);
  return value;
}

/** Who the claims speak of. Throws `UNAUTHENTICATED` when they name nobody, or a session tag cannot be made from them. */
export function toPrincipal(claims: Claims, rules: ClaimRules): Principal {
  return Object.freeze({
    userId: userIdOf(claims, rules.userClaim),
    administrator: isAdministrator(claims, rules.adminScope),
    principalTags: tagsOf(claims, rules.principalTags),
  });
}

/**
 * Only strings: 9007199254740992 and 9007199254740993 are two users in the issuer's database and one number in JavaScript.
 * The string is passed on as it is: no trimming, no normalisation, no change of case, for each of them would make two users one.
 */
function userIdOf(claims: Claims, claim: string): string {
  const value = own(claims, claim);
  if (typeof value !== 'string') throw refuseToken('claims', `${claim} must be a string`);
  if (value.length < 1 || value.length > 1024) {
    throw refuseToken('claims', `${claim} must have 1 to 1024 characters`);
  }
  if (illFormed.test(value))
    throw refuseToken('claims', `${claim} must not hold control characters or lone surrogates`);
  return value;
}

/**
 * Exact membership, in the forms that issuers use and no other: `scope` is a space-separated string (RFC 8693 section 4.2),
 * `scp` that or a list of strings, `roles` a list of strings (RFC 9068 section 2.2.3.1). `roles: "admin"` makes nobody an
 * administrator, nor does `scope: ["admin"]`: a claim of an unexpected type was not written by the issuer's own code.
 */
function isAdministrator(claims: Claims, adminScope: string): boolean {
  const scope = own(claims, 'scope');
  const scp = own(claims, 'scp');
  const roles = own(claims, 'roles');
  return (
    (typeof scope === 'string' && scope.split(' ').includes(adminScope)) ||
    (typeof scp === 'string' && scp.split(' ').includes(adminScope)) ||
    (Array.isArray(scp) && scp.includes(adminScope)) ||
    (Array.isArray(roles) && roles.includes(adminScope))
  );
}

/**
 * A claim that is missing or null gives no tag: a policy that compares with `${aws:PrincipalTag/…}` then matches nothing, so
 * access shrinks. Anything else that does not fit is refused, because a shortened or converted value could be another tenant's.
 */
function tagsOf(claims: Claims, mappings: readonly PrincipalTagMapping[]): Readonly<Record<string, string>> {
  const tags: [string, string][] = [];
  for (const { tag, claim } of mappings) {
    const value = own(claims, claim);
    if (value !== undefined && value !== null) tags.push([tag, tagValue(tag, value)]);
  }
  return Object.freeze(Object.fromEntries(tags));
}

function tagValue(tag: string, value: unknown): string {
  // Numbers beyond 2^53 collide, fractions are rounded: neither may decide whose data somebody sees.
  if (typeof value === 'boolean' || (typeof value === 'number' && Number.isSafeInteger(value)))
    return String(value);
  if (typeof value !== 'string') throw refuseTag(tag, 'must be a string, a boolean or a safe integer');
  if (value.length < 1 || value.length > 256) throw refuseTag(tag, 'must have 1 to 256 characters');
  if (illFormed.test(value)) throw refuseTag(tag, 'must not hold control characters or lone surrogates');
  return value;
}

/** Names the tag, which is configuration, and the rule; never the value. */
function refuseTag(tag: string, rule: string): ServiceError {
  return new ServiceError(
    'UNAUTHENTICATED',
    `The access token cannot be used: session tag "${tag}" ${rule}.`,
    {
      cause: new Error(`session tag "${tag}" ${rule}`),
    },
  );
}

function own(claims: Claims, name: string): unknown {
  return Object.hasOwn(claims, name) ? claims[name] : undefined;
}
