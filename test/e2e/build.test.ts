import { cp, mkdir, mkdtemp, rm, symlink, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { startNode } from '../support/command.ts';

const sources = [
  'esbuild.config.ts',
  'package.json',
  'package-lock.json',
  'tsconfig.json',
  'tsconfig.browser.json',
];
let folder: string;
/** Seconds since the epoch at which everything was last changed. */
const before = 1_700_000_000;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'build-'));
  for (const file of sources) await cp(file, join(folder, file));
  await mkdir(join(folder, 'src/http'), { recursive: true });
  await writeFile(join(folder, 'src/http/server.ts'), '');
  await symlink(resolve('node_modules'), join(folder, 'node_modules'));
  for (const path of [...sources, 'src/http/server.ts', 'src/http', 'src']) await touch(path, before);
});
afterEach(() => rm(folder, { recursive: true }));

const touch = (path: string, seconds: number) => utimes(join(folder, path), seconds, seconds);
async function isFresh(): Promise<boolean> {
  const { finished } = startNode(['--import', 'tsx', 'esbuild.config.ts', '--fresh'], {
    cwd: folder,
    env: process.env,
  });
  return (await finished).code === 0;
}

async function build(): Promise<void> {
  await mkdir(join(folder, 'dist'));
  await writeFile(join(folder, 'dist/THIRD-PARTY.txt'), '');
  await touch('dist/THIRD-PARTY.txt', before + 60);
}

describe('before npm start and npm run demo', () => {
  it('a build is made where there is none', async () => {
    expect(await isFresh()).toBe(false);
  });

  it('no build is made when nothing has changed since the last one', async () => {
    await build();
    expect(await isFresh()).toBe(true);
  });

  it.each([...sources, 'src/http/server.ts'])('one is made when %s has changed', async (file) => {
    await build();
    await touch(file, before + 61);
    expect(await isFresh()).toBe(false);
  });

  it('one is made when a file is gone', async () => {
    await build();
    await rm(join(folder, 'src/http/server.ts'));
    expect(await isFresh()).toBe(false);
  });
});
