/** What a pending timer is called; opaque to everybody but the timers that made it. */
export type TimerHandle = unknown;

/** The only source of waiting, handed in together with the clock so that a simulation can drive both. */
export interface Timers {
  /** Calls `run` once after `delayMs` milliseconds. */
  set(run: () => void, delayMs: number): TimerHandle;
  clear(handle: TimerHandle): void;
}

export const systemTimers: Timers = {
  set: (run, delayMs) => setTimeout(run, delayMs),
  clear: (handle) => clearTimeout(handle as NodeJS.Timeout),
};
