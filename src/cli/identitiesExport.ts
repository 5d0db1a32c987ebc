import { type FileHandle, open } from 'node:fs/promises';
import { type IdentityRecord, type Position, selectIdentities } from '../pool/selectIdentities.ts';
import { UsageError } from './failure.ts';
import { type SelectionContext, type SelectionOptions, withSelection } from './identitySelection.ts';
import { createProgress } from './progress.ts';
import { createResumeFile } from './resumeFile.ts';
import { type Terminal, tell } from './terminal.ts';

export interface IdentitiesExportOptions extends SelectionOptions {
  readonly format: 'jsonl' | 'csv';
  readonly output?: string;
  readonly resume?: string;
}

interface ExportState {
  readonly next: Position;
  /** Length of the output up to there: what follows was written by a run that did not come so far as to say so. */
  readonly bytes: number;
  readonly exported: number;
  readonly selection: { readonly startedAt: number; readonly modifiedBefore?: number };
}

/** Writes every selected identity, one page in memory at a time. */
export function identitiesExport(options: IdentitiesExportOptions, terminal: Terminal): Promise<void> {
  if (options.resume !== undefined && options.output === undefined) {
    throw new UsageError('--resume needs --output: what went to standard output cannot be taken up again.');
  }
  return withSelection(options, terminal, (context) => exportWith(context, options, terminal));
}

async function exportWith(
  { clients, selection: chosen, pacer }: SelectionContext,
  options: IdentitiesExportOptions,
  terminal: Terminal,
): Promise<void> {
  const { resume, format, output } = options;
  const state =
    resume === undefined ? undefined : createResumeFile<ExportState>(resume, keyOf(chosen, options));
  const before = await state?.read();
  // The ages of the first run hold: otherwise identities would move in and out of the selection in between.
  const selection = { ...chosen, ...before?.selection };
  const sink = await createSink(output, before?.bytes, terminal);
  let exported = before?.exported ?? 0;
  const progress = createProgress('identities exported:', terminal, { from: exported });
  try {
    if (before === undefined && format === 'csv') await sink.write(csvHeader);
    for await (const page of selectIdentities(selection, clients.cognito, pacer, before?.next)) {
      await sink.write(page.identities.map(format === 'csv' ? csvLine : jsonLine).join(''));
      exported += page.identities.length;
      if (page.next !== undefined) {
        const { startedAt, modifiedBefore } = selection;
        await state?.write({
          next: page.next,
          bytes: sink.bytes(),
          exported,
          selection: { startedAt, ...(modifiedBefore === undefined ? {} : { modifiedBefore }) },
        });
      }
      progress.update(exported);
    }
  } finally {
    progress.end();
    await sink.close();
  }
  await state?.remove();
  tell(terminal, `${exported} identities were exported${output === undefined ? '' : ` to ${output}`}.`);
}

function keyOf(
  selection: SelectionContext['selection'],
  { format, output, olderThan }: IdentitiesExportOptions,
) {
  return {
    command: 'export',
    pool: selection.identityPoolId,
    disabled: selection.disabledOnly,
    olderThan: olderThan ?? 0,
    format,
    output: output ?? '',
  };
}

interface Sink {
  write(text: string): Promise<void>;
  bytes(): number;
  close(): Promise<void>;
}

async function createSink(
  output: string | undefined,
  keep: number | undefined,
  terminal: Terminal,
): Promise<Sink> {
  let written = keep ?? 0;
  if (output === undefined) {
    return {
      write: async (text) => {
        if (text !== '') await drained(terminal, text);
      },
      bytes: () => written,
      close: async () => {},
    };
  }
  const file: FileHandle = await open(output, keep === undefined ? 'w' : 'r+', 0o600);
  await file.truncate(written);
  return {
    write: async (text) => {
      const { bytesWritten } = await file.write(Buffer.from(text), 0, undefined, written);
      written += bytesWritten;
    },
    bytes: () => written,
    close: () => file.close(),
  };
}

/** Waits for a slow reader, so that a long export does not pile up in memory. */
async function drained({ stdout }: Terminal, text: string): Promise<void> {
  if (stdout.write(text) !== false || !('once' in stdout)) return;
  const stream = stdout as unknown as NodeJS.WriteStream;
  await new Promise<void>((resolve) => stream.once('drain', () => resolve()));
}

const jsonLine = (record: IdentityRecord) => `${JSON.stringify(record)}\n`;

const csvHeader = 'identityId,logins,createdAt,lastModifiedAt\n';

const csvLine = ({ identityId, logins, createdAt, lastModifiedAt }: IdentityRecord) =>
  `${[identityId, logins.join(' '), createdAt, lastModifiedAt].map(csvCell).join(',')}\n`;

/** RFC 4180, section 2. */
const csvCell = (text: string) => (/[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);
