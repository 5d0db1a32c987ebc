import { developerProviderName, region } from '../cognito.ts';
import { createPeerTask, productName, startPeer, startProduct } from '../contestants.ts';
import { type RunningServer, runToJson, startServer } from '../processes.ts';
import { type Contestant, measureInRounds, type Round, type Row, runLoad } from '../rounds.ts';
import type { Session } from '../session.ts';
import { createUsers, graphqlRequest, mainMutation, type Users } from '../users.ts';

const identityPoolId = `${region}:00000000-0000-4000-8000-000000000000`;
const peersFolder = `${import.meta.dirname}/../peers`;

const asking = ({ tokens }: Users, renews: (index: number) => boolean) =>
  tokens.map((token, index) =>
    graphqlRequest({ ...mainMutation, variables: { input: { renew: renews(index) } } }, token),
  );

/** Every request needs a call at Cognito, answered at once: what is left is what the server spends on it. */
export const coldUser = (session: Session): Promise<Row[]> =>
  withUpstream(async ({ upstream, users, start }) => {
    const { connections } = session.pace;
    const requests = asking(users, () => true);
    const sdkAlone: Contestant = {
      name: 'AWS SDK for JavaScript, the call alone',
      measure: ({ warmUpMs, measureMs }) => {
        const task = [upstream.url, identityPoolId, developerProviderName, connections, warmUpMs, measureMs];
        return runToJson<Round>({
          args: [`${peersFolder}/sdkCalls.mjs`, ...task.map(String)],
          core: 'server',
        });
      },
    };
    const contestants = [
      sdkAlone,
      loaded(productName, await start.product(), requests, connections),
      loaded('naive: Apollo standalone, jose, SDK', await start.naive(false), requests, connections),
    ];
    return measureInRounds('coldUser', 'requests/s', contestants, session.pace);
  });

/** One request in ten needs a call at Cognito. */
export const mixedLoad = (session: Session): Promise<Row[]> =>
  withUpstream(async ({ users, start }) => {
    const { connections } = session.pace;
    const requests = asking(users, (index) => index % 10 === 0);
    const contestants = [
      loaded('Apollo standalone, JWT LRU, tokens kept', await start.naive(true), requests, connections),
      loaded(productName, await start.product(), requests, connections),
      loaded('naive: Apollo standalone, jose, SDK', await start.naive(false), requests, connections),
    ];
    return measureInRounds('mixedLoad', 'requests/s', contestants, session.pace);
  });

const loaded = (
  name: string,
  { url, pid: serverPid }: RunningServer,
  requests: readonly string[],
  connections: number,
): Contestant => {
  const task = { url, serverPid, requests, connections, expectedStatus: 200 };
  return { name, measure: (times) => runLoad(task, times) };
};

interface Setting {
  readonly upstream: RunningServer;
  readonly users: Users;
  readonly start: {
    product(): Promise<RunningServer>;
    naive(caching: boolean): Promise<RunningServer>;
  };
}

async function withUpstream(run: (setting: Setting) => Promise<Row[]>): Promise<Row[]> {
  const started: RunningServer[] = [];
  const kept = async (starting: Promise<RunningServer>) => {
    const server = await starting;
    started.push(server);
    return server;
  };
  const users = await createUsers();
  const upstream = await kept(startInstantCognito());
  const task = createPeerTask(users.jwks, upstream.url);
  const cognito = { ...upstream, identityPoolId };
  try {
    return await run({
      upstream,
      users,
      start: {
        product: () => kept(startProduct('dist/main.js', users, cognito)),
        naive: (caching) => kept(startPeer('naive.mjs', task, { BENCH_CACHE: caching ? '1' : '0' })),
      },
    });
  } finally {
    await Promise.all(started.map((server) => server.stop()));
    users.close();
    task.remove();
  }
}

export const startInstantCognito = () =>
  startServer({ args: [`${peersFolder}/instantCognito.mjs`], core: 'load' }, /^(http:\S+)$/m);
