import { CommanderError } from 'commander';

/** Bad usage or configuration: exit code 2. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

/** The command did not do what it was asked for: exit code 1. The message says what to do next. */
export class CommandError extends Error {
  override readonly name = 'CommandError';
}

export interface Failure {
  readonly exitCode: 0 | 1 | 2;
  /** For standard error, without a stack; empty when everything was said already. */
  readonly text: string;
}

const usageErrors = new Set(['UsageError', 'ConfigError', 'PoolOptionsError']);

/** How a command's error is told. Names are compared, not classes, so that no room is loaded for its error class alone. */
export function failureOf(error: unknown): Failure {
  if (error instanceof CommanderError) {
    const shown = ['commander.helpDisplayed', 'commander.version'].includes(error.code);
    return { exitCode: shown ? 0 : 2, text: '' };
  }
  if (!(error instanceof Error)) return { exitCode: 1, text: 'Something failed without saying what.' };
  const text = sentenceOf(error);
  return { exitCode: usageErrors.has(error.name) ? 2 : 1, text };
}

function sentenceOf(
  error: Error & { code?: unknown; port?: unknown; address?: unknown; path?: unknown },
): string {
  switch (error.code) {
    case 'EADDRINUSE':
      return `Port ${error.port} of ${error.address} is taken. Choose another with PORT, EMULATOR_PORT or --port; 0 takes a free one.`;
    case 'EADDRNOTAVAIL':
      return `${error.address} is no address of this machine. Change HOST or --host.`;
    case 'EACCES':
      if (error.port !== undefined) {
        return `Port ${error.port} is not allowed to this user. Choose one from 1024 up with PORT or --port.`;
      }
      return `${error.path} may not be read or written by this user. Change its permissions or name another file.`;
    case 'ENOENT':
      return `There is no file or directory ${error.path}. Check the name.`;
    case 'EISDIR':
      return 'A directory was named where a file is needed.';
    default:
      return error.message;
  }
}
