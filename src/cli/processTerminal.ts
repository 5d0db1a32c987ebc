import { createInterface } from 'node:readline/promises';
import type { Terminal } from './terminal.ts';

/** The terminal of this process. */
export function processTerminal(): Terminal {
  // A reader such as `head` that has seen enough is no failure of ours.
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error;
    process.exit(0);
  });
  let stop: Promise<void> | undefined;
  return {
    env: process.env,
    stdout: process.stdout,
    stderr: process.stderr,
    ask: async (question) => {
      if (!process.stdin.isTTY) return undefined;
      const lines = createInterface({ input: process.stdin, output: process.stderr });
      try {
        return await lines.question(question);
      } finally {
        lines.close();
      }
    },
    onHangUp: (reopen) => void process.on('SIGHUP', reopen),
    stopRequested: () => {
      stop ??= new Promise((resolve) => {
        // Kept for the second signal, too: it must not cut off what the first one lets finish.
        process.on('SIGINT', () => resolve());
        process.on('SIGTERM', () => resolve());
        // When Node ends by itself it gives its handlers up first, and a signal that comes then would be the one to end it, with no
        // code. Ending it by `exit`, once there is nothing left to do, keeps them to the last.
        process.once('beforeExit', (code) => process.exit(code));
      });
      return stop;
    },
  };
}
