import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Writable } from 'node:stream';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import fc from 'fast-check';
import { Pool } from 'undici';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createLogger } from '../../src/telemetry/logger.ts';
import { expectNoSecrets, secretsIn } from '../support/secretScanner.ts';
import { type Stack, startStack } from '../support/stack.ts';
import {
  anyBody,
  anyDocument,
  anyHeaders,
  anyPlace,
  anyToken,
  anyVariables,
  type Input,
  marker,
} from './inputs.ts';
import { expectDecency, type FuzzAnswer } from './rules.ts';

/**
 * By default about 24,000 inputs. `FUZZ_MINUTES=60` goes on for that long and then stops by itself, the time shared out among the kinds of
 * input; `FUZZ_RUNS` sets the number of batches for each kind instead, for at most a night.
 */
const minutes = Number(process.env['FUZZ_MINUTES'] ?? 0);
const runs = minutes > 0 ? Number.MAX_SAFE_INTEGER : Number(process.env['FUZZ_RUNS'] ?? 70);
const batchSize = 50;
const long = minutes > 0 || runs > 70;
const timeout = long ? 0 : 120_000;
/** Shares of the time: six kinds of requests, bytes, and what is mixed for the memory. */
const shares = 8;
const shareMs = ((minutes > 0 ? minutes : 12 * 60) * 60_000) / shares;
const ending = { interruptAfterTimeLimit: shareMs, markInterruptAsFailure: false };

let inputs = 0;
/** Counts inputs, and in a long run says how far it is. */
function count(more: number): void {
  const thousands = Math.floor(inputs / 10_000);
  inputs += more;
  if (long && Math.floor(inputs / 10_000) > thousands) {
    const heap = Math.round(process.memoryUsage().heapUsed / 1_048_576);
    process.stderr.write(`${inputs} inputs, ${lines} log lines, ${leaks.size} leaks, heap ${heap} MB\n`);
  }
}

let stack: Stack;
let pool: Pool;
let directory: string;
let auditFile: string;
const tokens = { user: '', administrator: '' };
/** Names of what log lines held that they must not. They are looked at as they come: a night's log fits into no memory. */
const leaks = new Set<string>();
let lines = 0;
const log = new Writable({
  write(chunk, _, done) {
    const line = String(chunk);
    lines++;
    for (const name of secretsIn(
      line,
      [marker, tokens.user, tokens.administrator].filter((known) => known !== ''),
    ))
      leaks.add(`${name} in ${/"msg":"([^"]*)"/.exec(line)?.[1]}`);
    done();
  },
});

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'fuzz-'));
  auditFile = join(directory, 'audit.jsonl');
  stack = await startStack({
    env: {
      AUDIT_FILE: auditFile,
      USER_REQUESTS_PER_MINUTE: '100000',
      COGNITO_REQUESTS_PER_SECOND: '10000',
      TRUSTED_PROXIES: '127.0.0.1',
      CORS_ORIGINS: 'https://app.example',
      LOG_LEVEL: 'trace',
    },
    parts: { logger: createLogger('trace', log) },
  });
  tokens.user = await stack.login.issueToken({ user: 'alice' });
  tokens.administrator = await stack.login.issueToken({ user: 'root', scope: 'admin' });
  pool = new Pool(stack.app.url, { connections: 16, headersTimeout: 10_000, bodyTimeout: 10_000 });
});
afterAll(async () => {
  await pool.close();
  await stack.stop();
  await rm(directory, { recursive: true });
});

async function send({ method, path, headers, body, as }: Input): Promise<FuzzAnswer> {
  const answer = await pool.request({
    method: method as 'GET',
    path,
    headers: { ...headers, ...(as && { authorization: `Bearer ${tokens[as]}` }) },
    body: body ?? null,
  });
  return { status: answer.statusCode, headers: answer.headers, text: await answer.body.text() };
}

async function sendAll(batch: readonly Input[]): Promise<void> {
  count(batch.length);
  await Promise.all(
    batch.map(async (one) => {
      const answer = await send(one);
      // The page for browsers is no answer of the API.
      if (String(answer.headers['content-type']).startsWith('text/html')) return;
      try {
        expectDecency(answer, one.method === 'HEAD');
      } catch (cause) {
        throw new Error(`the answer to ${JSON.stringify(one).slice(0, 2_000)}`, { cause });
      }
    }),
  );
}

