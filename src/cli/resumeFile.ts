import { readFile, rename, rm, writeFile } from 'node:fs/promises';
import { CommandError, UsageError } from './failure.ts';

/** What a run was about; another run goes on from it only when all of this is the same. */
export type RunKey = Readonly<Record<string, string | number | boolean>>;

/** Where a long command is, so that it can go on after an interruption. */
export interface ResumeFile<State> {
  /** The state of an earlier run, or undefined when there was none. */
  read(): Promise<State | undefined>;
  write(state: State): Promise<void>;
  remove(): Promise<void>;
}

/**
 * State in a JSON file. `read` refuses a file of another command, pool or choice.
 */
export function createResumeFile<State>(file: string, key: RunKey): ResumeFile<State> {
  return {
    read: async () => {
      const text = await readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
        if (error.code === 'ENOENT') return undefined;
        throw error;
      });
      if (text === undefined) return undefined;
      const saved = parse(text, file);
      if (JSON.stringify(saved.key) !== JSON.stringify(key)) {
        throw new UsageError(
          `${file} belongs to a run with other choices. Repeat that command, or name another file with --resume.`,
        );
      }
      return saved.state as State;
    },
    write: async (state) => {
      const next = `${file}.new`;
      await writeFile(next, `${JSON.stringify({ key, state })}\n`, { mode: 0o600 });
      await rename(next, file);
    },
    remove: () => rm(file, { force: true }),
  };
}

function parse(text: string, file: string): { readonly key?: unknown; readonly state?: unknown } {
  try {
    const saved: unknown = JSON.parse(text);
    if (typeof saved === 'object' && saved !== null) return saved;
  } catch {
    // Told below.
  }
  throw new CommandError(
    `${file} is no state of an earlier run. Name another file with --resume, or delete it.`,
  );
}
