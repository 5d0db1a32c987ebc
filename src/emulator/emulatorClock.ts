import type { Clock } from '../lib/clock.ts';

/** The emulator's time: the real one until it is set or moved. */
export interface EmulatorClock extends Clock {
  /** Stops the clock at `time`, milliseconds since the epoch. */
  set(time: number): void;
  /** Moves the clock, running or stopped, by `milliseconds`. */
  advance(milliseconds: number): void;
  /** Back to the real time. */
  reset(): void;
}

export function createEmulatorClock(base: Clock): EmulatorClock {
  let stoppedAt: number | undefined;
  let offset = 0;
  return {
    now: () => (stoppedAt ?? base.now()) + offset,
    set: (time) => {
      stoppedAt = time;
      offset = 0;
    },
    advance: (milliseconds) => {
      offset += milliseconds;
    },
    reset: () => {
      stoppedAt = undefined;
      offset = 0;
    },
  };
}
