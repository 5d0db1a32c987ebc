import { productName } from '../contestants.ts';
import { runToJson } from '../processes.ts';
import type { Row } from '../rounds.ts';
import type { Session } from '../session.ts';

const script = `${import.meta.dirname}/../peers/cachedTokens.mjs`;

/** Heap after a full collection; the same every time, so that once is enough. */
export async function memory({ pace }: Session): Promise<Row[]> {
  const numbers = pace.rounds < 5 ? [1_000, 100_000] : [1_000, 100_000, 1_000_000];
  const rows: Row[] = [];
  for (const count of numbers) {
    const bytesWith = async (kind: string) => {
      const args = [
        '--expose-gc',
        '--max-old-space-size=6000',
        '--import',
        'tsx',
        script,
        kind,
        String(count),
      ];
      return (await runToJson<{ bytes: number }>({ args, core: 'server' })).bytes;
    };
    const [map, cache] = [await bytesWith('map'), await bytesWith('cache')];
    const shown = `${count.toLocaleString('en')} users`;
    const row = { suite: 'memory', unit: 'bytes a user' };
    rows.push({ ...row, server: `a Map of answers: ${shown}`, value: map, ratio: 1 });
    rows.push({ ...row, server: `${productName}: ${shown}`, value: cache, ratio: map / cache });
  }
  return rows;
}
