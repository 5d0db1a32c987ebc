import type { ClientContext, ClientEnvironment } from './environment.ts';
import { CognitoGraphQLError } from './errors.ts';

/** Why the signal was aborted; older React Native knows no reasons. */
export function abortReason(signal: AbortSignal): unknown {
  return signal.reason ?? new Error('Aborted.');
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
 * then; nobody waits for it to obey.
 */
export function within<T>(
  environment: ClientEnvironment,
  { signal, milliseconds, whom }: Limit,
  work: (signal: AbortSignal) => T | PromiseLike<T>,
): Promise<T> {
  const controller = new AbortController();
  return new Promise<T>((resolve, reject) => {
    const stop = (reason: unknown) => {
      reject(reason);
      controller.abort(reason);
    };
    const onAbort = () => stop(abortReason(signal as AbortSignal));
    if (signal?.aborted) return onAbort();
    signal?.addEventListener('abort', onAbort);
    const onTime = () =>
      stop(new CognitoGraphQLError('TIMEOUT', `${whom} did not answer in ${milliseconds} ms.`));
    const stopTimer = milliseconds ? environment.setTimer(onTime, milliseconds) : undefined;
    controller.signal.addEventListener('abort', () => {
      stopTimer?.();
      signal?.removeEventListener('abort', onAbort);
    });
    new Promise<T>((done) => done(work(controller.signal))).then(resolve, reject);
  }).finally(() => controller.abort());
}

/**
 * Repeats work that failed for a passing reason, at most `maxAttempts` times in all. Waits as long as the other side asked for
 * (`retryAfter`), plus a random part of an exponentially growing span, so that clients that failed together do not return
 * together; does not wait at all where that would be longer than `timeoutMs`.
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
      const wait = retryAfter * 1000 + context.random() * 250 * 2 ** attempt;
      if (!transient || attempt >= context.maxAttempts || wait > context.timeoutMs) throw error;
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
