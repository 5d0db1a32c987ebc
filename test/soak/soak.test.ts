import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rename, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { createPoolClients, destroyClients } from '../../src/pool/awsClients.ts';
import { provisionPool } from '../../src/pool/provisionPool.ts';
import { median } from '../bench/statistics.ts';
import { type Finished, type RunningCommand, startCommand } from '../support/command.ts';
import { type RotatingLogin, startRotatingLogin } from './login.ts';
import { createTraffic } from './traffic.ts';
import { type Sample, type WatchedProcess, watchProcess } from './watched.ts';

/** By default under a minute; `npm run soak` goes on for `SOAK_MINUTES`, an hour unless it says otherwise. */
const minutes = Number(process.env['SOAK_MINUTES'] ?? 0);
const long = minutes > 0;
const lengthMs = long ? minutes * 60_000 : 54_000;
/** Until caches and compiled code are what they will be. */
const warmUpMs = Math.min(lengthMs / 4, 180_000);
const sampleEveryMs = long ? 15_000 : 2_500;
/** Keys of the login count as fresh for a minute, and strangers cause a look at most every 30 s: a new one is known after that. */
const knownAfterMs = 34_000;
const auditEveryMs = long ? 60_000 : 12_000;

let directory: string;
let cognito: RunningCommand;
let service: RunningCommand;
let login: RotatingLogin;
let watched: WatchedProcess;
let traffic: ReturnType<typeof createTraffic>;
let ended: Finished;
const samples: Sample[] = [];
/** Requests that were recorded as issues, and have not been answered to this test when they were read. */
const recorded = new Set<string>();
let rotations = 0;

const soaking = new AbortController();
const over = soaking.signal;
/** Resolves early when the soak is over. */
const during = (ms: number) => pause(ms, undefined, { signal: over }).catch(() => undefined);

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'soak-'));
  cognito = startCommand(['emulate', '--port', '0']);
  login = await startRotatingLogin();
  const cognitoUrl = await told(cognito, /^(http:\S+)$/m);
  const { identityPoolId } = await makePool(cognitoUrl);
  service = startCommand(['serve'], {
    NODE_ENV: 'production',
    NODE_OPTIONS: '--inspect=127.0.0.1:0',
    PORT: '0',
    AUDIT_FILE: join(directory, 'audit.jsonl'),
    COGNITO_IDENTITY_POOL_ID: identityPoolId,
    COGNITO_DEVELOPER_PROVIDER_NAME: 'login.soak',
    // The shortest: most is renewed, forgotten and made anew.
    COGNITO_TOKEN_DURATION: '60',
    AWS_ENDPOINT_URL_COGNITO_IDENTITY: cognitoUrl,
    AWS_ACCESS_KEY_ID: 'test',
    AWS_SECRET_ACCESS_KEY: 'test',
    AUTH_ISSUER: login.issuer,
    AUTH_AUDIENCE: login.audience,
    AUTH_JWKS_URI: `${login.issuer}/jwks`,
  });
  const url = await told(service, /GraphQL +(http:\S+)\/graphql/);
  const inspector = await told(service, /(ws:\S+)/);
  watched = await watchProcess(service.process.pid as number, inspector, `${url}/metrics`);
  traffic = createTraffic({ url, cognitoUrl, identityPoolId, login });

  const running = [traffic.run(over), watch(), rotateKeys(), rotateAuditLog()];
  // A part that fails ends the rest with it.
  await Promise.race([pause(lengthMs, undefined, { signal: over }), Promise.all(running)]).finally(() =>
    soaking.abort(),
  );
  await Promise.all(running);
  await readRecords(join(directory, 'audit.jsonl'));
  await watched.close();
  service.process.kill('SIGTERM');
  ended = await service.finished;
  report();
}, lengthMs + 120_000);
afterAll(async () => {
  await traffic?.close();
  service?.process.kill('SIGKILL');
  cognito?.process.kill('SIGTERM');
  await cognito?.finished;
  await login?.close();
  await rm(directory, { recursive: true });
});

/** What a command says about where it is. */
async function told(command: RunningCommand, pattern: RegExp): Promise<string> {
  await vi.waitFor(() => expect(command.output()).toMatch(pattern), { timeout: 30_000, interval: 50 });
  return pattern.exec(command.output())?.[1] ?? '';
}

async function makePool(url: string) {
  const clients = createPoolClients({
    region: 'us-east-1',
    credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
    endpoints: { cognitoIdentity: url, sts: url, iam: url },
  });
  const setup = { poolName: 'soak', developerProviderName: 'login.soak', allowGuests: true };
  return provisionPool({ ...setup, allowClassicFlow: true, withTags: false }, clients).finally(() =>
    destroyClients(clients),
  );
}

async function watch(): Promise<void> {
  await during(warmUpMs);
  while (!over.aborted) {
    samples.push(await watched.sample());
    await during(sampleEveryMs);
  }
}

async function rotateKeys(): Promise<void> {
  while (!over.aborted) {
    await login.publishNextKey();
    await during(knownAfterMs);
    if (over.aborted) return;
    login.signWithNextKey();
    rotations += 1;
    await during(12_000);
  }
}

