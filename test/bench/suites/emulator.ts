import { createPool, signedTokenRequest, startCognito } from '../cognito.ts';
import { productName } from '../contestants.ts';
import { type RunningServer, runToJson, startServer } from '../processes.ts';
import { type Contestant, measureInRounds, type Round, type Row, runLoad } from '../rounds.ts';
import type { Session } from '../session.ts';
import { userCount } from '../users.ts';

/** Tokens a second of the embedded Cognito, against what signing alone allows. */
export async function emulator({ pace, otherEmulator }: Session): Promise<Row[]> {
  const cognito = await startCognito('server');
  const now = new Date();
  const requestsTo = (pool: Parameters<typeof signedTokenRequest>[0]) =>
    Array.from({ length: userCount }, (_, user) => signedTokenRequest(pool, `user-${user}`, now));
  const requests = requestsTo(cognito);
  const peers = `${import.meta.dirname}/../peers`;
  const bare = await startServer({ args: [`${peers}/httpSigning.mjs`], core: 'server' }, /^(http:\S+)$/m);
  const load = ({ url, pid: serverPid }: RunningServer): Contestant['measure'] => {
    const task = { url, serverPid, requests, connections: pace.connections, expectedStatus: 200 };
    return (times) => runLoad(task, times);
  };
  const other = async (url: string): Promise<Contestant> => {
    const pool = { url, identityPoolId: await createPool(url) };
    const task = { url, requests: requestsTo(pool), connections: pace.connections, expectedStatus: 200 };
    return { name: `the emulator at ${url}`, measure: (times) => runLoad(task, times) };
  };
  const contestants: Contestant[] = [
    {
      name: 'RSA-2048 signing alone, one thread',
      measure: ({ warmUpMs, measureMs }) =>
        runToJson<Round>({
          args: [`${peers}/rsaSigning.mjs`, String(warmUpMs), String(measureMs)],
          core: 'server',
        }),
    },
    { name: 'node:http that signs and does nothing else', measure: load(bare) },
    { name: `${productName} emulate`, measure: load(cognito) },
    ...(otherEmulator === undefined ? [] : [await other(otherEmulator)]),
  ];
  try {
    return await measureInRounds('emulator', 'tokens/s', contestants, pace);
  } finally {
    await Promise.all([bare.stop(), cognito.stop()]);
  }
}
