import { setMaxListeners } from 'node:events';

/**
 * Waits for `work` as long as the caller cares: rejects with the caller's own reason as soon as the signal is aborted. The work
 * itself goes on.
 */
export async function untilAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  signal.throwIfAborted();
  let onAbort: (() => void) | undefined;
  const gone = new Promise<never>((_resolve, reject) => {
    // All waits of one request share its signal; more than ten of them are no leak.
    setMaxListeners(0, signal);
    onAbort = () => reject(signal.reason);
    signal.addEventListener('abort', onAbort, { once: true });
  });
  try {
    return await Promise.race([work, gone]);
  } finally {
    if (onAbort) signal.removeEventListener('abort', onAbort);
  }
}
