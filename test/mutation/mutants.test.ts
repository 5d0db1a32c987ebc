import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { guardedFiles } from './guardedFiles.ts';
import { handKept } from './handKept/index.ts';
import { conditionMutants, locate } from './mutants.ts';
import { unnoticeable } from './unnoticeable.ts';

const sourceOf = (file: string) => readFileSync(file, 'utf8');

describe('the list of guards', () => {
  it('finds every condition of a source', () => {
    const source =
      'function f(a: string) {\n  if (a) return;\n  else if (g(a) && (a)) throw a;\n  // if (x)\n}\n';
    expect(conditionMutants('f.ts', source).map(({ from }) => from)).toEqual(['a', 'g(a) && (a)']);
  });

  it.each(Object.entries(guardedFiles))('%s exists, with its tests', (file, tests) => {
    const byHand = handKept.filter((change) => change.file === file);
    expect(conditionMutants(file, sourceOf(file)).length + byHand.length).toBeGreaterThan(0);
    expect(tests.filter((test) => !existsSync(test))).toEqual([]);
  });

  it.each(handKept.map((change) => [change.file, change.from, change]))(
    '%s still holds %s',
    (file, _from, change) => {
      expect(locate(change, sourceOf(file)).offset).toBeGreaterThan(0);
      expect(guardedFiles).toHaveProperty([file]);
    },
  );

  it('excuses only what is there', () => {
    const unknown = unnoticeable.filter(
      ({ file, from }) => !conditionMutants(file, sourceOf(file)).some((mutant) => mutant.from === from),
    );
    expect(unknown).toEqual([]);
  });
});
