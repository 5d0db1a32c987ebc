import {
  BrokenCircuitError,
  CircuitState,
  circuitBreaker,
  DelegateBackoff,
  handleWhen,
  SamplingBreaker,
} from 'cockatiel';
import { ServiceError } from '../errors.ts';
import type { Clock } from '../lib/clock.ts';

export type BreakerState = 'closed' | 'open' | 'half-open';

const stateNames: Readonly<Record<CircuitState, BreakerState>> = {
  [CircuitState.Closed]: 'closed',
  [CircuitState.Open]: 'open',
  [CircuitState.HalfOpen]: 'half-open',
  [CircuitState.Isolated]: 'open',
};

/** Pauses between probes double from 1 s to 30 s. */
const firstPauseMs = 1000;
const longestPauseMs = 30_000;

/**
 * One circuit breaker for all operations. It opens when at least half of the calls of the last 10 s (5 or more) show that
 * Cognito itself is in trouble; what Cognito merely refuses does not count. One call at a time probes whether it is back.
 */
export function createUpstreamBreaker(clock: Clock, onState: (state: BreakerState) => void) {
  /** The end of the present pause, so that a refusal can say how long to wait. */
  let openUntil = 0;
  const policy = circuitBreaker(
    handleWhen(
      (error) =>
        isTrouble(error) ||
        // A probe whose caller went away has shown nothing; it must not pass for a success.
        (policy.state === CircuitState.HalfOpen && !(error instanceof ServiceError)),
    ),
    {
      halfOpenAfter: new DelegateBackoff<unknown, number>((_context, previous = firstPauseMs / 2) => {
        const delay = Math.min(longestPauseMs, previous * 2);
        openUntil = clock.now() + delay;
        return { delay, state: delay };
      }),
      breaker: new SamplingBreaker({ threshold: 0.5, duration: 10_000, minimumRps: 0.5 }),
    },
  );
  policy.onStateChange((state) => onState(stateNames[state]));
  const blocks = () => policy.state === CircuitState.Open && clock.now() < openUntil;
  const refuses = () => blocks() || policy.state === CircuitState.HalfOpen;

  return {
    /** Whether calls are refused for the time being. */
    blocks,
    /** Whether a call would be refused: while calls are, and behind the one probe, where nobody queues up. */
    refuses,
    /** Throws `BrokenCircuitError` when a call would be refused, before it takes anything from the budget. */
    check() {
      if (refuses()) throw new BrokenCircuitError();
    },
    execute: <T>(work: () => Promise<T>): Promise<T> => policy.execute(work),
    /** What a refused caller is told. */
    refusal: () => unanswered(Math.max(1, Math.ceil((openUntil - clock.now()) / 1000))),
  };
}

/** UPSTREAM_UNAVAILABLE without an answer to explain it. */
export function unanswered(retryAfter = 1): ServiceError {
  return new ServiceError(
    'UPSTREAM_UNAVAILABLE',
    'Amazon Cognito does not answer at present. Try again later.',
    { retryAfter },
  );
}

function isTrouble(error: unknown): boolean {
  return (
    error instanceof ServiceError &&
    (error.code === 'UPSTREAM_UNAVAILABLE' || error.code === 'UPSTREAM_INVALID_RESPONSE')
  );
}
