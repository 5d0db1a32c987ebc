import { run } from '../../../src/cli/run.ts';
import type { Terminal } from '../../../src/cli/terminal.ts';

export interface Recorded {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface Surroundings {
  readonly env?: Readonly<Record<string, string>>;
  /** What the user types when asked; nobody is there by default. */
  readonly answer?: string;
  readonly isTTY?: boolean;
  /** Resolves when the command shall stop. */
  readonly stop?: Promise<void>;
  /** Called with everything that is written to standard output. */
  onOutput?(text: string): void;
}

/** Runs one command line in this process and keeps what it wrote. */
export async function runCommand(
  argv: readonly string[],
  surroundings: Surroundings = {},
): Promise<Recorded> {
  const { env = {}, answer, isTTY = false, stop = new Promise<void>(() => {}), onOutput } = surroundings;
  const written = { stdout: '', stderr: '' };
  const output = (name: 'stdout' | 'stderr') => ({
    isTTY,
    write: (text: string) => {
      written[name] += text;
      if (name === 'stdout') onOutput?.(text);
      return true;
    },
  });
  const terminal: Terminal = {
    env,
    stdout: output('stdout'),
    stderr: output('stderr'),
    ask: async () => answer,
    stopRequested: () => stop,
    onHangUp: () => undefined,
  };
  const exitCode = await run(argv, terminal);
  return { exitCode, ...written };
}
