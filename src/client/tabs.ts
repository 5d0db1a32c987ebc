import type { ChannelLike, ClientEnvironment } from './environment.ts';
import { abortReason } from './waiting.ts';

/**
 * Does the work while no other tab does work of that name, where Web Locks exist. A turn that does not come in time (a frozen tab
 * may hold the lock) is not waited for any longer: doing the work twice is harmless, not doing it is not.
 */
export async function inTurn<T>(
  environment: ClientEnvironment,
  name: string,
  limit: { readonly signal: AbortSignal; readonly milliseconds: number },
  work: () => Promise<T>,
): Promise<T> {
  const { locks } = environment;
  if (!locks) return work();
  const waiting = new AbortController();
  const giveUp = () => waiting.abort();
  const stopTimer = environment.setTimer(giveUp, limit.milliseconds);
  const stopWaiting = () => {
    stopTimer();
    limit.signal.removeEventListener('abort', giveUp);
  };
  limit.signal.addEventListener('abort', giveUp);
  let started = false;
  try {
    return await locks.request(name, { signal: waiting.signal }, () => {
      started = true;
      stopWaiting();
      return work();
    });
  } catch (error) {
    if (started) throw error;
    if (limit.signal.aborted) throw abortReason(limit.signal);
    return work();
  } finally {
    stopWaiting();
  }
}

/** Tells the other tabs that the user of this key signed out. */
export function announceSignOut(environment: ClientEnvironment, name: string, key: string): void {
  const channel = environment.openChannel?.(name);
  channel?.postMessage(key);
  channel?.close();
}

/** Calls back when another tab announces that the user of this key signed out. Closed with the session it serves. */
export function onSignOut(
  environment: ClientEnvironment,
  name: string,
  key: string,
  callback: () => void,
): ChannelLike | undefined {
  const channel = environment.openChannel?.(name);
  if (channel) {
    channel.onmessage = ({ data }) => {
      if (data === key) callback();
    };
  }
  return channel;
}
