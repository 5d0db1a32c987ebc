import { existsSync, readFileSync } from 'node:fs';
import { expect, it } from 'vitest';

it('the security check lists name tests that exist, one at least for each row', () => {
  const rows = readFileSync('src/security.md', 'utf8')
    .split('\n')
    .filter(
      (line) => line.startsWith('|') && !/^\|-|^\| (requirement|advice|Cognito does not check) \|/.test(line),
    );
  expect(rows.length).toBeGreaterThan(15);
  for (const row of rows) {
    const files = [...row.matchAll(/`(test\/[^`]+)`/g)].map(([, file]) => file as string);
    expect(files.length, row).toBeGreaterThan(0);
    expect(files.filter((file) => !existsSync(file))).toEqual([]);
  }
});
