import { ServiceError } from '../errors.ts';
import type { Clock } from '../lib/clock.ts';
import type { Timers } from '../lib/timers.ts';
import { withoutStack } from '../lib/withoutStack.ts';
import type { PermitSource } from './permitSource.ts';
import { createTurns } from './turns.ts';

export interface RateLimiterOptions {
  /** Calls per second at most, more than 0. AWS counts per operation, account and Region. */
  readonly ratePerSecond: number;
  /** Milliseconds that a call may wait for its turn; what would wait longer is refused at once. */
  readonly maxWaitMs: number;
  readonly clock: Clock;
  readonly timers: Timers;
  /** Told about every refusal. */
  readonly onShed?: () => void;
  /** Where the budget is counted for several processes. Default: this one has it for itself. */
  readonly permits?: PermitSource;
}

/** A budget of calls per second with a short, fair waiting line in front of it. */
export interface RateLimiter {
  /**
   * Resolves when a call may start. Users take turns: whoever waits with many calls delays only his own.
   * Throws UPSTREAM_THROTTLED with the seconds after which there is room, or the caller's own reason.
   */
  acquire(user: string, signal: AbortSignal): Promise<void>;
  /** Makes what `acquire` would refuse a call of this user with at once; undefined when it would not. */
  refusal(user: string): (() => ServiceError) | undefined;
  /** AWS throttled a call although it was within the budget: the budget shrinks at once and grows back step by step. */
  throttled(): void;
  /** Sets another ceiling, e.g. a replica's share. */
  setRate(ratePerSecond: number): void;
  /** Calls per second at this moment. */
  readonly rate: number;
  /** Calls that could start at this moment one after the other; with a shared count, as far as this process knows. */
  readonly left: number;
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
 * A process asks for its part in so many portions, so that those who share take turns too. Who takes many at a time leaves another one
 * with nothing for a whole window, and those who wait there were let in for nothing.
 */
const asksPerWindow = 20;
/** A call may turn out to wait longer than foreseen when others want more of the shared budget than before. */
const patience = 1.5;

/** Milliseconds that a call waits at most, whoever else wants to be served. */
export const longestWaitMs = (maxWaitMs: number, shared: boolean): number =>
  maxWaitMs * (shared ? patience : 1);

/**
 * Lets at most N calls start in any window of N/rate seconds, so a quiet service answers a burst at once and the budget still
 * holds for every second. Holds the start times of the last N calls and one entry per waiting call. With a shared count the
 * count decides, and the same arithmetic only foresees how long a call will wait.
 */
export function createRateLimiter(options: RateLimiterOptions): RateLimiter {
  const { maxWaitMs, clock, timers, onShed, permits } = options;
  let ceiling = options.ratePerSecond;
  if (!(ceiling > 0)) throw new RangeError('ratePerSecond must be more than 0');
  let reduced = { rate: ceiling, since: Number.NEGATIVE_INFINITY };
  /** Ascending; older ones than matter are dropped. */
  let starts: number[] = [];
  /** Those of them that a shared count does not know. */
  let unreported: number[] = [];
  let sharers = 1;
  /** When the shared count expects to have something again. */
  let nextGrant = 0;
  let asking = false;
  const lines = createTurns<Waiter>();
  /** In the order of arrival, hence of deadlines. */
  const arrivals = new Set<Waiter>();
  /** When somebody began to wait after nobody had. */
  let waitingSince = 0;
  let timer: unknown;

  const shared = () => permits?.available === true;
  /** Of how many processes this one has its part of the budget. */
  const parts = () => (permits === undefined ? 1 : shared() ? sharers : permits.replicas);

  /** Of the whole budget, in calls per second. */
  function rate(): number {
    const recovered = Math.max(0, clock.now() - reduced.since - settleMs) / 1000;
    return Math.min(ceiling, reduced.rate + recovered * increasePerSecond * ceiling);
  }

  function limits(current: number) {
    const calls = Math.max(1, Math.floor(current));
    return { calls, windowMs: (calls / current) * 1000 * slack };
  }

  /** When the call that has `ahead` calls before it can start, with this process's part of the budget. */
  function startTime(ahead: number, now: number): number {
    const { calls, windowMs: fair } = limits(rate() / parts());
    // What this process has been given tells more than what would be just.
    const windowMs = shared() ? Math.max(fair, pace(calls, now)) : fair;
    const at = starts.length - calls + (ahead % calls);
    // V8 looks a negative index up by its name, as slowly as it makes one.
    const earlier = at < 0 ? undefined : starts[at];
    const soonest = shared() ? Math.max(now, nextGrant) : now;
    const first = earlier === undefined ? soonest : Math.max(soonest, earlier + windowMs);
    return first + Math.floor(ahead / calls) * windowMs;
  }

  /** Milliseconds until another call of this user could start. */
  function waitOf(user: string): number {
    const now = clock.now();
    return startTime(lines.ahead(user), now) - now;
  }

  /** How long the latest `calls` starts have taken, somebody waiting all the time; 0 where that is not known. */
  function pace(calls: number, now: number): number {
    const oldest = starts[starts.length - calls];
    return oldest === undefined || oldest < waitingSince || arrivals.size === 0 ? 0 : now - oldest;
  }

  function start(reported: boolean) {
    starts.push(clock.now());
    // Trimmed in blocks: cheaper than moving the array at every call.
    if (starts.length > 2 * ceiling + 64) starts = starts.slice(-Math.ceil(ceiling) - 1);
    if (permits === undefined || reported) return;
    unreported.push(clock.now());
    if (unreported.length > ceiling) unreported = unreported.slice(-Math.ceil(ceiling / 2));
  }

  function leave(waiter: Waiter) {
    if (arrivals.delete(waiter)) lines.remove(waiter.user, waiter);
  }

  function shed(waitMs: number): ServiceError {
    onShed?.();
    const retryAfter = Math.max(1, Math.ceil(waitMs / 1000));
    const message = 'Too much is asked of Amazon Cognito. Try again later.';
    return withoutStack(() => new ServiceError('UPSTREAM_THROTTLED', message, { retryAfter }));
  }

  function serveNext(reported: boolean) {
    const waiter = lines.next();
    if (waiter === undefined) return;
    arrivals.delete(waiter);
    start(reported);
    waiter.settle();
  }

  function serve() {
    const now = clock.now();
    if (shared()) {
      void ask();
    } else {
      // Before anybody is refused: this process may have been busy, and there is room now.
      while (lines.size > 0 && startTime(0, now) <= now) serveNext(false);
    }
    for (const waiter of arrivals) {
      if (waiter.deadline >= now) break;
      leave(waiter);
      waiter.settle(shed(startTime(lines.ahead(waiter.user), now) - now));
    }
    schedule();
  }

  async function ask() {
    if (asking || permits === undefined || arrivals.size === 0 || nextGrant > clock.now()) return;
    asking = true;
    const { calls, windowMs } = limits(rate());
    const now = clock.now();
    const told = unreported;
    unreported = [];
    const grant = await permits.take({
      count: Math.min(arrivals.size, Math.ceil(calls / sharers / asksPerWindow)),
      calls,
      windowMs,
      unreported: told.map((at) => now - at).filter((age) => age < windowMs),
    });
    asking = false;
    if (grant === null) {
      unreported = [...told, ...unreported];
    } else {
      sharers = Math.max(1, grant.sharers);
      for (let i = 0; i < grant.granted; i += 1) serveNext(true);
      // Nothing granted and nothing to wait for would make this ask without a pause.
      nextGrant = clock.now() + Math.max(grant.waitMs, grant.granted > 0 ? 0 : 1);
    }
    serve();
  }

  function schedule() {
    if (timer !== undefined) timers.clear(timer);
    timer = undefined;
    const [first] = arrivals;
    if (first === undefined) return;
    const now = clock.now();
    const turn = shared() ? (asking ? Number.POSITIVE_INFINITY : nextGrant) : startTime(0, now);
    const wake = Math.min(turn, first.deadline + 1);
    // Rounded up: a timer that fires early would find nothing to do and spin.
    timer = timers.set(serve, Math.max(1, Math.ceil(wake - now)));
  }

  return {
    acquire(user, signal) {
      if (signal.aborted) return Promise.reject(signal.reason);
      const now = clock.now();
      const ahead = lines.ahead(user);
      const at = startTime(ahead, now);
      if (!shared() && ahead === 0 && at <= now) {
        start(false);
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
          deadline: now + longestWaitMs(maxWaitMs, permits !== undefined),
          settle(error) {
            signal.removeEventListener('abort', onAbort);
            if (error === undefined) resolve();
            else reject(error);
          },
        };
        signal.addEventListener('abort', onAbort, { once: true });
        if (arrivals.size === 0) waitingSince = now;
        arrivals.add(waiter);
        lines.add(user, waiter);
        if (shared()) void ask();
        if (timer === undefined) schedule();
      });
    },

    refusal: (user) => (waitOf(user) > maxWaitMs ? () => shed(waitOf(user)) : undefined),

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
    get left() {
      const now = clock.now();
      if (shared() && now < nextGrant) return 0;
      const { calls, windowMs } = limits(rate() / parts());
      const since = now - windowMs;
      return Math.max(0, calls - starts.filter((at) => at > since).length - arrivals.size);
    },
    get waiting() {
      return arrivals.size;
    },
  };
}
