import { createRemoteJWKSet, errors, type JWTVerifyResult, jwtVerify } from 'jose';
import { ServiceError } from '../errors.ts';
import { type Clock, systemClock } from '../lib/clock.ts';
import { withDeadline } from '../lib/deadline.ts';

export interface GuestProofOptions {
  /** `iss` of Cognito's tokens in this partition; not derived from where the keys are fetched. */
  readonly issuer: string;
  readonly jwksUri: URL | string;
  readonly identityPoolId: string;
  readonly clock?: Clock;
  /** Milliseconds for fetching the keys. Default 3000. */
  readonly timeoutMs?: number;
  /** Milliseconds during which an unknown key id causes no new fetch. Default 30000. */
  readonly cooldownMs?: number;
}

/**
 * Proves that the caller holds a guest identity: answers nothing, or throws GUEST_IDENTITY_UNUSABLE (bad or expired proof),
 * FORBIDDEN (the proof is good, but for another identity or for one that belongs to a signed-in user), or
 * UPSTREAM_UNAVAILABLE (Cognito's keys cannot be fetched).
 */
export type GuestProofVerifier = (
  guestIdentityId: string,
  guestOpenIdToken: string,
  signal: AbortSignal,
) => Promise<void>;

/** Cognito's own limit for a token in a login (`IdentityProviderToken`). */
const longestToken = 50_000;

/**
 * The server may link any identity of the pool, so a client must not choose one by name alone: it shows the OpenID token
 * that Cognito issued to the guest. One key set signs for all pools of all accounts, hence the check of `aud`.
 */
export function createGuestProofVerifier(options: GuestProofOptions): GuestProofVerifier {
  const { issuer, identityPoolId, clock = systemClock, timeoutMs = 3000, cooldownMs = 30_000 } = options;
  let keys: ReturnType<typeof createRemoteJWKSet> | undefined;
  // With the first guest: it loads Node's HTTP client, which a server without guests has no use for.
  const keySet = () => {
    keys ??= createRemoteJWKSet(new URL(options.jwksUri), {
      timeoutDuration: timeoutMs,
      cooldownDuration: cooldownMs,
      // Cognito lets its key list be cached for 30 days; a new key is found by its unknown id.
      cacheMaxAge: 24 * 60 * 60 * 1000,
    });
    return keys;
  };

  return async (guestIdentityId, guestOpenIdToken, signal) => {
    if (guestOpenIdToken.length > longestToken) throw unusable();
    let proof: JWTVerifyResult;
    try {
      proof = await withDeadline(
        () =>
          jwtVerify(guestOpenIdToken, keySet(), {
            // Fixed, whatever the token's header asks for.
            algorithms: ['RS512'],
            issuer,
            audience: identityPoolId,
            requiredClaims: ['exp', 'iat', 'sub', 'amr'],
            clockTolerance: 5,
            currentDate: new Date(clock.now()),
          }),
        2 * timeoutMs,
        signal,
      );
    } catch (error) {
      if (signal.aborted) throw signal.reason;
      throw isAboutTheToken(error) ? unusable(error) : keysUnavailable(error);
    }
    const { aud, amr, sub } = proof.payload;
    if (aud !== identityPoolId || !Array.isArray(amr)) throw unusable();
    if (sub !== guestIdentityId || amr.includes('authenticated')) {
      throw new ServiceError('FORBIDDEN', 'The token does not prove that this guest identity is yours.');
    }
    if (!amr.includes('unauthenticated')) throw unusable();
  };
}

/** Everything else that jose throws, and what fetch throws, concerns the key server. */
function isAboutTheToken(error: unknown): boolean {
  return (
    error instanceof errors.JWTInvalid ||
    error instanceof errors.JWTClaimValidationFailed ||
    error instanceof errors.JWTExpired ||
    error instanceof errors.JWSInvalid ||
    error instanceof errors.JWSSignatureVerificationFailed ||
    error instanceof errors.JOSEAlgNotAllowed ||
    error instanceof errors.JOSENotSupported ||
    error instanceof errors.JWKSNoMatchingKey ||
    error instanceof errors.JWKSMultipleMatchingKeys
  );
}

function unusable(cause?: unknown): ServiceError {
  const code = cause instanceof errors.JOSEError ? new Error(cause.code) : undefined;
  return new ServiceError(
    'GUEST_IDENTITY_UNUSABLE',
    'The guest identity cannot be adopted with this token. Continue without it.',
    code ? { cause: code } : {},
  );
}

function keysUnavailable(cause: unknown): ServiceError {
  return new ServiceError(
    'UPSTREAM_UNAVAILABLE',
    'The keys of Amazon Cognito cannot be fetched at present. Try again later.',
    {
      cause,
      retryAfter: 1,
    },
  );
}
