import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { settingsMarkdown } from '../../src/config/settingsTable.ts';
import { coverage, coverageMarkdown } from '../../src/emulator/coverage.ts';
import { lenientDifferences } from '../../src/emulator/lenient.ts';
import { inputs } from '../../src/emulator/validation/cognitoShapes.ts';
import { errorCodes } from '../../src/errors.ts';

const readme = readFileSync('README.md', 'utf8');
const part = (name: string) =>
  new RegExp(`<!-- ${name} -->\\n([\\s\\S]*?)<!-- /${name} -->`).exec(readme)?.[1] ?? '';
const firstColumn = (table: string) =>
  [...table.matchAll(/^\| ([^|]+?) \|/gm)].map(([, cell]) => cell as string).slice(1);

describe('the README', () => {
  it('lists every setting as the configuration knows it', () =>
    expect(part('settings').trim()).toBe(settingsMarkdown()));

  it('lists every error code', () =>
    expect(firstColumn(part('errors')).map((cell) => cell.replaceAll('`', ''))).toEqual([...errorCodes]));

  it('compares every operation of the embedded Cognito with AWS as the code does', () => {
    expect(part('operations').trim()).toBe(coverageMarkdown());
    expect(Object.keys(coverage).sort()).toEqual(Object.keys(inputs).sort());
    expect(Object.keys(coverage)).toHaveLength(23);
  });

  it('lists what the lenient mode accepts', () => {
    expect(part('lenient').trim().split('\n')).toEqual(
      lenientDifferences.map((difference) => `- ${difference}`),
    );
  });

  it('names files that exist', () => {
    for (const [, path = ''] of readme.matchAll(/\]\((?!http|#)([^)]+)\)/g)) {
      expect(() => readFileSync(path)).not.toThrow(/ENOENT/);
    }
  });
});
