import { ServiceError } from '../errors.ts';
import type { Clock } from '../lib/clock.ts';
import type { Timers } from '../lib/timers.ts';

export interface RateLimiterOptions {
  /** Calls per second at most, more than 0. AWS counts per operation, account and Region. */
  readonly ratePerSecond: number;
  /** Milliseconds that a call may wait for its turn; what would wait longer is refused at once. */
  readonly maxWaitMs: number;
  readonly clock: Clock;
  readonly timers: Timers;
  /** Told about every refusal. */
  readonly onShed?: () => void;
}

/** A budget of calls per second with a short, fair waiting line in front of it. */
export interface RateLimiter {
  /**
   * Resolves when a call may start. Users take turns: whoever waits with many calls delays only his own.
   * Throws UPSTREAM_THROTTLED with the seconds after which there is room, or the caller's own reason.
   */
  acquire(user: string, signal: AbortSignal): Promise<void>;
  /** AWS throttled a call although it was within the budget: the budget shrinks at once and grows back step by step. */
  throttled(): void;
  /** Sets another ceiling, e.g. a replica's share. */
  setRate(ratePerSecond: number): void;
  /** Calls per second at this moment. */
  readonly rate: number;
  readonly waiting: number;
}

interface Waiter {
  readonly user: string;
  readonly deadline: number;
  settle(error?: unknown): void;
}

/**
 * Room for calls that leave in order but arrive out of step: a window at AWS's side must not see more than the budget.
 * Costs as much of the throughput.
 */
const slack = 1.02;
/** A throttled budget falls to this share, never below the floor, and regains its ceiling in steps per second. */
const decrease = 0.5;
const floor = 0.05;
const increasePerSecond = 0.05;
/** Calls under way when the budget shrank say nothing new: further throttling counts after this time. */
const settleMs = 1000;

/**
 * Lets at most N calls start in any window of N/rate seconds, so a quiet service answers a burst at once and the budget still
 * holds for every second. Holds the start times of the last N calls and one entry per waiting call.
 */
export function createRateLimiter(options: RateLimiterOptions): RateLimiter {
  const { maxWaitMs, clock, timers, onShed } = options;
  let ceiling = options.ratePerSecond;
  if (!(ceiling > 0)) throw new RangeError('ratePerSecond must be more than 0');
  let reduced = { rate: ceiling, since: Number.NEGATIVE_INFINITY };
  /** Ascending; older ones than matter are dropped. */
  let starts: number[] = [];
  /** In the order of turns: the user in front is served, and goes to the back if more of his calls wait. */
  const lines = new Map<string, Waiter[]>();
  /** In the order of arrival, hence of deadlines. */
  const arrivals = new Set<Waiter>();
  let timer: unknown;

  function rate(): number {
    const recovered = Math.max(0, clock.now() - reduced.since - settleMs) / 1000;
    return Math.min(ceiling, reduced.rate + recovered * increasePerSecond * ceiling);
  }

  function limits() {
    const current = rate();
    const calls = Math.max(1, Math.floor(current));
    return { calls, windowMs: (calls / current) * 1000 * slack };
  }

  /** When the call that has `ahead` calls before it can start, at the rate of this moment. */
  function startTime(ahead: number): number {
    const { calls, windowMs } = limits();
    const earlier = starts[starts.length - calls + (ahead % calls)];
    const first = earlier === undefined ? clock.now() : Math.max(clock.now(), earlier + windowMs);
    return first + Math.floor(ahead / calls) * windowMs;
  }

  /** How many waiting calls come before the next one of this user. */
  function callsAhead(user: string): number {
    const own = lines.get(user)?.length ?? 0;
    if (own === 0) return lines.size;
    let ahead = own;
    for (const [name, line] of lines) if (name !== user) ahead += Math.min(line.length, own + 1);
    return ahead;
  }

  function start() {
    starts.push(clock.now());
    // Trimmed in blocks: cheaper than moving the array at every call.
    if (starts.length > 2 * ceiling + 64) starts = starts.slice(-Math.ceil(ceiling) - 1);
  }

  function leave(waiter: Waiter) {
    arrivals.delete(waiter);
    const line = lines.get(waiter.user);
    const at = line?.indexOf(waiter) ?? -1;
    if (line === undefined || at < 0) return;
    line.splice(at, 1);
    if (line.length === 0) lines.delete(waiter.user);
  }

  function shed(waitMs: number): ServiceError {
    onShed?.();
    return new ServiceError('UPSTREAM_THROTTLED', 'Too much is asked of Amazon Cognito. Try again later.', {
      retryAfter: Math.max(1, Math.ceil(waitMs / 1000)),
    });
  }

  function serve() {
    timer = undefined;
    // Before anybody is refused: this process may have been busy, and there is room now.
    while (lines.size > 0 && startTime(0) <= clock.now()) {
      const [user, line] = lines.entries().next().value as [string, Waiter[]];
      const waiter = line.shift() as Waiter;
      lines.delete(user);
      if (line.length > 0) lines.set(user, line);
      arrivals.delete(waiter);
      start();
      waiter.settle();
    }
    for (const waiter of arrivals) {
      if (waiter.deadline >= clock.now()) break;
      leave(waiter);
      waiter.settle(shed(startTime(callsAhead(waiter.user)) - clock.now()));
    }
    schedule();
  }

  function schedule() {
    if (timer !== undefined) timers.clear(timer);
    timer = undefined;
    const [first] = arrivals;
    if (first === undefined) return;
    const wake = Math.min(startTime(0), first.deadline + 1);
    // Rounded up: a timer that fires early would find nothing to do and spin.
    timer = timers.set(serve, Math.max(1, Math.ceil(wake - clock.now())));
  }

  return {
    acquire(user, signal) {
      if (signal.aborted) return Promise.reject(signal.reason);
      const now = clock.now();
      const ahead = callsAhead(user);
      const at = startTime(ahead);
      if (ahead === 0 && at <= now) {
        start();
        return Promise.resolve();
      }
      if (at - now > maxWaitMs) return Promise.reject(shed(at - now));
      return new Promise((resolve, reject) => {
        const onAbort = () => {
          leave(waiter);
          waiter.settle(signal.reason);
          schedule();
        };
        const waiter: Waiter = {
          user,
          deadline: now + maxWaitMs,
          settle(error) {
            signal.removeEventListener('abort', onAbort);
            if (error === undefined) resolve();
            else reject(error);
          },
        };
        signal.addEventListener('abort', onAbort, { once: true });
        arrivals.add(waiter);
        const line = lines.get(user);
        if (line) line.push(waiter);
        else lines.set(user, [waiter]);
        if (timer === undefined) schedule();
      });
    },

    throttled() {
      const now = clock.now();
      if (now - reduced.since < settleMs) return;
      reduced = { rate: Math.max(floor * ceiling, rate() * decrease), since: now };
      schedule();
    },

    setRate(ratePerSecond) {
      if (!(ratePerSecond > 0)) throw new RangeError('ratePerSecond must be more than 0');
      reduced = { ...reduced, rate: (rate() / ceiling) * ratePerSecond };
      ceiling = ratePerSecond;
      schedule();
    },

    get rate() {
      return rate();
    },
    get waiting() {
      return arrivals.size;
    },
  };
}
