/** Where a command writes, and what it knows of its surroundings. Tests hand in their own. */
export interface Terminal {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Results: what another program may read. */
  readonly stdout: Output;
  /** Everything for people: progress, warnings, errors. */
  readonly stderr: Output;
  /** A line that the user types, or undefined when nobody can be asked. */
  ask(question: string): Promise<string | undefined>;
  /** Resolves when the command shall stop (Ctrl-C, SIGTERM). From the first call on the process no longer ends by itself. */
  stopRequested(): Promise<void>;
  /** Calls back at every SIGHUP, by which log rotation asks for files to be opened anew. */
  onHangUp(reopen: () => void): void;
}

export interface Output {
  write(text: string): unknown;
  readonly isTTY?: boolean;
}

export type Style = 'bold' | 'dim' | 'green' | 'yellow' | 'red';

const codes: Record<Style, readonly [number, number]> = {
  bold: [1, 22],
  dim: [2, 22],
  green: [32, 39],
  yellow: [33, 39],
  red: [31, 39],
};

/** Text in a style where the output is a terminal and `NO_COLOR` (https://no-color.org) is not set. */
export function styled(terminal: Terminal, output: Output, style: Style, text: string): string {
  if (output.isTTY !== true || terminal.env['NO_COLOR'] || terminal.env['TERM'] === 'dumb') return text;
  const [on, off] = codes[style];
  return `\u001b[${on}m${text}\u001b[${off}m`;
}

/** A line on standard error. */
export function tell(terminal: Terminal, line: string): void {
  terminal.stderr.write(`${line}\n`);
}

/** A result on standard output as JSON, readable for people, too. */
export function printJson(terminal: Terminal, value: unknown): void {
  terminal.stdout.write(`${JSON.stringify(value, null, 2)}\n`);
}
