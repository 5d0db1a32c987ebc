import { createPeerTask, productName, rawName, startPeer } from '../contestants.ts';
import { type RunningServer, startServer } from '../processes.ts';
import type { Row } from '../rounds.ts';
import type { Session } from '../session.ts';
import { median, spread } from '../statistics.ts';

/** From the start of the process to the first answer. */
export async function coldStart({ pace }: Session): Promise<Row[]> {
  const product = {
    args: ['dist/main.js', 'serve'],
    env: { PORT: '0', EMULATOR_PORT: '0', AUDIT_FILE: '/dev/null', LOG_LEVEL: 'warn' },
    core: 'server',
  } as const;
  const task = createPeerTask({ keys: [] });
  const starts = [
    [rawName, () => startPeer('raw.mjs', task)],
    [`${productName}, embedded default`, () => startServer(product, /^GraphQL\s+(http:\S+)\/graphql$/m)],
    ['Apollo standalone, JWT LRU', () => startPeer('apolloStandalone.mjs', task)],
  ] as const;
  const times = new Map<string, number[]>(starts.map(([name]) => [name, []]));
  try {
    // One more than counts: the first start fills the caches of the file system.
    for (let round = 0; round <= pace.rounds; round++) {
      for (const [name, start] of starts) {
        const begin = performance.now();
        const server = await start();
        await answer(server);
        if (round > 0) times.get(name)?.push(performance.now() - begin);
        await server.stop();
      }
    }
  } finally {
    task.remove();
  }
  const base = median(times.get(rawName) ?? []);
  return [...times].map(([server, all]) => ({
    suite: 'coldStart',
    server,
    unit: 'ms',
    value: median(all),
    spread: spread(all),
    ratio: base / median(all),
  }));
}

/** Asks until there is an answer to a query that needs nobody signed in. */
async function answer({ url }: RunningServer): Promise<void> {
  for (;;) {
    const headers = { 'content-type': 'application/json' };
    const response = await fetch(`${url}/graphql`, {
      method: 'POST',
      headers,
      body: '{"query":"{__typename}"}',
    });
    await response.arrayBuffer();
    if (response.status === 200) return;
    if (response.status !== 503) throw new Error(`${url} answered ${response.status} at its start`);
    await new Promise((resume) => setTimeout(resume, 2));
  }
}
