import { runToJson } from './processes.ts';
import { median, medianRatio, spread } from './statistics.ts';

/** Figures of one server in one round. */
export interface Round {
  /** Or whatever the suite counts. */
  readonly requestsPerSecond: number;
  /** Processor time of the server's process, all threads; missing where the system does not tell. */
  readonly microsecondsPerRequest?: number;
  readonly p50Ms?: number;
  readonly p99Ms?: number;
  /** Answers with another status than expected. */
  readonly unexpected: number;
  readonly example?: string;
}

/** One line of the table. */
export interface Row {
  readonly suite: string;
  readonly server: string;
  /** Why there are no figures. */
  readonly missing?: string;
  readonly value?: number;
  readonly unit?: string;
  /** 0.05 is ±5 %. */
  readonly spread?: number;
  /** To the base of the suite, in the same rounds; above 1 is better. */
  readonly ratio?: number;
  readonly cpuRatio?: number;
  readonly microsecondsPerRequest?: number;
  readonly p50Ms?: number;
  readonly p99Ms?: number;
  readonly rounds?: readonly Round[];
}

export interface Pace {
  readonly rounds: number;
  /** Milliseconds before each measurement. */
  readonly warmUpMs: number;
  /** Milliseconds and answers before the first measurement of a server, so that its code is compiled and its caches are filled. */
  readonly firstWarmUpMs: number;
  readonly firstWarmUpRequests: number;
  /** Milliseconds after which too few answers have to do. */
  readonly firstWarmUpAtMostMs: number;
  readonly measureMs: number;
  readonly connections: number;
}

export interface Contestant {
  readonly name: string;
  /** Why it does not take part. */
  readonly missing?: string;
  measure(times: Times): Promise<Round>;
}

export interface Times {
  readonly warmUpMs: number;
  /** Least number of answers before the measurement, unless they take too long. Default none. */
  readonly warmUpRequests?: number;
  readonly warmUpAtMostMs?: number;
  readonly measureMs: number;
}

/**
 * Measures all in turns, round by round, so that whatever else the machine does falls on all of them. The first is the base of the
 * ratios. Throws when a server gave other answers than it should: such figures compare nothing.
 */
export async function measureInRounds(
  suite: string,
  unit: string,
  contestants: readonly Contestant[],
  pace: Pace,
): Promise<Row[]> {
  const present = contestants.filter(({ missing }) => missing === undefined);
  const results = new Map<string, Round[]>(present.map(({ name }) => [name, []]));
  for (const { measure } of present) {
    const { firstWarmUpMs: warmUpMs, firstWarmUpRequests: warmUpRequests } = pace;
    const warmUpAtMostMs = pace.firstWarmUpAtMostMs;
    await measure({ warmUpMs, warmUpRequests, warmUpAtMostMs, measureMs: 300 });
  }
  for (let round = 0; round < pace.rounds; round++) {
    // Every other round backwards: nobody always comes after the same neighbour.
    for (const { name, measure } of round % 2 === 0 ? present : [...present].reverse()) {
      const figures = await measure({ warmUpMs: pace.warmUpMs, measureMs: pace.measureMs });
      if (figures.unexpected > 0) {
        throw new Error(
          `${suite}, ${name}: ${figures.unexpected} unexpected answers, such as\n${figures.example}`,
        );
      }
      results.get(name)?.push(figures);
    }
  }
  const base = results.get(present[0]?.name ?? '') ?? [];
  return contestants.map(({ name, missing }) =>
    missing === undefined
      ? rowOf(suite, name, unit, results.get(name) ?? [], base)
      : { suite, server: name, missing },
  );
}

function rowOf(
  suite: string,
  server: string,
  unit: string,
  rounds: readonly Round[],
  base: readonly Round[],
): Row {
  const perSecond = (all: readonly Round[]) => all.map(({ requestsPerSecond }) => requestsPerSecond);
  const cpu = (all: readonly Round[]) => all.map(({ microsecondsPerRequest }) => microsecondsPerRequest);
  const middle = (pick: (round: Round) => number | undefined) => {
    const values = rounds.map(pick).filter((value) => value !== undefined);
    return values.length === 0 ? undefined : median(values);
  };
  return withoutUndefined({
    suite,
    server,
    unit,
    value: median(perSecond(rounds)),
    spread: spread(perSecond(rounds)),
    ratio: medianRatio(perSecond(rounds), perSecond(base)),
    // Less is better there, so the other way round.
    cpuRatio: medianRatio(cpu(base), cpu(rounds)),
    microsecondsPerRequest: middle((round) => round.microsecondsPerRequest),
    p50Ms: middle((round) => round.p50Ms),
    p99Ms: middle((round) => round.p99Ms),
    rounds,
  });
}

const withoutUndefined = <T extends object>(row: T) =>
  Object.fromEntries(Object.entries(row).filter(([, value]) => value !== undefined)) as {
    [K in keyof T]: Exclude<T[K], undefined>;
  };

export interface LoadTask {
  readonly url: string;
  /** Left out where the process is somebody else's: no processor time is told then. */
  readonly serverPid?: number;
  /** Whole HTTP/1.1 requests, sent one after the other over all connections. */
  readonly requests?: readonly string[];
  /** In place of them a file, each followed by a zero byte: a million are more than one text can hold. */
  readonly requestsFile?: string;
  readonly connections: number;
  readonly expectedStatus: number;
  /** Default: as fast as they are answered. */
  readonly requestsPerSecond?: number;
}

export async function runLoad({ url, ...task }: LoadTask, times: Times): Promise<Round> {
  const { hostname: host, port } = new URL(url);
  const input = JSON.stringify({ ...task, host, port: Number(port), ...times });
  const script = `${import.meta.dirname}/load.mjs`;
  const answer = await runToJson<Round & { error?: string }>({ args: [script], core: 'load' }, input);
  if (answer.error !== undefined) throw new Error(`The load generator: ${answer.error}`);
  return answer;
}
