import { ServiceError } from '../errors.ts';

/** What a client with a bad token is told. Fixed texts: nothing of the token, of the verifier or of the key server is in them. */
export const refusalMessages = {
  malformed: 'The request does not carry exactly one well-formed bearer token; sign in again.',
  invalid: 'The access token is not valid; sign in again.',
  expired: 'The access token has expired; sign in again.',
  claims: 'The access token is missing required claims; sign in again.',
} as const;

/**
 * `UNAUTHENTICATED` with a fixed message; the exact reason goes to the log only, through `cause`.
 *
 * @param reason Names rules and claims, never a claim's value, a key id or a part of the token: it is written to the log,
 *   and whoever sends requests must not be able to choose what stands there.
 */
export function refuseToken(kind: keyof typeof refusalMessages, reason: string): ServiceError {
  return new ServiceError('UNAUTHENTICATED', refusalMessages[kind], { cause: new Error(reason) });
}

/**
 * `AUTH_UNAVAILABLE`: the token may be good, but nobody can say so at present. Answering 401 instead would sign users out.
 *
 * @param retryAfterMs Milliseconds until asking again can help; rounded up to whole seconds, at least 1.
 */
export function authUnavailable(reason: string, retryAfterMs: number): ServiceError {
  return new ServiceError('AUTH_UNAVAILABLE', 'Sign-in cannot be checked at the moment; try again shortly.', {
    retryAfter: Math.max(1, Math.ceil(retryAfterMs / 1000)),
    cause: new Error(reason),
  });
}

/** The outcome of `work`, or the signal's reason as soon as it is aborted. `work` itself goes on: others may wait for it too. */
export function unlessAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  if (signal.aborted) {
    work.catch(() => {});
    return Promise.reject(signal.reason);
  }
  return new Promise<T>((resolve, reject) => {
    const abort = () => reject(signal.reason);
    signal.addEventListener('abort', abort, { once: true });
    work.then(resolve, reject).finally(() => signal.removeEventListener('abort', abort));
  });
}

/** Tells the log about a problem. A log that cannot be written must not keep anybody from signing in. */
export function tell(
  onProblem: ((problem: string | null) => void) | undefined,
  problem: string | null,
): void {
  try {
    onProblem?.(problem);
  } catch {
    // Nowhere is left to say it.
  }
}
