import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { settingsMarkdown } from '../../src/config/settingsTable.ts';
import { iamOperations } from '../../src/emulator/iam/operations/index.ts';
import { lenientDifferences } from '../../src/emulator/lenient.ts';
import { stsOperations } from '../../src/emulator/sts/operations/index.ts';
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

  it('lists every operation of the embedded Cognito, and no other', () => {
    const listed = firstColumn(part('operations')).flatMap((cell) => cell.split(', '));
    const served = [...Object.keys(inputs), ...Object.keys(stsOperations), ...Object.keys(iamOperations)];
    expect(listed.sort()).toEqual(served.sort());
  });

  it('lists what the lenient mode accepts', () => {
    for (const difference of lenientDifferences) expect(part('operations')).toContain(`- ${difference}`);
  });

  it('names files that exist', () => {
    for (const [, path = ''] of readme.matchAll(/\]\((?!http|#)([^)]+)\)/g)) {
      expect(() => readFileSync(path)).not.toThrow(/ENOENT/);
    }
  });
});
