import { setMaxListeners } from 'node:events';
import { systemTimers, type Timers } from './timers.ts';

/** Work was given up because its own time limit was reached, not because its caller went away. */
export class DeadlineError extends Error {
  override readonly name = 'DeadlineError';

  constructor(readonly timeoutMs: number) {
    super(`no answer within ${timeoutMs} ms`);
  }
}

/**
 * Runs `work` for at most `timeoutMs` milliseconds. The work's signal is aborted when the time is up or the caller's signal is
 * aborted; the promise then settles at once, even when the work takes no notice: with {@link DeadlineError} or with the
 * caller's own reason. An answer that comes later is dropped.
 *
 * With `Infinity` nothing is put around the work: it is given the caller's own signal, and settles when it heeds that.
 *
 * `AbortSignal.any` and `AbortSignal.timeout` are avoided on purpose: on Node 20 both keep what they were derived from alive.
 */
export async function withDeadline<T>(
  work: (signal: AbortSignal) => Promise<T>,
  timeoutMs: number,
  signal: AbortSignal,
  timers: Timers = systemTimers,
): Promise<T> {
  signal.throwIfAborted();
  // Node.js would make a timer of 1 ms of it.
  if (timeoutMs === Number.POSITIVE_INFINITY) return work(signal);
  const controller = new AbortController();
  let onAbort: (() => void) | undefined;
  let timer: unknown;
  const givenUp = new Promise<never>((_resolve, reject) => {
    const giveUp = (reason: unknown) => {
      reject(reason);
      controller.abort(reason);
    };
    // All calls of one request wait on its one signal; more than ten of them are no leak.
    setMaxListeners(0, signal);
    onAbort = () => giveUp(signal.reason);
    signal.addEventListener('abort', onAbort, { once: true });
    timer = timers.set(() => giveUp(new DeadlineError(timeoutMs)), timeoutMs);
  });
  try {
    const result = work(controller.signal);
    return await Promise.race([result, givenUp]);
  } finally {
    timers.clear(timer);
    if (onAbort) signal.removeEventListener('abort', onAbort);
  }
}
