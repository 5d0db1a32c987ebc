import { describe, it } from 'vitest';
import { isInstalled, type ToolName, tools } from './debianPackages.ts';

export interface RequiredTool {
  /** Where the program is, for Debian's python modules the interpreter. */
  readonly path: string;
  /** A suite that needs the tool. Without it, the suite says so: skipped, or failed where `CI=true`. */
  readonly describe: (name: string, suite: () => void) => void;
}

/**
 * Asks for a program of Debian's. The test command installs them where it may (see setupPackages.ts), so that a missing
 * one is the exception, and on a build server a mistake.
 */
export function requireTool(name: ToolName): RequiredTool {
  const { path, package: debianPackage } = tools[name];
  if (isInstalled(name)) return { path, describe: (title, suite) => void describe(title, suite) };
  const reason = `needs Debian's ${debianPackage}, which is not installed`;
  return {
    path,
    describe: (title, suite) => {
      if (process.env['CI'] === 'true') {
        describe(title, () => {
          it(`finds ${path}`, () => {
            throw new Error(`This suite ${reason}.`);
          });
        });
        return;
      }
      process.stderr.write(`Skipped: "${title}" ${reason}.\n`);
      describe.skip(`${title} (skipped: ${reason})`, suite);
    },
  };
}
