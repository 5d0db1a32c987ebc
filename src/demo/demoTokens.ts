import { randomUUID } from 'node:crypto';
import { calculateJwkThumbprint, exportJWK, generateKeyPair, type JWK, SignJWT } from 'jose';
import type { Clock } from '../lib/clock.ts';

const algorithm = 'ES256';
const maxLifetime = 86_400;
/** RFC 6749 section 3.3: printable ASCII without quote and backslash, one space between tokens. */
const scopeForm = /^[\x21\x23-\x5B\x5D-\x7E]+(?: [\x21\x23-\x5B\x5D-\x7E]+)*$/;

export interface IssueDemoTokenInput {
  /** Becomes `sub`, byte for byte: 1 to 1024 UTF-16 code units, well-formed, no control characters. */
  readonly user: string;
  /** Scope values with one space between them, for example `admin`. */
  readonly scope?: string;
  /** Seconds, 1 to 86400. Default 3600. */
  readonly lifetimeSeconds?: number;
}

export interface DemoTokens {
  readonly algorithm: string;
  issue(issuer: string, input: IssueDemoTokenInput): Promise<string>;
  /** The public key as a JSON Web Key Set. */
  jwks(): Promise<{ readonly keys: readonly JWK[] }>;
}

/** Why a name cannot be a user id, or undefined when it can. The same rules as for every other login of the product. */
export function userProblem(user: string): string | undefined {
  if (user.length < 1 || user.length > 1024) return 'username must have 1 to 1024 characters.';
  if (/\p{Cc}|\p{Surrogate}/u.test(user)) return 'username must not contain control characters.';
  return undefined;
}

export function scopeProblem(scope: string): string | undefined {
  return scopeForm.test(scope) ? undefined : 'scope must be values with one space between them.';
}

/** Signs with a key that is made here and lives in memory only; its `kid` is its RFC 7638 thumbprint. */
export function createDemoTokens(options: { readonly clock: Clock; readonly audience: string }): DemoTokens {
  const key = generateKeyPair(algorithm).then(async ({ privateKey, publicKey }) => {
    const jwk = await exportJWK(publicKey);
    const kid = await calculateJwkThumbprint(jwk);
    return { privateKey, kid, jwk: { ...jwk, kid, alg: algorithm, use: 'sig' } };
  });
  // Whoever needs the key sees the failure; until then it must not end the process.
  key.catch(() => undefined);

  return {
    algorithm,
    async issue(issuer, { user, scope, lifetimeSeconds = 3600 }) {
      const problem = userProblem(user) ?? (scope === undefined ? undefined : scopeProblem(scope));
      if (problem) throw new RangeError(problem);
      if (!Number.isInteger(lifetimeSeconds) || lifetimeSeconds < 1 || lifetimeSeconds > maxLifetime) {
        throw new RangeError(`lifetimeSeconds must be a whole number from 1 to ${maxLifetime}.`);
      }
      const { privateKey, kid } = await key;
      const issuedAt = Math.floor(options.clock.now() / 1000);
      return new SignJWT(scope === undefined ? {} : { scope })
        .setProtectedHeader({ alg: algorithm, typ: 'JWT', kid })
        .setIssuer(issuer)
        .setAudience(options.audience)
        .setSubject(user)
        .setIssuedAt(issuedAt)
        .setExpirationTime(issuedAt + lifetimeSeconds)
        .setJti(randomUUID())
        .sign(privateKey);
    },
    jwks: async () => ({ keys: [(await key).jwk] }),
  };
}
