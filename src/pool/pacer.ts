import { setTimeout as delay } from 'node:timers/promises';
import { type Clock, systemClock } from '../lib/clock.ts';
import { awsSentence, errorName, PoolError } from './poolErrors.ts';

export interface PacerOptions {
  readonly callsPerSecond: number;
  readonly clock?: Clock;
  wait?(ms: number): Promise<unknown>;
}

/** Sends calls no faster than a rate, and slower when AWS says that even that is too fast. */
export interface Pacer {
  /** @throws PoolError when the call fails, or is still throttled after about two minutes */
  send<T>(call: string, send: () => Promise<T>): Promise<T>;
}

const throttled = new Set(['TooManyRequestsException', 'ThrottlingException']);
const throttleWaitsMs = [1000, 2000, 4000, 8000, 15_000, 30_000, 60_000];

export function createPacer({ callsPerSecond, clock = systemClock, wait = delay }: PacerOptions): Pacer {
  const intervalMs = 1000 / callsPerSecond;
  let next = 0;
  const takeTurn = async () => {
    const now = clock.now();
    const turn = Math.max(now, next);
    next = turn + intervalMs;
    if (turn > now) await wait(turn - now);
  };
  return {
    send: async (call, send) => {
      for (let retry = 0; ; retry++) {
        await takeTurn();
        try {
          return await send();
        } catch (error) {
          const pause = throttleWaitsMs[retry];
          if (!throttled.has(errorName(error)) || pause === undefined) {
            throw new PoolError(awsSentence(call, error), { cause: error });
          }
          await wait(pause);
        }
      }
    },
  };
}
