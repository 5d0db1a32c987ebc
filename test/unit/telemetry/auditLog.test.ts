import { mkdir, mkdtemp, readFile, rename, rm, stat, symlink, unlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough, Writable } from 'node:stream';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ServiceError } from '../../../src/errors.ts';
import type { AuditEvent } from '../../../src/telemetry/audit.ts';
import { type AuditLog, type AuditLogOptions, createAuditLog } from '../../../src/telemetry/auditLog.ts';
import { SimulatedTime, settled } from '../../support/simulatedTime.ts';

const clock = { time: 1_795_600_800_000, now: () => clock.time };
const event: AuditEvent = {
  action: 'issue',
  outcome: 'OK',
  userId: 'u1',
  identityIds: ['us-east-1:11111111-2222-4333-8444-555555555555'],
  tokenDuration: 900,
  tagNames: ['tenant'],
  requestId: 'r1',
  clientAddress: '192.0.2.1',
};

let folder: string;
let file: string;
const open: AuditLog[] = [];

beforeEach(async () => {
  clock.time = 1_795_600_800_000;
  folder = await mkdtemp(join(tmpdir(), 'audit-'));
  file = join(folder, 'audit.jsonl');
});
afterEach(async () => {
  for (const log of open.splice(0)) await log.close();
  await rm(folder, { recursive: true, force: true });
});

function logTo(target: AuditLogOptions['target'], options: Partial<AuditLogOptions> = {}): AuditLog {
  const log = createAuditLog({ target, clock, ...options });
  open.push(log);
  return log;
}
const records = async (path = file) =>
  (await readFile(path, 'utf8'))
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line));
const idsIn = async (path = file) => (await records(path)).map(({ requestId }) => requestId);
/** What a write was refused with. */
async function refused(work: Promise<void>) {
  const error = await work.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (!(error instanceof ServiceError)) throw new Error(`expected a ServiceError, got ${String(error)}`);
  return error;
}

describe('a record', () => {
  it('is one line of JSON with the time first', async () => {
    await logTo(file).write(event);
    expect(await readFile(file, 'utf8')).toBe(
      '{"time":"2026-11-25T10:00:00.000Z","requestId":"r1","action":"issue","outcome":"OK","userId":"u1",' +
        '"identityIds":["us-east-1:11111111-2222-4333-8444-555555555555"],"tokenDuration":900,"tagNames":["tenant"],"clientAddress":"192.0.2.1"}\n',
    );
  });

  it('is one line whatever its fields hold', async () => {
    await logTo(file).write({ ...event, userId: 'a\n{"time":"forged"}\r\u2028\ud800' });
    const text = await readFile(file, 'utf8');
    expect(text.split('\n')).toHaveLength(2);
    expect(JSON.parse(text)).toMatchObject({ userId: 'a\n{"time":"forged"}\r\u2028\ud800' });
  });

  it('never holds more than the fields of an audit event', async () => {
    const withToken = { ...event, openIdToken: 'secret', principal: { token: 'secret' } };
    await logTo(file).write(withToken);
    expect(await readFile(file, 'utf8')).not.toContain('secret');
  });

  it('is in the file when its write has resolved, each once and in order', async () => {
    const log = logTo(file);
    await Promise.all(Array.from({ length: 500 }, (_, i) => log.write({ ...event, requestId: `r${i}` })));
    expect(await idsIn()).toEqual(Array.from({ length: 500 }, (_, i) => `r${i}`));
  });

  it('is added to what is there', async () => {
    await writeFile(file, '{"requestId":"old"}\n');
    await logTo(file).write(event);
    expect(await idsIn()).toEqual(['old', 'r1']);
  });

  it('is for the owner alone to read', async () => {
    await logTo(file).write(event);
    expect((await stat(file)).mode & 0o777).toBe(0o600);
  });
});

