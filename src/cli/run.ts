import { failureOf } from './failure.ts';
import { createProgram } from './program.ts';
import { styled, type Terminal } from './terminal.ts';

/** Runs one command line, without program and script name; the exit code: 0, 1 for a failure, 2 for bad usage or configuration. */
export async function run(argv: readonly string[], terminal: Terminal): Promise<number> {
  try {
    // Only this help lists the settings; every other command starts without loading them.
    const settingsHelp = argv.includes('serve')
      ? (await import('../config/settingsTable.ts')).settingsHelp()
      : undefined;
    await createProgram(terminal, settingsHelp).parseAsync(argv, { from: 'user' });
    return 0;
  } catch (error) {
    const { exitCode, text } = failureOf(error);
    if (text !== '') terminal.stderr.write(`${styled(terminal, terminal.stderr, 'red', text)}\n`);
    return exitCode;
  }
}
