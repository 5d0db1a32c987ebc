import { type ChildProcess, spawn } from 'node:child_process';
import { hushSettings, keepWriting } from './writtenLogs.ts';

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

export interface NodeProcessOptions {
  /** Default: the repository. */
  readonly cwd?: string;
  /** The whole environment. */
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Takes from standard output what is printed on purpose. Default: nothing is. */
  readonly withoutResults?: (stdout: string) => string;
}

/**
 * Starts Node.js with something of the product. What it writes is searched for secrets when the tests of the file are done, whether or not
 * it has ended by then: nothing of the product may be started in another way.
 */
export function startNode(
  args: readonly string[],
  { cwd, env, withoutResults = (stdout) => stdout }: NodeProcessOptions,
): RunningCommand {
  hushSettings(env);
  const child = spawn(process.execPath, args, {
    env,
    stdio: ['ignore', 'pipe', 'pipe'],
    ...(cwd && { cwd }),
  });
  const chunks = { stdout: '', stderr: '' };
  let both = '';
  for (const name of ['stdout', 'stderr'] as const) {
    child[name].setEncoding('utf8').on('data', (text: string) => {
      chunks[name] += text;
      both += text;
    });
  }
  keepWriting(() => `${withoutResults(chunks.stdout)}\n${chunks.stderr}\n`);
  const finished = new Promise<Finished>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code) => resolve({ code, ...chunks }));
  });
  return { process: child, output: () => both, finished };
}

export interface CommandPlace {
  /** Default: the repository's build. */
  readonly main?: string;
  readonly cwd?: string;
}

/** Starts the built command as a user would. */
export const startCommand = (
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
  { main = 'dist/main.js', cwd }: CommandPlace = {},
): RunningCommand =>
  startNode([main, ...args], {
    env: { ...inherited, ...env },
    withoutResults: (stdout) => withoutResults(args, stdout),
    ...(cwd && { cwd }),
  });

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
