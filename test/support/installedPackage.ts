import { execFile } from 'node:child_process';
import { cp, mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { type RunningCommand, startCommand, startNode } from './command.ts';
import { productionPackages } from './productionPackages.ts';

const run = promisify(execFile);
const repository = resolve('.');

/** Somebody's folder with the packed package and what it depends on, copied, and with no other package in reach. */
export interface InstalledPackage {
  readonly home: string;
  /** Paths of what is in the package. */
  readonly contents: readonly string[];
  readonly manifest: {
    readonly exports: Record<string, unknown>;
    readonly type: string;
    readonly version: string;
  };
  /** Writes a file in the folder. */
  write(file: string, text: string): Promise<void>;
  /** Adds another package, as `npm install` of the folder's owner would. */
  add(name: string): Promise<void>;
  /** Runs a script with Node.js in the folder and resolves with its output. Rejects when it fails, its errors in the message. */
  script(text: string, file?: string): Promise<string>;
  /** Starts the package's command there. */
  start(args: readonly string[], env?: Readonly<Record<string, string>>): RunningCommand;
  remove(): Promise<void>;
}

/** Packs the build that there is, and installs it in a fresh folder. */
export async function installPackage(): Promise<InstalledPackage> {
  const home = await mkdtemp(join(tmpdir(), 'package-'));
  const modules = join(home, 'node_modules');
  // The build that runs before all tests is packed: --ignore-scripts keeps the packing from making another one.
  const { stdout } = await run('npm', ['pack', '--ignore-scripts', '--json', '--pack-destination', home]);
  const [packed] = JSON.parse(stdout) as { filename: string; files: { path: string }[] }[];
  const unpacked = join(modules, 'cognito-graphql');
  await mkdir(unpacked, { recursive: true });
  await run('tar', ['xzf', join(home, packed?.filename ?? ''), '-C', unpacked, '--strip-components=1']);
  const manifest = JSON.parse(await readFile(join(unpacked, 'package.json'), 'utf8'));

  async function add(name: string): Promise<void> {
    await mkdir(dirname(join(modules, name)), { recursive: true });
    await symlink(join(repository, 'node_modules', name), join(modules, name));
  }
  const write = (file: string, text: string) => writeFile(join(home, file), text);

  for (const name of productionPackages()) {
    const nested = join(repository, 'node_modules', name, 'node_modules');
    await cp(join(repository, 'node_modules', name), join(modules, name), {
      recursive: true,
      filter: (path) => path !== nested,
    });
  }
  await write('package.json', '{"type":"module"}');
  return {
    home,
    contents: packed?.files.map(({ path }) => path) ?? [],
    manifest,
    write,
    add,
    async script(text, file = 'consumer.mjs') {
      await write(file, text);
      const { AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: _, ...env } = process.env;
      const { code, stdout, stderr } = await startNode([file], { cwd: home, env }).finished;
      if (code !== 0) throw new Error(`${file} ended with ${code}: ${stderr}`);
      return stdout;
    },
    start: (args, env) => startCommand(args, env, { main: join(unpacked, 'dist/main.js'), cwd: home }),
    remove: () => rm(home, { recursive: true }),
  };
}
