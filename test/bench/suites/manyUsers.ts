import { closeSync, mkdtempSync, openSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { region } from '../cognito.ts';
import { createPeerTask, productName, rawName, startPeer, startProduct } from '../contestants.ts';
import type { RunningServer } from '../processes.ts';
import { type Contestant, measureInRounds, type Pace, type Row, runLoad } from '../rounds.ts';
import type { Session } from '../session.ts';
import { createUsers, graphqlRequest, mainMutation, type Users } from '../users.ts';
import { startInstantCognito } from './coldUser.ts';

/** Each number of users with servers of its own; all of them ask once before anything is measured. */
export const manyUsers = ({ pace }: Session): Promise<Row[]> =>
  withNumbers('manyUsers', pace.rounds < 5 ? [1_000, 5_000] : [1_000, 100_000], pace);

/** The same with a number that takes the better part of an hour. */
export const millionUsers = ({ pace }: Session): Promise<Row[]> =>
  withNumbers('millionUsers', [1_000, 1_000_000], pace);

/** All numbers in the same rounds: what is compared is one number with another. */
async function withNumbers(suite: string, numbers: readonly number[], pace: Pace): Promise<Row[]> {
  const fields: ManyUsers[] = [];
  try {
    for (const count of numbers) fields.push(await startWithUsers(count, pace));
    const contestants = fields.flatMap((field) => field.contestants);
    return await measureInRounds(suite, 'requests/s', contestants, pace);
  } finally {
    await Promise.all(fields.map((field) => field.stop()));
  }
}

interface ManyUsers {
  readonly contestants: readonly Contestant[];
  stop(): Promise<void>;
}

async function startWithUsers(count: number, pace: Pace): Promise<ManyUsers> {
  const users = await createUsers(0);
  const requests = await writeRequests(users, count);
  const task = createPeerTask(users.jwks);
  const started: RunningServer[] = [];
  const stop = async () => {
    await Promise.all(started.map((server) => server.stop()));
    users.close();
    task.remove();
    requests.remove();
  };
  try {
    const upstream = await startInstantCognito();
    started.push(upstream);
    const raw = await startPeer('raw.mjs', task, { BENCH_USERS: String(count) });
    started.push(raw);
    const cognito = { ...upstream, identityPoolId: `${region}:00000000-0000-4000-8000-000000000000` };
    const product = await startProduct('dist/main.js', users, cognito, {
      CACHED_USERS: String(count),
      // Nothing ends while the others ask for the first time.
      COGNITO_TOKEN_DURATION: '86400',
      NODE_OPTIONS: `--max-old-space-size=${2_000 + Math.ceil(count / 200)}`,
    });
    started.push(product);
    const servers = [
      [rawName, raw],
      [productName, product],
    ] as const;
    const contestants = servers.map(([name, { url, pid: serverPid }]): Contestant => {
      const { connections } = pace;
      const load = { url, serverPid, requestsFile: requests.path, connections, expectedStatus: 200 };
      return {
        name: `${name}: ${count.toLocaleString('en')} users`,
        // Before the first measurement every user once, however long that takes.
        measure: (times) =>
          runLoad(
            load,
            times.warmUpRequests === undefined
              ? times
              : {
                  ...times,
                  warmUpRequests: Math.max(times.warmUpRequests, count),
                  warmUpAtMostMs: 3_600_000,
                },
          ),
      };
    });
    return { contestants, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** The main mutation of each user, in a file: a million of them are a gigabyte. */
async function writeRequests({ tokenOf }: Users, count: number) {
  const folder = mkdtempSync(join(tmpdir(), 'cognito-graphql-bench-'));
  const path = join(folder, 'requests');
  const file = openSync(path, 'w');
  const atOnce = 1_000;
  for (let begin = 0; begin < count; begin += atOnce) {
    // The odd ones sign in with ES256: to sign for a million with RSA takes ten minutes.
    const numbers = Array.from(
      { length: Math.min(atOnce, count - begin) },
      (_, index) => 2 * (begin + index) + 1,
    );
    const tokens = await Promise.all(numbers.map(tokenOf));
    writeSync(file, tokens.map((token) => `${graphqlRequest(mainMutation, token)}\0`).join(''));
  }
  closeSync(file);
  return { path, remove: () => rmSync(folder, { recursive: true, force: true }) };
}
