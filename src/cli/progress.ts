import { type Clock, systemClock } from '../lib/clock.ts';
import type { Terminal } from './terminal.ts';

export interface Progress {
  /** How many are done, out of how many if that is known. */
  update(done: number, total?: number): void;
  /** Clears the line. */
  end(): void;
}

export interface ProgressOptions {
  /** How many an earlier run had done. */
  readonly from?: number;
  readonly clock?: Clock;
}

/** Without a terminal a line now and then is enough for a log. */
const lineEveryMs = 10_000;

/** One line on standard error that says how far a long command is, and how long it still needs. */
export function createProgress(
  what: string,
  terminal: Terminal,
  { from = 0, clock = systemClock }: ProgressOptions = {},
): Progress {
  const { stderr } = terminal;
  const startedAt = clock.now();
  let lastLine = startedAt;
  return {
    update: (done, total) => {
      const elapsed = (clock.now() - startedAt) / 1000;
      const text = progressText(what, { done, total, sinceStart: done - from, elapsed });
      if (stderr.isTTY === true) {
        stderr.write(`\r\u001b[K${text}`);
      } else if (clock.now() - lastLine >= lineEveryMs) {
        lastLine = clock.now();
        stderr.write(`${text}\n`);
      }
    },
    end: () => {
      if (stderr.isTTY === true) stderr.write('\r\u001b[K');
    },
  };
}

interface Reached {
  readonly done: number;
  readonly total: number | undefined;
  /** Of this run alone, which may have gone on from an earlier one. */
  readonly sinceStart: number;
  /** Seconds. */
  readonly elapsed: number;
}

/** `identities [#####.....] 50% 600 of 1200, 2 min left`, or without a total `identities 600, 300 per second`. */
export function progressText(what: string, { done, total, sinceStart, elapsed }: Reached): string {
  const rate = elapsed > 0 ? sinceStart / elapsed : 0;
  if (total === undefined) return `${what} ${done}${rate >= 1 ? `, ${Math.round(rate)} per second` : ''}`;
  const share = total === 0 ? 1 : done / total;
  const bar = '#'.repeat(Math.floor(share * 20)).padEnd(20, '.');
  const left = rate > 0 ? `, ${durationText((total - done) / rate)} left` : '';
  return `${what} [${bar}] ${Math.floor(share * 100)}% ${done} of ${total}${left}`;
}

function durationText(seconds: number): string {
  if (seconds < 90) return `${Math.ceil(seconds)} s`;
  const minutes = Math.ceil(seconds / 60);
  return minutes < 90 ? `${minutes} min` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}
