import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { conditionMutants, guardedFiles, handKept, locate, type Mutant, unnoticeable } from './mutants.ts';

/**
 * Takes the guards away one by one and runs the tests that are there for them: `tsx test/mutation/run.ts [part of a file name]`.
 * Exits 1 when a guard can go without a test noticing.
 */
const only = process.argv[2] ?? '';

function passes(tests: readonly string[], mutant: Mutant | null): boolean {
  const arguments_ = [
    'vitest',
    'run',
    '--config',
    'test/mutation/vitest.config.ts',
    '--root',
    '.',
    '--reporter',
    'dot',
    ...tests,
  ];
  const env = { ...process.env, MUTANT: JSON.stringify(mutant) };
  // A mutant that hangs is noticed too.
  return spawnSync('npx', arguments_, { env, stdio: 'ignore', timeout: 120_000 }).status === 0;
}

const say = (line: string) => process.stdout.write(`${line}\n`);
let survivors = 0;
let killed = 0;
for (const [file, tests] of Object.entries(guardedFiles)) {
  if (!file.includes(only)) continue;
  const source = readFileSync(file, 'utf8');
  if (!passes(tests, null)) throw new Error(`the tests of ${file} fail without any change`);
  const byHand = handKept.filter((change) => change.file === file).map((change) => locate(change, source));
  for (const mutant of [...conditionMutants(file, source), ...byHand]) {
    const { from, to, offset } = mutant;
    if (to === 'false' && unnoticeable.some((known) => known.file === file && known.from === from)) continue;
    if (!passes(tests, mutant)) {
      killed++;
      continue;
    }
    survivors++;
    say(`survived: ${file}:${source.slice(0, offset).split('\n').length}  ${from}  ->  ${to}`);
  }
  say(`${file}: done`);
}
say(`${killed} noticed, ${survivors} survived`);
process.exitCode = survivors === 0 ? 0 : 1;
