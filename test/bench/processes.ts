import { type ChildProcess, spawn } from 'node:child_process';
import { canPin } from './machine.ts';

/** The server under test has one core for itself, whatever drives it or is asked by it the other. */
export type Core = 'server' | 'load';
const coreNumber: Readonly<Record<Core, string>> = { server: '0', load: '1' };

/** Settings of the shell must not reach the servers that are compared. */
const inherited = Object.fromEntries(
  Object.entries(process.env).filter(
    ([name]) => !/^(COGNITO|AUTH|AWS|REDIS|NODE_|npm_|PORT$|HOST$)/.test(name),
  ),
);

export interface RunningServer {
  readonly url: string;
  readonly pid: number;
  stop(): Promise<void>;
}

export interface Command {
  /** Arguments of node. */
  readonly args: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  readonly core: Core;
}

/** With taskset the process is still node itself: taskset replaces itself by its command. */
function start({ args, env = {}, core }: Command): ChildProcess {
  const command = [process.execPath, ...args];
  const [file = '', ...rest] = canPin ? ['taskset', '-c', coreNumber[core], ...command] : command;
  return spawn(file, rest, { env: { ...inherited, ...env }, stdio: ['pipe', 'pipe', 'pipe'] });
}

/** Starts a server and waits for the address that it writes, which is what `ready` captures. */
export function startServer(command: Command, ready: RegExp): Promise<RunningServer> {
  const child = start(command);
  running.add(child);
  const ended = new Promise<void>((resolve) => child.once('close', () => resolve()));
  void ended.then(() => running.delete(child));
  return new Promise((resolve, reject) => {
    let output = '';
    const late = setTimeout(() => end(`did not start within 30 s`), 30_000);
    const end = (what: string) => {
      clearTimeout(late);
      child.kill('SIGKILL');
      reject(new Error(`${command.args.join(' ')} ${what}:\n${output}`));
    };
    const look = (text: string) => {
      output = (output + text).slice(-20_000);
      const url = ready.exec(output)?.[1];
      if (url === undefined) return;
      clearTimeout(late);
      const stop = async () => {
        child.kill('SIGTERM');
        const cutOff = setTimeout(() => child.kill('SIGKILL'), 3_000);
        await ended.finally(() => clearTimeout(cutOff));
      };
      resolve({ url, pid: child.pid as number, stop });
    };
    for (const stream of [child.stdout, child.stderr]) stream?.setEncoding('utf8').on('data', look);
    child.once('error', reject);
    child.once('close', (code) => end(`ended with ${code}`));
  });
}

/** Runs a program of this folder to its end, and reads the JSON that it writes. */
export function runToJson<T>(command: Command, input = ''): Promise<T> {
  const child = start(command);
  running.add(child);
  let stdout = '';
  let stderr = '';
  child.stdout?.setEncoding('utf8').on('data', (text: string) => {
    stdout += text;
  });
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
  });
  child.stdin?.end(input);
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code) => {
      running.delete(child);
      try {
        resolve(JSON.parse(stdout) as T);
      } catch {
        reject(new Error(`${command.args.join(' ')} ended with ${code}:\n${stderr || stdout}`));
      }
    });
  });
}

const running = new Set<ChildProcess>();
/** Whatever ends this process, nothing that it started goes on. */
process.once('exit', () => {
  for (const child of running) child.kill('SIGKILL');
});
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(130));
