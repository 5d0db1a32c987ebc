import { fstatSync } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import type { Writable } from 'node:stream';
import { ServiceError } from '../errors.ts';
import type { Clock } from '../lib/clock.ts';
import { systemTimers, type Timers } from '../lib/timers.ts';
import type { AuditEvent, AuditSink } from './audit.ts';

export interface AuditLogOptions {
  /** A file to append to, made with mode 0600 when it is missing; or a stream, e.g. standard output. */
  readonly target: string | Writable;
  readonly clock: Clock;
  readonly timers?: Timers;
  /** Milliseconds after which a record counts as not written, 1 or more. Default 5,000. */
  readonly timeoutMs?: number;
  /** Most records that may wait to be written; beyond that they are refused at once. Default 10,000. */
  readonly maxWaiting?: number;
}

/** An audit sink that writes one JSON object a line. */
export interface AuditLog extends AuditSink {
  /** Why records cannot be written, for readiness; null when they can. Also found out without any record: the file is opened at once. */
  problem(): string | null;
  /**
   * Ends with the file that is open now and goes on with whatever bears the name then: for log rotation, on SIGHUP. Records that are
   * being written still go to the old file. Never rejects; what goes wrong is told by `problem` and the next record.
   */
  reopen(): Promise<void>;
  /** Writes what is waiting and closes the file; takes no longer than one record may. */
  close(): Promise<void>;
}

/** Something that takes text, and either has taken all of it or rejects. */
interface Output {
  append(text: string): Promise<void>;
  reopen(): Promise<void>;
  close(): Promise<void>;
}

/** The records of one turn of the event loop: they are written, or refused, together. */
interface Batch {
  lines: string;
  readonly outcome: Promise<void>;
  readonly written: () => void;
  readonly failed: (cause: unknown) => void;
}

/** A problem is reported for this long after it was last seen: without requests nothing would ever show that it is gone. */
const problemMs = 30_000;

/** Throws RangeError for bad options; a file that cannot be opened is told by `problem`, because it may come to be. */
export function createAuditLog(options: AuditLogOptions): AuditLog {
  const { target, clock, timers = systemTimers, timeoutMs = 5_000, maxWaiting = 10_000 } = options;
  if (!(timeoutMs >= 1)) throw new RangeError('timeoutMs must be 1 or more');
  if (!(maxWaiting >= 1)) throw new RangeError('maxWaiting must be 1 or more');
  const output = typeof target === 'string' ? new FileOutput(target) : new StreamOutput(target);
  let waiting: Batch[] = [];
  let recordsWaiting = 0;
  /** The last of `waiting`, while its turn of the event loop lasts. */
  let open: Batch | undefined;
  let trouble: { readonly text: string; readonly seenMs: number } | undefined;
  /** The end of everything that was begun: appends, reopenings and closing follow one another. */
  let last: Promise<void> = Promise.resolve();

  const note = (cause: unknown) => {
    trouble = { text: `the audit log cannot be written${systemCode(cause)}`, seenMs: clock.now() };
  };
  const inTurn = (work: () => Promise<void>): Promise<void> => {
    last = last.then(work).then(
      () => {
        trouble = undefined;
      },
      (cause: unknown) => note(cause),
    );
    return last;
  };

  /** Writes all that waits in one go: under load that is one system call for many records. */
  const flush = () =>
    inTurn(async () => {
      const batches = waiting;
      waiting = [];
      recordsWaiting = 0;
      open = undefined;
      try {
        if (batches.length > 0) await output.append(batches.map(({ lines }) => lines).join(''));
        trouble = undefined;
      } catch (cause) {
        note(cause);
        for (const { failed } of batches) failed(cause);
        throw cause;
      }
      for (const { written } of batches) written();
    });

  function openBatch(): Batch {
    let resolve = () => {};
    let reject = (_error: unknown) => {};
    const outcome = new Promise<void>((...settle) => {
      [resolve, reject] = settle;
    });
    const failed = (cause: unknown) => {
      timers.clear(timer);
      reject(unavailable(cause));
    };
    // Should the lines get through after all, the log tells of more than was issued: the harmless way round.
    const timer = timers.set(() => {
      const cause = new Error(`a record was not written within ${timeoutMs} ms`);
      note(cause);
      failed(cause);
    }, timeoutMs);
    const written = () => {
      timers.clear(timer);
      resolve();
    };
    const batch = { lines: '', outcome, written, failed };
    waiting.push(batch);
    // After what else this turn of the event loop has to answer: its records go out together. Who comes first takes all with it.
    setImmediate(() => {
      if (open === batch) open = undefined;
      if (waiting[0] === batch) void flush();
    });
    return batch;
  }

  const timeText = createTimeText();
  inTurn(() => output.reopen());

  return {
    write(event) {
      if (recordsWaiting >= maxWaiting)
        return Promise.reject(unavailable(new Error('too many records are waiting to be written')));
      open ??= openBatch();
      open.lines += lineOf(event, timeText(clock.now()));
      recordsWaiting += 1;
      return open.outcome;
    },
    problem() {
      return trouble !== undefined && clock.now() < trouble.seenMs + problemMs ? trouble.text : null;
    },
    reopen: () => inTurn(() => output.reopen()),
    close() {
      void flush();
      // A reader that has stopped reading must not keep the process from ending.
      let timer: unknown;
      const patience = new Promise<void>((resolve) => {
        timer = timers.set(resolve, timeoutMs);
      });
      return Promise.race([inTurn(() => output.close()), patience]).finally(() => timers.clear(timer));
    },
  };
}