async function rotateAuditLog(): Promise<void> {
  for (let file = 1; !over.aborted; file += 1) {
    await during(auditEveryMs);
    if (over.aborted) return;
    const old = join(directory, `audit-${file}.jsonl`);
    await rename(join(directory, 'audit.jsonl'), old);
    service.process.kill('SIGHUP');
    const reopened = () => expect(existsSync(join(directory, 'audit.jsonl'))).toBe(true);
    await vi.waitFor(reopened, { timeout: 10_000, interval: 20 });
    await readRecords(old);
    await rm(old);
  }
}

async function readRecords(file: string): Promise<void> {
  for (const line of (await readFile(file, 'utf8')).split('\n').filter(Boolean)) {
    const { action, outcome, requestId } = JSON.parse(line);
    if (action === 'issue' && outcome === 'OK' && !traffic.unrecorded.delete(requestId)) {
      recorded.add(requestId);
    }
  }
}

/** What the service has to say about the request that a finding names. */
function withLogLine(finding: string): string {
  const requestId = /to request (\S+)/.exec(finding)?.[1];
  const line = requestId && ended.stdout.split('\n').find((each) => each.includes(requestId));
  return line ? `${finding}: ${line}` : finding;
}

const third = (which: 'first' | 'last') => {
  const length = Math.max(1, Math.floor(samples.length / 3));
  return which === 'first' ? samples.slice(0, length) : samples.slice(-length);
};
const middle = (which: 'first' | 'last', figure: Exclude<keyof Sample, 'at'>) =>
  median(third(which).map((sample) => sample[figure]));
const MiB = 1_048_576;

function report(): void {
  const figures = (which: 'first' | 'last') =>
    [
      `${which} third: heap ${(middle(which, 'heapBytes') / MiB).toFixed(1)} MiB`,
      `resident ${(middle(which, 'residentBytes') / MiB).toFixed(0)} MiB`,
      `descriptors ${middle(which, 'descriptors')}`,
      `event loop lag p99 ${(middle(which, 'lagP99') * 1000).toFixed(0)} ms`,
    ].join(', ');
  const { right, statuses } = traffic.findings();
  process.stderr.write(
    `Soaked for ${Math.round(lengthMs / 1000)} s, ${samples.length} samples, ${rotations} changes of keys.\n` +
      `${figures('first')}\n${figures('last')}\n` +
      `answered rightly ${JSON.stringify(right)}, statuses ${JSON.stringify(statuses)}\n`,
  );
}

describe('a service in use for a long time', () => {
  it('answers every request as it has to', () => {
    const { examples, total, right, statuses } = traffic.findings();
    expect(examples.map(withLogLine)).toEqual([]);
    expect(total).toBe(0);
    // Cognito is there all the time and its quotas are not reached: nothing may be 5xx.
    expect(Object.keys(statuses).filter((status) => Number(status) >= 500)).toEqual([]);
    const least = lengthMs / 1000 / 4;
    for (const kind of ['newcomer', 'regular', 'queries', 'intruder', 'dropped']) {
      expect(right[kind], kind).toBeGreaterThan(least);
    }
    for (const kind of ['lookUps', 'mistakes', 'administration'])
      expect(right[kind], kind).toBeGreaterThan(4);
  });

  it('keeps its heap flat', () => {
    // Tokens of this length are forgotten within the warm-up. What stays of a new user is the count of requests per user, which is kept
    // for 100,000 users; the rest is for code that is compiled late. The short form finds what keeps 2 kB of each request, and so every request
    // that stays as a whole; an hour finds 100 bytes.
    const perUser = 400 * traffic.newcomers();
    const allowed = (long ? 4 : 2) * MiB + perUser;
    expect(middle('last', 'heapBytes') - middle('first', 'heapBytes')).toBeLessThan(allowed);
  });

  it('keeps the memory of its process flat', () => {
    // The allocator gives back late and in large pieces.
    expect(middle('last', 'residentBytes') - middle('first', 'residentBytes')).toBeLessThan(
      0.2 * middle('first', 'residentBytes'),
    );
  });

  it('keeps no connection and no file open', () => {
    // Connections to Cognito are kept, 50 at most; how many there are is a matter of how many calls have met.
    expect(middle('last', 'descriptors') - middle('first', 'descriptors')).toBeLessThan(10);
    expect(Math.max(...samples.map(({ descriptors }) => descriptors))).toBeLessThan(120);
  });

  it('records every token in its audit log, across its rotation', () => {
    expect([...traffic.unrecorded].filter((requestId) => !recorded.has(requestId))).toEqual([]);
  });

  it('goes on through changes of keys at the login', () => {
    expect(rotations).toBeGreaterThan(0);
  });

  it('stops when it is told to, and has nothing to complain of', () => {
    expect(ended.code).toBe(0);
    const complaints = ended.stdout.split('\n').filter((line) => /"level":"(error|fatal)"/.test(line));
    expect(complaints).toEqual([]);
  });
});
