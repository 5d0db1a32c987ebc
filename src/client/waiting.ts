import type { ClientContext, ClientEnvironment } from './environment.ts';
import { CognitoGraphQLError } from './errors.ts';

/** Why the signal was aborted; older React Native knows no reasons. */
export function abortReason(signal: AbortSignal): unknown {
  return signal.reason ?? new CognitoGraphQLError('ABORTED', 'Aborted.');
}

export interface Limit {
  /** None: nobody can abort. */
  readonly signal?: AbortSignal | undefined;
  /** None: no limit. */
  readonly milliseconds?: number;
  /** Who is waited for, for the message: `Cognito`. */
  readonly whom?: string;
}

/**
 * Runs the work until it settles, the time is up or the signal is aborted, whichever is first. The work's own signal is aborted
 * in the latter cases; nobody waits for it to obey.
 */
export function within<T>(
  environment: ClientEnvironment,
  { signal, milliseconds, whom }: Limit,
  work: (signal: AbortSignal) => T | PromiseLike<T>,
): Promise<T> {
  const controller = new AbortController();
  let stopTimer: (() => void) | undefined;
  let onAbort = () => {};
  return new Promise<T>((resolve, reject) => {
    const stop = (reason: unknown) => {
      reject(reason);
      controller.abort(reason);
    };
    onAbort = () => stop(abortReason(signal as AbortSignal));
    if (signal?.aborted) return onAbort();
    signal?.addEventListener('abort', onAbort);
    stopTimer =
      (milliseconds &&
        environment.setTimer(
          () => stop(new CognitoGraphQLError('TIMEOUT', `${whom} did not answer within ${milliseconds} ms.`)),
          milliseconds,
        )) ||
      undefined;
    new Promise<T>((done) => done(work(controller.signal))).then(resolve, reject);
  }).finally(() => {
    stopTimer?.();
    signal?.removeEventListener('abort', onAbort);
  });
}

/**
 * Repeats work that failed for a passing reason, at most `maxAttempts` times in all. Waits as long as the other side asked for
 * (`retryAfter`), plus a random part of an exponentially growing span, so that clients that failed together do not return
 * together; does not wait at all where it was asked for more than `timeoutMs`.
 */
export async function withRetries<T>(
  context: ClientContext,
  signal: AbortSignal,
  work: () => Promise<T>,
): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await work();
    } catch (error) {
      const { transient, retryAfter = 0 } = error as CognitoGraphQLError;
      const asked = retryAfter * 1000;
      if (!transient || attempt >= context.maxAttempts || asked > context.timeoutMs) throw error;
      const wait = asked + context.random() * Math.min(8000, 250 * 2 ** attempt);
      await within(
        context,
        { signal },
        (signal) =>
          new Promise<void>((resolve) => {
            signal.addEventListener('abort', context.setTimer(resolve, wait));
          }),
      );
    }
  }
}
