import { createReadStream } from 'node:fs';
import { appendFile, mkdtemp, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { deleteIdentities, largestBatch } from '../pool/deleteIdentities.ts';
import { createPacer } from '../pool/pacer.ts';
import { type Position, selectIdentities } from '../pool/selectIdentities.ts';
import { CommandError, UsageError } from './failure.ts';
import { type SelectionContext, type SelectionOptions, withSelection } from './identitySelection.ts';
import { createProgress } from './progress.ts';
import { createResumeFile, type ResumeFile } from './resumeFile.ts';
import { printJson, type Terminal, tell } from './terminal.ts';

export interface IdentitiesPurgeOptions extends SelectionOptions {
  readonly all?: boolean;
  readonly dryRun?: boolean;
  readonly yes?: boolean;
  readonly deleteRate: number;
  readonly resume?: string;
  readonly json?: boolean;
}

/** The ids are gathered on disk first: a selection may be acted upon only once it is complete. */
interface PurgeState {
  /** Left out when everything was gathered. */
  readonly next?: Position;
  readonly gathered: number;
  readonly bytes: number;
  /** Of the gathered ones, how many were sent off already. */
  readonly sent: number;
  readonly notDeleted: number;
  readonly selection: { readonly startedAt: number; readonly modifiedBefore?: number };
}

/** Deletes the selected identities: gathers, asks, deletes in batches, and says what was not deleted. */
export function identitiesPurge(options: IdentitiesPurgeOptions, terminal: Terminal): Promise<void> {
  const chosen = options.disabled === true || options.olderThan !== undefined;
  if (!chosen && options.all !== true) {
    throw new UsageError('Choose what to delete: --disabled, --older-than AGE, or --all.');
  }
  if (chosen && options.all === true) throw new UsageError('--all cannot be combined with another choice.');
  return withSelection(options, terminal, (context) => purgeWith(context, options, terminal));
}

async function purgeWith(
  context: SelectionContext,
  options: IdentitiesPurgeOptions,
  terminal: Terminal,
): Promise<void> {
  const directory =
    options.resume === undefined ? await mkdtemp(join(tmpdir(), 'cognito-graphql-')) : undefined;
  const file = options.resume ?? join(directory ?? '', 'state');
  const state = createResumeFile<PurgeState>(file, {
    command: 'purge',
    pool: context.selection.identityPoolId,
    disabled: context.selection.disabledOnly,
    olderThan: options.olderThan ?? 0,
  });
  const ids = `${file}.ids`;
  try {
    const gathered = await gather(context, state, ids, terminal);
    tell(
      terminal,
      `${gathered.gathered - gathered.sent} identities of ${context.selection.identityPoolId} are selected.`,
    );
    if (options.dryRun) {
      tell(terminal, 'Nothing was deleted (--dry-run).');
      if (options.json) printJson(terminal, { dryRun: true, selected: gathered.gathered });
      if (gathered.sent === 0) await cleanUp(state, ids);
      return;
    }
    await confirm(gathered.gathered - gathered.sent, options, terminal);
    const done = await deleteAll(context, gathered, state, ids, options, terminal);
    await cleanUp(state, ids);
    const deleted = done.sent - done.notDeleted;
    tell(terminal, `${deleted} identities were deleted, ${done.notDeleted} were not.`);
    if (options.json) printJson(terminal, { selected: done.gathered, deleted, notDeleted: done.notDeleted });
    if (done.notDeleted > 0) {
      throw new CommandError(
        'AWS did not delete the identities named above. Check the permissions and repeat the command.',
      );
    }
  } finally {
    if (directory !== undefined) await rm(directory, { recursive: true, force: true });
  }
}

async function cleanUp(state: ResumeFile<PurgeState>, ids: string): Promise<void> {
  await state.remove();
  await rm(ids, { force: true });
}

async function gather(
  { clients, selection: chosen, pacer }: SelectionContext,
  state: ResumeFile<PurgeState>,
  ids: string,
  terminal: Terminal,
): Promise<PurgeState> {
  const before = await state.read();
  if (before !== undefined && before.next === undefined) return before;
  const { startedAt, modifiedBefore } = { ...chosen, ...before?.selection };
  const selection = { startedAt, ...(modifiedBefore === undefined ? {} : { modifiedBefore }) };
  let { gathered, bytes } = before ?? { gathered: 0, bytes: 0 };
  if (before === undefined) await writeFile(ids, '', { mode: 0o600 });
  else await truncate(ids, bytes);
  const progress = createProgress('identities looked through:', terminal);
  let scanned = 0;
  let last: PurgeState = { gathered, bytes, sent: 0, notDeleted: 0, selection };
  try {
    const pages = selectIdentities({ ...chosen, ...selection }, clients.cognito, pacer, before?.next);
    for await (const { identities, scanned: looked, next } of pages) {
      const lines = identities.map(({ identityId }) => `${identityId}\n`).join('');
      await appendFile(ids, lines);
      gathered += identities.length;
      bytes += Buffer.byteLength(lines);
      last = { ...last, gathered, bytes, ...(next === undefined ? {} : { next }) };
      if (next === undefined) last = { gathered, bytes, sent: 0, notDeleted: 0, selection };
      await state.write(last);
      scanned += looked;
      progress.update(scanned);
    }
  } finally {
    progress.end();
  }
  return last;
}

async function confirm(count: number, options: IdentitiesPurgeOptions, terminal: Terminal): Promise<void> {
  if (options.yes || count === 0) return;
  const typed = await terminal.ask(`Type ${count} to delete them; nothing brings them back: `);
  if (typed === undefined)
    throw new UsageError('Nobody can be asked here. Use --yes to delete, or --dry-run to count.');
  if (typed !== String(count)) throw new UsageError('That is not the number. Nothing was deleted.');
}

async function deleteAll(
  { clients }: SelectionContext,
  from: PurgeState,
  state: ResumeFile<PurgeState>,
  ids: string,
  options: IdentitiesPurgeOptions,
  terminal: Terminal,
): Promise<PurgeState> {
  const pacer = createPacer({ callsPerSecond: options.deleteRate });
  const progress = createProgress('identities deleted', terminal, { from: from.sent });
  let current = from;
  const send = async (batch: readonly string[]) => {
    const failed = await deleteIdentities(batch, clients.cognito, pacer);
    for (const { identityId, reason } of failed) tell(terminal, `not deleted ${identityId}: ${reason}`);
    current = {
      ...current,
      sent: current.sent + batch.length,
      notDeleted: current.notDeleted + failed.length,
    };
    await state.write(current);
    progress.update(current.sent, current.gathered);
  };
  try {
    for await (const batch of batches(ids, from.sent)) await send(batch);
  } finally {
    progress.end();
  }
  return current;
}

/** Lines of the file in batches, without those that were sent before. */
async function* batches(file: string, skip: number): AsyncGenerator<readonly string[]> {
  let batch: string[] = [];
  let line = 0;
  for await (const identityId of createInterface({ input: createReadStream(file) })) {
    if (line++ < skip) continue;
    batch.push(identityId);
    if (batch.length === largestBatch) {
      yield batch;
      batch = [];
    }
  }
  if (batch.length > 0) yield batch;
}
