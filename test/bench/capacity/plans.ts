import { type Habits, type Outcome, type Plan, seededRandom, simulate } from './simulate.ts';

/** An ordinary web application; the README says how the results move with these. */
export const habits: Habits = {
  sessionsPerDay: 2,
  asksPerSession: 4,
  secondsBetweenAsks: 180,
  peakFactor: 2,
};

/** What AWS allows an account in a Region that has asked for nothing. */
export const defaultQuota = 50;

/** One size of an application, with what one would run for it. */
export interface Size {
  readonly users: number;
  readonly regions: number;
  /** In each Region. */
  readonly replicas: number;
}

export const sizes: readonly Size[] = [
  { users: 10_000, regions: 1, replicas: 2 },
  { users: 100_000, regions: 1, replicas: 2 },
  { users: 1_000_000, regions: 1, replicas: 3 },
  { users: 10_000_000, regions: 2, replicas: 4 },
  { users: 100_000_000, regions: 4, replicas: 8 },
];

/** Asks a second to simulate at most; a larger Region is simulated as a part of it, with the same part of its quota. */
const affordableAsksPerSecond = 40;

export interface Estimate extends Size {
  readonly tokenDuration: number;
  readonly redis: boolean;
  /** Of each Region. */
  readonly quota: number;
  /** The Region was simulated as one of so many parts. */
  readonly parts: number;
  /** Calls a second at Cognito in each Region. */
  readonly callsPerSecond: number;
  /** Of all asks, repetitions included. */
  readonly shedShare: number;
  /** Of all that somebody wanted, those who went without. */
  readonly failedShare: number;
  readonly p99WaitMs: number;
}

export interface Question extends Size {
  readonly tokenDuration: number;
  readonly quota: number;
  readonly redis?: boolean;
  readonly measureSeconds?: number;
}

/** The peak hour of one Region of this size. What is simulated as a part has the chance of a smaller crowd: it waits and sheds rather more. */
export async function estimate(question: Question): Promise<Estimate> {
  const { users, regions, replicas, tokenDuration, quota, redis = true, measureSeconds = 300 } = question;
  const parts = partsOf(users / regions);
  const plan: Plan = {
    users: Math.round(users / regions / parts),
    habits,
    tokenDuration,
    quota: quota / parts,
    replicas,
    redis,
    measureSeconds,
    random: seededRandom(1),
  };
  const outcome = await simulate(plan);
  return {
    users,
    regions,
    replicas,
    tokenDuration,
    redis,
    quota,
    parts,
    callsPerSecond: (outcome.calls / measureSeconds) * parts,
    ...sharesOf(outcome),
    p99WaitMs: outcome.p99WaitMs,
  };
}

/** Repetitions are asks, too; wanted was what is left without those of the refused that did not give up. */
function sharesOf({ asks, shed, givenUp }: Outcome) {
  const wanted = asks - (shed - givenUp);
  return { shedShare: shed / Math.max(1, asks), failedShare: givenUp / Math.max(1, wanted) };
}

export function partsOf(usersOfRegion: number): number {
  const { sessionsPerDay, asksPerSession, peakFactor } = habits;
  const asksPerSecond = (usersOfRegion * sessionsPerDay * asksPerSession * peakFactor) / 86_400;
  return Math.max(1, Math.ceil(asksPerSecond / affordableAsksPerSecond));
}

/** What to ask AWS for: a quarter more than the busiest hour takes, in round numbers, and never less than there is anyway. */
export function quotaFor(callsPerSecond: number): number {
  const wanted = callsPerSecond * 1.25;
  const step = 10 ** Math.max(1, Math.floor(Math.log10(wanted)) - 1);
  return Math.max(defaultQuota, Math.ceil(wanted / step) * step);
}
