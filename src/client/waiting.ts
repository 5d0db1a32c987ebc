import type { ClientEnvironment } from './environment.ts';
import { CognitoGraphQLError } from './errors.ts';

/** Why the signal was aborted; older React Native knows no reasons. */
export function abortReason(signal: AbortSignal): unknown {
  return signal.reason ?? new CognitoGraphQLError('ABORTED', 'Aborted.');
}

/**
 * Runs the work until it settles, the time is up or the signal is aborted, whichever is first. The work's own signal is aborted
 * in the latter cases; nobody waits for it to obey.
 */
export function within<T>(
  environment: ClientEnvironment,
  limit: { readonly signal: AbortSignal; readonly milliseconds: number; readonly late: string },
  work: (signal: AbortSignal) => T | PromiseLike<T>,
): Promise<T> {
  return new Promise<T>((resolve, reject) => {
    const controller = new AbortController();
    const stop = (reason: unknown) => {
      reject(reason);
      controller.abort(reason);
    };
    const onAbort = () => stop(abortReason(limit.signal));
    if (limit.signal.aborted) return onAbort();
    limit.signal.addEventListener('abort', onAbort);
    const stopTimer = environment.setTimer(
      () => stop(new CognitoGraphQLError('TIMEOUT', limit.late)),
      limit.milliseconds,
    );
    const settle = () => {
      stopTimer();
      limit.signal.removeEventListener('abort', onAbort);
    };
    controller.signal.addEventListener('abort', settle);
    Promise.resolve()
      .then(() => work(controller.signal))
      .then(resolve, reject)
      .then(settle);
  });
}

/** Waits for the promise, but no longer than the signal allows. */
export function unlessAborted<T>(promise: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (signal === undefined) return promise;
  return new Promise<T>((resolve, reject) => {
    const onAbort = () => reject(abortReason(signal));
    if (signal.aborted) return onAbort();
    signal.addEventListener('abort', onAbort);
    promise.then(resolve, reject).then(() => signal.removeEventListener('abort', onAbort));
  });
}

/**
 * Repeats work that failed for a passing reason, at most `attempts` times in all. Waits as long as the other side asked for
 * (`retryAfter`), plus a random part of an exponentially growing span, so that clients that failed together do not return
 * together; does not wait at all where it was asked for more than `longestWaitMs`.
 */
export async function withRetries<T>(
  environment: ClientEnvironment,
  options: { readonly signal: AbortSignal; readonly attempts: number; readonly longestWaitMs: number },
  work: () => Promise<T>,
): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await work();
    } catch (error) {
      const failure = error as Partial<CognitoGraphQLError>;
      const asked = (failure.retryAfter ?? 0) * 1000;
      if (!failure.transient || attempt >= options.attempts || asked > options.longestWaitMs) throw error;
      await sleep(
        environment,
        asked + environment.random() * Math.min(8000, 250 * 2 ** attempt),
        options.signal,
      );
    }
  }
}

function sleep(environment: ClientEnvironment, milliseconds: number, signal: AbortSignal): Promise<void> {
  let wake = () => {};
  const slept = new Promise<void>((resolve) => {
    wake = environment.setTimer(resolve, milliseconds);
  });
  return unlessAborted(slept, signal).finally(wake);
}
