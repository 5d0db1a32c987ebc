import { type ChildProcess, spawn } from 'node:child_process';
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { keepWriting } from './writtenLogs.ts';

const repository = resolve('.');

export interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface RunningScript {
  /** What it has written so far, both outputs together. */
  output(): string;
  /** Stops it, and whatever it has started, by SIGTERM; resolves when all of it has ended. */
  stop(): Promise<unknown>;
}

/** A shell as a reader of the README has it in front of them, with the product as it is built now and no settings of their own. */
export interface ReaderShell {
  /** Where scripts run. */
  readonly folder: string;
  run(script: string, env?: Readonly<Record<string, string>>): Promise<Ended>;
  start(script: string, env?: Readonly<Record<string, string>>): RunningScript;
  remove(): Promise<void>;
}

/**
 * `npx cognito-graphql` and `cognito-graphql` are the build that all tests share. `npm` runs scripts of package.json as they stand
 * there, without building again under the other tests; `npm ci` has been run by whoever runs the tests.
 */
const programs = {
  'cognito-graphql': 'exec node "$REPOSITORY/dist/main.js" "$@"',
  npx: '[ "$1" = cognito-graphql ] || exit 64\nshift\nexec cognito-graphql "$@"',
  npm: `case "$1" in
  ci) exit 0 ;;
  start) name=start ;;
  run) shift; name=$1 ;;
  *) exit 64 ;;
esac
shift
[ "$1" = -- ] && shift
script=$(node -p "require('$REPOSITORY/package.json').scripts['$name']")
cd "$REPOSITORY" && exec sh -c "exec $script \\"\\$@\\"" npm "$@"`,
};

export async function openReaderShell(): Promise<ReaderShell> {
  const home = await mkdtemp(join(tmpdir(), 'reader-'));
  const bin = await mkdtemp(join(tmpdir(), 'reader-bin-'));
  for (const [name, text] of Object.entries(programs)) {
    await writeFile(join(bin, name), `#!/bin/sh\n${text}\n`);
    await chmod(join(bin, name), 0o755);
  }
  const base = {
    PATH: [bin, '/usr/bin', '/bin', dirname(process.execPath), join(repository, 'node_modules/.bin')].join(
      ':',
    ),
    HOME: home,
    LANG: 'C.UTF-8',
    REPOSITORY: repository,
    AWS_EC2_METADATA_DISABLED: 'true',
    AWS_PAGER: '',
  };

  function launch(script: string, env: Readonly<Record<string, string>>) {
    const child = spawn('/bin/sh', ['-e', '-c', script], {
      cwd: home,
      env: { ...base, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
      // A group of its own: what the script starts is stopped with it.
      detached: true,
    });
    const written = { stdout: '', stderr: '', both: '' };
    for (const name of ['stdout', 'stderr'] as const) {
      child[name].setEncoding('utf8').on('data', (text: string) => {
        written[name] += text;
        written.both += text;
      });
    }
    // What goes to standard output is what the reader asked for, tokens among it.
    keepWriting(() => `${written.stderr}\n`);
    const ended = new Promise<number | null>((end, fail) => {
      child.once('error', fail);
      child.once('close', end);
    });
    return { child, written, ended };
  }

  return {
    folder: home,
    async run(script, env = {}) {
      const { child, written, ended } = launch(script, env);
      const limit = setTimeout(() => signal(child, 'SIGKILL'), 60_000);
      const code = await ended;
      clearTimeout(limit);
      return { code, stdout: written.stdout, stderr: written.stderr };
    },
    start(script, env = {}) {
      const { child, written, ended } = launch(script, env);
      return {
        output: () => written.both,
        stop() {
          signal(child, 'SIGTERM');
          return ended;
        },
      };
    },
    async remove() {
      await rm(home, { recursive: true });
      await rm(bin, { recursive: true });
    },
  };
}

function signal({ pid, exitCode }: ChildProcess, name: 'SIGTERM' | 'SIGKILL'): void {
  if (pid !== undefined && exitCode === null) process.kill(-pid, name);
}
