import { createBudget } from '../../../src/cognito/budget.ts';
import { createResilientGateway } from '../../../src/cognito/resilientGateway.ts';
import type { Random } from '../../../src/lib/random.ts';
import { createCachingGateway } from '../../../src/tokens/cachingGateway.ts';
import { createTokenCache } from '../../../src/tokens/tokenCache.ts';
import { fakeGateway, fakeToken } from '../../support/fakeGateway.ts';
import { EventQueue } from './eventQueue.ts';
import { createSharedStores } from './sharedStores.ts';

/** How people use an application: the numbers to replace by one's own. */
export interface Habits {
  readonly sessionsPerDay: number;
  /** Times in a session that an application asks for credentials: page loads, or starts of an app that stores none. */
  readonly asksPerSession: number;
  /** Seconds from one to the next, on average. */
  readonly secondsBetweenAsks: number;
  /** How much more there is at the busiest hour than on average. */
  readonly peakFactor: number;
}

export interface Plan {
  /** Users of one Region's pool. */
  readonly users: number;
  readonly habits: Habits;
  /** `COGNITO_TOKEN_DURATION`, seconds. */
  readonly tokenDuration: number;
  /** Calls a second that AWS allows, `COGNITO_REQUESTS_PER_SECOND`. */
  readonly quota: number;
  readonly replicas: number;
  /** Whether the replicas share a Redis. */
  readonly redis: boolean;
  readonly measureSeconds: number;
  readonly random: Random;
}

/** Counted over the measured time only. */
export interface Outcome {
  readonly asks: number;
  /** Calls that reached Cognito. */
  readonly calls: number;
  /** Asks that were refused with UPSTREAM_THROTTLED. */
  readonly shed: number;
  /** Those who were refused again and again, and gave up. */
  readonly givenUp: number;
  /** Milliseconds that the calls waited for their turn: the 99th of a hundred. */
  readonly p99WaitMs: number;
}

const upstreamMs = 80;
/** What a client does that is refused: waits as long as it was told and up to a second more, three times. */
const attempts = 4;

/**
 * The peak hour of one Region, event by event, with the limiter, the waiting line and the token cache of the product. Before the
 * measured time there is as much as a token is kept, so that the cache holds what it would.
 */
export async function simulate(plan: Plan): Promise<Outcome> {
  const { users, habits, tokenDuration, random, measureSeconds } = plan;
  const queue = new EventQueue();
  const gateways = createReplicas(plan, queue, () => onCall());
  const never = new AbortController().signal;
  const counts = { asks: 0, calls: 0, shed: 0, givenUp: 0 };
  const waits: number[] = [];
  let measuring = false;
  const onCall = () => {
    if (measuring) counts.calls += 1;
  };

  async function ask(user: string, attempt = 1): Promise<void> {
    const begin = queue.now();
    const gateway = gateways[Math.floor(random() * gateways.length)];
    if (gateway === undefined) throw new RangeError('There must be a replica.');
    if (measuring) counts.asks += 1;
    try {
      await gateway.issueOpenIdToken(
        { developerUserIdentifier: user, tokenDuration, principalTags: {} },
        never,
      );
      // What took no time came from the cache; who joins a call that is under way waits for less than a whole one.
      const tookMs = queue.now() - begin;
      if (measuring && tookMs > 0) waits.push(Math.max(0, tookMs - upstreamMs));
    } catch (error) {
      const { code, retryAfter = 1 } = error as { code?: string; retryAfter?: number };
      if (code !== 'UPSTREAM_THROTTLED') throw error;
      if (measuring) counts.shed += 1;
      if (attempt < attempts) queue.set(() => run(user, attempt + 1), (retryAfter + random()) * 1000);
      else if (measuring) counts.givenUp += 1;
    }
  }
  let failure: unknown;
  const run = (user: string, attempt?: number) =>
    void ask(user, attempt).catch((error) => {
      failure ??= error;
    });

  const exponential = (mean: number) => -mean * Math.log(1 - random());
  const secondsBetweenSessions = 86_400 / (users * habits.sessionsPerDay * habits.peakFactor);
  function beginSession() {
    const user = `user-${Math.floor(random() * users)}`;
    let left = habits.asksPerSession;
    const askAndGoOn = () => {
      run(user);
      left -= 1;
      if (left > 0) queue.set(askAndGoOn, exponential(habits.secondsBetweenAsks) * 1000);
    };
    askAndGoOn();
    queue.set(beginSession, exponential(secondsBetweenSessions) * 1000);
  }
  queue.set(beginSession, exponential(secondsBetweenSessions) * 1000);

  const keptSeconds = tokenDuration - Math.min(300, tokenDuration / 2);
  await queue.advance(keptSeconds * 1000);
  measuring = true;
  await queue.advance(measureSeconds * 1000);
  measuring = false;
  if (failure !== undefined) throw failure;
  waits.sort((a, b) => a - b);
  return { ...counts, p99WaitMs: waits[Math.floor(waits.length * 0.99)] ?? 0 };
}

/** The gateways of all replicas as the server makes them, in front of a Cognito that answers always and after the same time. */
function createReplicas(plan: Plan, queue: EventQueue, onCall: () => void) {
  const { quota, replicas, redis, random } = plan;
  const stores = createSharedStores(queue, replicas);
  const upstream = fakeGateway({
    issueOpenIdToken: ({ developerUserIdentifier, tokenDuration }) => {
      onCall();
      return new Promise((resolve) => {
        queue.set(() => resolve(fakeToken(developerUserIdentifier, queue.now(), tokenDuration)), upstreamMs);
      });
    },
  });
  const scope = { identityPoolId: 'us-east-1:pool', developerProviderName: 'login' };
  return Array.from({ length: replicas }, (_, replica) => {
    const budget = createBudget({
      rates: { tokens: redis ? quota : quota / replicas },
      clock: queue,
      timers: queue,
      ...(redis && { permits: () => stores.permits(replica) }),
    });
    return createCachingGateway({
      gateway: createResilientGateway({
        gateway: upstream,
        budget,
        concurrency: Math.max(50, Math.ceil(quota)),
        clock: queue,
        timers: queue,
        random,
      }),
      cache: createTokenCache({
        ...scope,
        clock: queue,
        timers: queue,
        ...(redis && { shared: stores.tokens }),
      }),
    });
  });
}

/** Numbers from 0 to 1 that are the same every time (mulberry32). */
export function seededRandom(seed: number): Random {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}
