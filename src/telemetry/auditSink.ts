import { type FileHandle, open } from 'node:fs/promises';
import { ServiceError } from '../errors.ts';
import type { Clock } from '../lib/clock.ts';
import type { AuditSink } from './audit.ts';

/** One JSON object a line, to a file or to standard output. */
export function createAuditSink(file: string | undefined, clock: Clock): AuditSink {
  let handle: Promise<FileHandle> | undefined;
  const append = async (line: string) => {
    if (file === undefined) return void process.stdout.write(line);
    handle ??= open(file, 'a', 0o600);
    await (await handle).appendFile(line);
  };
  return {
    async write(event) {
      try {
        await append(`${JSON.stringify({ time: new Date(clock.now()).toISOString(), ...event })}\n`);
      } catch (cause) {
        handle = undefined;
        throw new ServiceError(
          'AUDIT_UNAVAILABLE',
          'The audit log cannot be written; nothing is issued meanwhile.',
          {
            retryAfter: 5,
            cause,
          },
        );
      }
    },
  };
}