/** ISO 8601 texts; the last one again for as long as its millisecond lasts, which under load is for many records. */
function createTimeText(): (ms: number) => string {
  let lastMs = Number.NaN;
  let text = '';
  return (ms) => {
    if (ms !== lastMs) text = new Date(ms).toISOString();
    lastMs = ms;
    return text;
  };
}

/** Field by field: whatever else an object carries at run time, a token for instance, does not get into the log. */
function lineOf(event: AuditEvent, time: string): string {
  const record = {
    time,
    requestId: event.requestId,
    action: event.action,
    outcome: event.outcome,
    userId: event.userId,
    identityIds: event.identityIds,
    affectedUserIds: event.affectedUserIds,
    tokenDuration: event.tokenDuration,
    tagNames: event.tagNames,
    clientAddress: event.clientAddress,
  };
  return `${JSON.stringify(record)}\n`;
}

function unavailable(cause: unknown): ServiceError {
  return new ServiceError(
    'AUDIT_UNAVAILABLE',
    'The audit log cannot be written; nothing is issued meanwhile.',
    {
      retryAfter: 5,
      cause,
    },
  );
}

/** The system's name for what went wrong; a message would hold the path. */
function systemCode(cause: unknown): string {
  const code = typeof cause === 'object' && cause !== null && 'code' in cause ? cause.code : undefined;
  return typeof code === 'string' ? ` (${code})` : '';
}

/** A file opened for appending. After a failure it is opened anew: the disk may have been replaced below it. */
class FileOutput implements Output {
  readonly #path: string;
  #file: FileHandle | undefined;
  /** Whether the file may end in the middle of a line, because a write failed half-way. */
  #torn = false;

  constructor(path: string) {
    this.#path = path;
  }

  async append(text: string): Promise<void> {
    try {
      const file = await this.#openFile();
      await file.appendFile(this.#torn ? `\n${text}` : text, 'utf8');
      this.#torn = false;
    } catch (error) {
      this.#torn = true;
      await this.close().catch(() => {});
      throw error;
    }
  }

  async reopen(): Promise<void> {
    await this.close();
    this.#torn = false;
    await this.#openFile();
  }

  async close(): Promise<void> {
    const file = this.#file;
    this.#file = undefined;
    await file?.close();
  }

  /** A file that was deleted takes every record and keeps none: it is given up for one that has a name. */
  async #openFile(): Promise<FileHandle> {
    // Not waited for: it reads what the kernel holds of an open file, and a turn of the thread pool costs more than the write.
    if (this.#file !== undefined && fstatSync(this.#file.fd).nlink > 0) return this.#file;
    await this.close();
    this.#file = await open(this.#path, 'a', 0o600);
    return this.#file;
  }
}

/** A stream that somebody else opened, and will close. */
class StreamOutput implements Output {
  readonly #stream: Writable;

  constructor(stream: Writable) {
    this.#stream = stream;
    // Without a listener a reader that went away (EPIPE) would end this process. The write itself tells of it too.
    stream.on('error', () => {});
  }

  append(text: string): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#stream.write(text, 'utf8', (error) => (error ? reject(error) : resolve()));
    });
  }

  async reopen(): Promise<void> {}

  async close(): Promise<void> {}
}
