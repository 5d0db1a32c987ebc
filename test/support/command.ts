import { type ChildProcess, spawn } from 'node:child_process';
import { hushSettings, keepWritten } from './writtenLogs.ts';

export interface Finished {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface RunningCommand {
  readonly process: ChildProcess;
  /** What it has written so far, both outputs together. */
  output(): string;
  readonly finished: Promise<Finished>;
}

/** Settings that a test's own environment must not lend to the command. */
const inherited = Object.fromEntries(
  Object.entries(process.env).filter(([name]) => !/^(COGNITO|AUTH|AWS|VITEST|NODE_ENV$|CI$)/.test(name)),
);

/** Starts the built command as a user would. What it writes is searched for secrets when the tests of the file are done. */
export function startCommand(
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): RunningCommand {
  hushSettings(env);
  const child = spawn(process.execPath, ['dist/main.js', ...args], {
    env: { ...inherited, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const chunks = { stdout: '', stderr: '' };
  let both = '';
  for (const name of ['stdout', 'stderr'] as const) {
    child[name].setEncoding('utf8').on('data', (text: string) => {
      chunks[name] += text;
      both += text;
    });
  }
  const finished = new Promise<Finished>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code) => {
      keepWritten(`${withoutResults(args, chunks.stdout)}\n${chunks.stderr}\n`);
      resolve({ code, ...chunks });
    });
  });
  return { process: child, output: () => both, finished };
}

/** What is printed on purpose: the token that was asked for, that of the request to paste, and the key id that the demo shows. */
function withoutResults([command]: readonly string[], stdout: string): string {
  if (command === 'token') return '';
  if (command === 'demo') return stdout.replaceAll(/ASIA\w+/g, '');
  return stdout.replace(/^curl[\s\S]*?-d '.*'$/m, '');
}

export const runCommand = (
  args: readonly string[],
  env?: Readonly<Record<string, string>>,
): Promise<Finished> => startCommand(args, env).finished;
