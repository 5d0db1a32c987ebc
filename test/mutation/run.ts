import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { createVitest, type TestModule, type Vitest } from 'vitest/node';
import { guardedFiles } from './guardedFiles.ts';
import { handKept } from './handKept/index.ts';
import { conditionMutants, locate, type Mutant } from './mutants.ts';
import { unnoticeable } from './unnoticeable.ts';

/**
 * Takes the guards away one by one and runs the tests that are there for them: `tsx test/mutation/run.ts [parts of file names]`.
 * Exits 1 when a guard can go without a test noticing.
 */
const only = process.argv.slice(2);
/** A mutant that runs in circles ends this run; it belongs on the list of those that no test can notice. */
const patienceMs = 300_000;

let current: Mutant | null = null;
let vitest: Vitest | undefined;
/** What failed last, for whoever wonders. */
let failure = '';

/** Applies the current mutant while its file is loaded. */
const mutation = {
  name: 'mutation',
  enforce: 'pre' as const,
  transform(code: string, id: string) {
    if (current === null || id !== resolve(current.file)) return null;
    const { offset, from, to } = current;
    if (code.slice(offset, offset + from.length) !== from) throw new Error('the file has changed meanwhile');
    return { code: code.slice(0, offset) + to + code.slice(offset + from.length), map: null };
  },
};

/** Whether the tests pass with this change in place; null for none. */
async function passes(file: string, tests: readonly string[], mutant: Mutant | null): Promise<boolean> {
  vitest ??= await createVitest(
    'test',
    { watch: false, reporters: [{}], bail: 1, testTimeout: 10_000 },
    { plugins: [mutation] },
  );
  current = mutant;
  // One after the other, the quick ones first: what notices a mutant spares the rest.
  for (let next = 0; next < tests.length; ) {
    const test = tests[next] as string;
    const specifications = await vitest.globTestSpecifications([test]);
    vitest.invalidateFile(resolve(file));
    const watchdog = setTimeout(() => {
      throw new Error(`endless: ${JSON.stringify(mutant)}`);
    }, patienceMs);
    // The instance keeps the results of every run: a file that comes to no end must not show those of the mutant before.
    for (const { project, moduleId } of specifications) vitest.state.clearFiles(project, [moduleId]);
    const { testModules, unhandledErrors } = await vitest.runTestSpecifications(specifications);
    clearTimeout(watchdog);
    vitest.invalidateFile(resolve(file));
    const run = testModules.filter(({ moduleId }) =>
      specifications.some((each) => each.moduleId === moduleId),
    );
    if (unhandledErrors.length > 0 || run.some(hasFailed)) return false;
    // Neither failed nor whole: the end of the run before, which `bail` brought about, has reached this one. It is made again.
    if (run.length > 0 && run.every((module) => module.ok())) next++;
  }
  return true;
}

function hasFailed(module: TestModule): boolean {
  const [error] = module.errors();
  const [test] = module.children.allTests('failed');
  if (error === undefined && test === undefined) return false;
  const reason = error ?? test?.result().errors?.[0];
  failure = `${module.moduleId} > ${test?.fullName}: ${reason?.message}`;
  return true;
}

const say = (line: string) => process.stdout.write(`${line}\n`);
let survivors = 0;
let noticed = 0;
for (const [file, tests] of Object.entries(guardedFiles)) {
  if (only.length > 0 && !only.some((part) => file.includes(part))) continue;
  const source = readFileSync(file, 'utf8');
  if (!(await passes(file, tests, null))) {
    throw new Error(`the tests of ${file} fail without any change: ${failure}`);
  }
  const byHand = handKept.filter((change) => change.file === file).map((change) => locate(change, source));
  for (const mutant of [...conditionMutants(file, source), ...byHand]) {
    const { from, to, offset } = mutant;
    if (to === 'false' && unnoticeable.some((known) => known.file === file && known.from === from)) continue;
    if (!(await passes(file, tests, mutant))) {
      noticed++;
      continue;
    }
    survivors++;
    say(`survived: ${file}:${source.slice(0, offset).split('\n').length}  ${from}  ->  ${to}`);
  }
  say(`${file}: done`);
}
await vitest?.close();
say(`${noticed} noticed, ${survivors} survived`);
process.exit(survivors === 0 && noticed > 0 ? 0 : 1);