describe('a log that cannot be written', () => {
  it('refuses with AUDIT_UNAVAILABLE when the disk is full, and says so in readiness', async () => {
    const log = logTo('/dev/full');
    const error = await refused(log.write(event));
    expect(error.code).toBe('AUDIT_UNAVAILABLE');
    expect(error.message).toBe('The audit log cannot be written; nothing is issued meanwhile.');
    expect(error.retryAfter).toBe(5);
    expect(error.cause).toMatchObject({ code: 'ENOSPC' });
    expect(log.problem()).toBe('the audit log cannot be written (ENOSPC)');
    clock.time += 29_999;
    expect(log.problem()).toBe('the audit log cannot be written (ENOSPC)');
    clock.time += 1;
    expect(log.problem()).toBeNull();
  });

  it('refuses every record of a batch that failed', async () => {
    const log = logTo('/dev/full');
    const codes = await Promise.all(
      Array.from({ length: 20 }, () => refused(log.write(event)).then(({ code }) => code)),
    );
    expect(codes).toEqual(Array(20).fill('AUDIT_UNAVAILABLE'));
  });

  it('is known before the first record when the folder does not exist, and works as soon as it does', async () => {
    const nested = join(folder, 'missing', 'audit.jsonl');
    const log = logTo(nested);
    await log.reopen();
    expect(log.problem()).toBe('the audit log cannot be written (ENOENT)');
    expect((await refused(log.write(event))).code).toBe('AUDIT_UNAVAILABLE');
    await mkdir(join(folder, 'missing'));
    await log.write(event);
    expect(log.problem()).toBeNull();
    expect(await idsIn(nested)).toEqual(['r1']);
  });

  it('refuses when its folder was removed under it, and goes on when the folder is back', async () => {
    const log = logTo(file);
    await log.write(event);
    await rm(folder, { recursive: true });
    const error = await refused(log.write({ ...event, requestId: 'r2' }));
    expect([error.code, (error.cause as NodeJS.ErrnoException).code]).toEqual([
      'AUDIT_UNAVAILABLE',
      'ENOENT',
    ]);
    await mkdir(folder);
    await log.write({ ...event, requestId: 'r3' });
    expect(await idsIn()).toEqual(['r3']);
  });

  it('makes a new file when the old one was deleted, instead of writing where nobody can read', async () => {
    const log = logTo(file);
    await log.write(event);
    await unlink(file);
    await log.write({ ...event, requestId: 'r2' });
    expect(await idsIn()).toEqual(['r2']);
  });

  it('works again by itself when the disk has room again', async () => {
    const target = join(folder, 'link');
    await symlink('/dev/full', target);
    const log = logTo(target);
    await refused(log.write(event));
    await unlink(target);
    await log.write({ ...event, requestId: 'r2' });
    expect(await idsIn(target)).toEqual(['r2']);
    expect(log.problem()).toBeNull();
  });

  it('does not glue a record to half a line that a failure left behind', async () => {
    const target = join(folder, 'link');
    await symlink('/dev/full', target);
    const log = logTo(target);
    await refused(log.write(event));
    await unlink(target);
    await writeFile(target, '{"requestId":"hal');
    await log.write({ ...event, requestId: 'r2' });
    expect((await readFile(target, 'utf8')).split('\n')[0]).toBe('{"requestId":"hal');
    expect(JSON.parse((await readFile(target, 'utf8')).split('\n')[1] as string)).toMatchObject({
      requestId: 'r2',
    });
  });

  it('refuses when a record is not taken in time', async () => {
    const stuck = new Writable({ write: () => {} });
    const log = logTo(stuck, { timeoutMs: 20 });
    const error = await refused(log.write(event));
    expect([error.code, (error.cause as Error).message]).toEqual([
      'AUDIT_UNAVAILABLE',
      'a record was not written within 20 ms',
    ]);
    expect(log.problem()).toBe('the audit log cannot be written');
    await log.close();
  });

  it('gives each record its own time, however long those before it have waited', async () => {
    const time = new SimulatedTime();
    const stuck = new Writable({ write: () => {} });
    const log = createAuditLog({ target: stuck, clock: time, timers: time, timeoutMs: 1000 });
    const refusals: string[] = [];
    const write = (requestId: string) =>
      void log.write({ ...event, requestId }).catch(() => refusals.push(requestId));
    write('r1');
    await settled();
    write('r2');
    await time.advance(600);
    write('r3');
    await time.advance(400);
    expect(refusals).toEqual(['r1', 'r2']);
    await time.advance(600);
    expect(refusals).toEqual(['r1', 'r2', 'r3']);
  });

  it('refuses at once when too many records wait', async () => {
    const stuck = new Writable({ write: () => {} });
    const log = logTo(stuck, { timeoutMs: 50, maxWaiting: 3 });
    const causes = await Promise.all(
      Array.from({ length: 10 }, () =>
        refused(log.write(event)).then(({ cause }) => (cause as Error).message),
      ),
    );
    expect(new Set(causes)).toEqual(
      new Set(['a record was not written within 50 ms', 'too many records are waiting to be written']),
    );
    expect(causes.filter((cause) => cause.startsWith('too many')).length).toBeGreaterThanOrEqual(6);
  });
});

describe('rotation', () => {
  it('goes on in a new file after reopen, and loses nothing', async () => {
    const log = logTo(file);
    await log.write(event);
    await rename(file, `${file}.1`);
    await log.write({ ...event, requestId: 'r2' });
    expect(await idsIn(`${file}.1`)).toEqual(['r1', 'r2']);
    const between = Array.from({ length: 50 }, (_, i) => log.write({ ...event, requestId: `b${i}` }));
    await log.reopen();
    await log.write({ ...event, requestId: 'r3' });
    await Promise.all(between);
    expect([...(await idsIn(`${file}.1`)), ...(await idsIn())]).toEqual([
      'r1',
      'r2',
      ...Array.from({ length: 50 }, (_, i) => `b${i}`),
      'r3',
    ]);
    expect(await idsIn()).toContain('r3');
  });

  it('never rejects, and a failed one is told by readiness', async () => {
    const log = logTo(file);
    await log.write(event);
    await rm(folder, { recursive: true });
    await log.reopen();
    expect(log.problem()).toBe('the audit log cannot be written (ENOENT)');
  });
});

describe('a stream', () => {
  it('gets the records', async () => {
    const stream = new PassThrough();
    const log = logTo(stream);
    await log.write(event);
    await log.reopen();
    expect(JSON.parse(String(stream.read()))).toMatchObject({ requestId: 'r1', outcome: 'OK' });
  });

  it('whose reader went away refuses, and ends nobody', async () => {
    const stream = new PassThrough();
    const log = logTo(stream);
    stream.destroy(new Error('EPIPE'));
    expect((await refused(log.write(event))).code).toBe('AUDIT_UNAVAILABLE');
    expect((await refused(log.write(event))).code).toBe('AUDIT_UNAVAILABLE');
  });
});

it('close writes what waits', async () => {
  const log = logTo(file);
  const written = log.write(event);
  await log.close();
  await written;
  expect(await idsIn()).toEqual(['r1']);
});

it.each([[{ timeoutMs: 0 }], [{ timeoutMs: Number.NaN }], [{ maxWaiting: 0 }]])('refuses %j', (options) => {
  expect(() => createAuditLog({ target: file, clock, ...options })).toThrow(RangeError);
});
