import type { Principal } from './principal.ts';

/** The headers of one request as they arrived: a name may occur more than once. */
export interface RequestHeaders {
  /** Every value of a header in order of arrival; the name is matched without regard to case. */
  all(name: string): readonly string[];
}

/**
 * Port to the team's own login.
 *
 * Answers a principal, or null when the request carries no credentials at all. Credentials that are present but bad are
 * never "anonymous": they throw `ServiceError` UNAUTHENTICATED; a login that cannot be asked throws AUTH_UNAVAILABLE.
 */
export interface Authenticator {
  authenticate(headers: RequestHeaders, signal: AbortSignal): Promise<Principal | null>;
  /**
   * The principal of credentials that were found good before and still are, without waiting for anything. Undefined says nothing
   * about them: ask `authenticate`.
   */
  recall?(headers: RequestHeaders): Principal | undefined;
  /** Why requests cannot be authenticated at present, for readiness; null when they can. */
  problem?(): string | null;
  /** Stops whatever asks the login, under way or to come. What needs an answer from there gets AUTH_UNAVAILABLE. */
  close?(): void;
}