const batchesOf = (input: fc.Arbitrary<Input>) =>
  fc.array(input, { minLength: batchSize, maxLength: batchSize });

const all = (input: fc.Arbitrary<Input>) =>
  // A batch cannot be made smaller in a way that tells more than the one input does.
  fc.assert(fc.asyncProperty(batchesOf(input), sendAll), { ...ending, numRuns: runs, endOnFailure: true });

const kinds: readonly (readonly [name: string, input: () => fc.Arbitrary<Input>])[] = [
  ['a document', () => anyDocument],
  ['variables', () => anyVariables],
  ['headers', () => anyHeaders],
  ['a token', () => anyToken(tokens.user)],
  ['a body', () => anyBody],
  ['method and path', () => anyPlace],
];

/**
 * Bytes by which the heap may differ between two rounds. A round of 1,800 inputs that each left their headers behind would take more; in a long run the caches, which are bounded, may not have been full in the first round.
 */
const allowedGrowth = (long ? 32 : 1) * 1_048_576;

/** Bytes in use when everything that can go is gone. */
function heapInUse(): number {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  collect();
  collect();
  return process.memoryUsage().heapUsed;
}

describe('every answer is decent and every log line clean, whatever is sent as', () => {
  it.each(kinds)(
    '%s',
    async (_, input) => {
      await all(input());
      expect([...leaks]).toEqual([]);
    },
    timeout,
  );

  it(
    'bytes on the wire',
    async () => {
      const { port } = new URL(stack.app.url);
      const exchange = (bytes: string) =>
        new Promise<string>((resolve, reject) => {
          let received = '';
          const socket = connect(Number(port), '127.0.0.1', () => socket.end(bytes, 'latin1'));
          socket.on('data', (data) => {
            received += data.toString('latin1');
          });
          socket.once('error', reject).once('close', () => resolve(received));
        });
      const start = fc.constantFrom(
        '',
        'GET / HTTP/1.1\r\n',
        'POST /graphql HTTP/1.1\r\nhost: a\r\n',
        'GET /livez HTTP/1.0\r\n',
      );
      const piece = fc.constantFrom(
        '\r\n',
        '\n',
        '\0',
        ':',
        ' ',
        'host: a\r\n',
        'content-length: 5\r\n',
        'transfer-encoding: chunked\r\n',
        'x: y\r\n',
        '5\r\nhello\r\n',
        '0\r\n\r\n',
        marker,
        '\xff',
      );
      await fc.assert(
        fc.asyncProperty(start, fc.array(piece, { maxLength: 12 }), async (first, rest) => {
          count(1);
          const received = await exchange(first + rest.join(''));
          // Nothing at all where the request had not come to its end; otherwise HTTP with all that belongs to it.
          if (received === '') return;
          expect(received).toMatch(/^HTTP\/1\.1 (2\d\d|4\d\d) /);
          expect(received).toMatch(/\r\nx-request-id: /i);
          expect(received).toMatch(/\r\ncache-control: no-store\r\n/i);
          expect(received).not.toContain(marker);
        }),
        { ...ending, numRuns: runs * 10 },
      );
    },
    timeout,
  );

  it(
    'and nothing of it is kept in memory',
    async () => {
      const mixed = fc.tuple(...kinds.map(([, input]) => batchesOf(input())));
      const round = () =>
        fc.assert(
          fc.asyncProperty(mixed, async (batches) => {
            for (const batch of batches) await sendAll(batch);
          }),
          { ...ending, interruptAfterTimeLimit: shareMs / 2, numRuns: Math.min(runs, long ? runs : 6) },
        );
      await round();
      const before = heapInUse();
      await round();
      expect(heapInUse() - before).toBeLessThan(allowedGrowth);
    },
    timeout,
  );

  it('and the service is as it was before', async () => {
    const answer = await send({
      method: 'POST',
      path: '/graphql',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ query: 'mutation { cognitoCredentials { identityId } me: __typename }' }),
      as: 'user',
    });
    expect(JSON.parse(answer.text)).toMatchObject({
      data: { cognitoCredentials: { identityId: expect.any(String) } },
    });
    expect(lines).toBeGreaterThan(100);
    if (!long) expect(inputs).toBeGreaterThan(20_000);
    expect([...leaks]).toEqual([]);
    expectNoSecrets((await readFile(auditFile, 'utf8')).replaceAll(marker, ''), Object.values(tokens));
  });
});
