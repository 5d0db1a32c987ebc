import type { ErrorCode } from './generated/operations.ts';

/** What the client itself reports, beside the codes of the API (`ErrorCode`). */
export type ClientErrorCode =
  /** No login token, or one that the API refuses even after a forced re-login. */
  | 'SIGN_IN_REQUIRED'
  /** `clear()` was called, here or in another tab, and nobody has signed in since. */
  | 'SIGNED_OUT'
  /** Another user signed in while the credentials of this one were on their way. */
  | 'USER_CHANGED'
  /** `getToken` threw or did not answer in time; its error is the `cause`. */
  | 'LOGIN_FAILED'
  /** No answer within `timeoutMs`. */
  | 'TIMEOUT'
  /** `fetch` failed: offline, DNS, CORS, connection cut; its error is the `cause`. */
  | 'NETWORK_ERROR'
  /** An answer that is not what the protocol promises: HTML of a proxy, an empty body, missing or expired credentials. */
  | 'INVALID_ANSWER'
  /** Cognito refused; `reason` is the name of its exception. */
  | 'COGNITO_ERROR';

export type CognitoGraphQLErrorCode = ErrorCode | ClientErrorCode | (string & {});

export interface CognitoGraphQLErrorDetails {
  /** HTTP status of the answer, where there was one. */
  readonly status?: number | undefined;
  /** Seconds to wait before trying again helps. */
  readonly retryAfter?: number | undefined;
  /** Name of Cognito's exception. */
  readonly reason?: string | undefined;
  /** Whether the same request may succeed later without anybody changing anything. */
  readonly transient?: boolean | undefined;
  readonly cause?: unknown;
}

/** Every failure of the client except an abort by the caller, which rejects with the reason of the caller's signal. */
export class CognitoGraphQLError extends Error implements CognitoGraphQLErrorDetails {
  override readonly name = 'CognitoGraphQLError';
  readonly code: CognitoGraphQLErrorCode;
  declare readonly status: number | undefined;
  declare readonly retryAfter: number | undefined;
  declare readonly reason: string | undefined;
  declare readonly transient: boolean | undefined;

  constructor(code: CognitoGraphQLErrorCode, message: string, details: CognitoGraphQLErrorDetails = {}) {
    super(message, details);
    this.code = code;
    Object.assign(this, details);
  }
}
