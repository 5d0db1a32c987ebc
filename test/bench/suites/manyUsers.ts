import { region } from '../cognito.ts';
import { createPeerTask, productName, rawName, startPeer, startProduct } from '../contestants.ts';
import type { RunningServer } from '../processes.ts';
import { type Contestant, measureInRounds, type Pace, type Row, runLoad } from '../rounds.ts';
import type { Session } from '../session.ts';
import { createUsers, graphqlRequest, mainMutation } from '../users.ts';
import { startInstantCognito } from './coldUser.ts';

/** Each number of users with servers of its own; all of them ask once before anything is measured. */
export async function manyUsers({ pace }: Session): Promise<Row[]> {
  const numbers = pace.rounds < 5 ? [1_000, 5_000] : [1_000, 100_000];
  const rows: Row[] = [];
  for (const count of numbers) rows.push(...(await withUsers(count, pace)));
  return rows;
}

async function withUsers(count: number, pace: Pace): Promise<Row[]> {
  const users = await createUsers(count);
  const upstream = await startInstantCognito();
  const task = createPeerTask(users.jwks);
  const started: RunningServer[] = [upstream];
  try {
    const raw = await startPeer('raw.mjs', task);
    started.push(raw);
    const cognito = { ...upstream, identityPoolId: `${region}:00000000-0000-4000-8000-000000000000` };
    const product = await startProduct('dist/main.js', users, cognito);
    started.push(product);
    const requests = users.tokens.map((token) => graphqlRequest(mainMutation, token));
    const contestants = [
      [rawName, raw],
      [productName, product],
    ] as const;
    const shown = count.toLocaleString('en');
    return await measureInRounds(
      'manyUsers',
      'requests/s',
      contestants.map(([name, { url, pid: serverPid }]): Contestant => {
        const load = { url, serverPid, requests, connections: pace.connections, expectedStatus: 200 };
        return { name: `${name}: ${shown} users`, measure: (times) => runLoad(load, times) };
      }),
      // Every user once, however long that takes.
      { ...pace, firstWarmUpRequests: count, firstWarmUpAtMostMs: 600_000 },
    );
  } finally {
    await Promise.all(started.map((server) => server.stop()));
    users.close();
    task.remove();
  }
}
