import { productName } from '../contestants.ts';
import { runToJson } from '../processes.ts';
import { type Contestant, measureInRounds, type Round, type Row } from '../rounds.ts';
import type { Session } from '../session.ts';

const script = `${import.meta.dirname}/../peers/verifying.mjs`;

export async function verification({ pace }: Session): Promise<Row[]> {
  const rows: Row[] = [];
  for (const alg of ['RS256', 'ES256']) {
    const contestant = (name: string, kind: string): Contestant => ({
      name: `${name}, ${alg}`,
      measure: ({ warmUpMs, measureMs }) =>
        runToJson<Round>({
          args: ['--import', 'tsx', script, kind, alg, String(warmUpMs), String(measureMs)],
          core: 'server',
        }),
    });
    const contestants = [
      contestant('node:crypto, the signature alone', 'crypto'),
      contestant(`${productName}, a token for the first time`, 'first'),
      contestant(`${productName}, a token again`, 'again'),
    ];
    rows.push(...(await measureInRounds('verification', 'tokens/s', contestants, pace)));
  }
  return rows;
}
