import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Writable } from 'node:stream';
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

/** Batches for each kind of input. `FUZZ_RUNS=100000` goes on for hours. */
const runs = Number(process.env['FUZZ_RUNS'] ?? 70);
const batchSize = 50;
const timeout = runs > 70 ? 0 : 120_000;

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

const all = (input: fc.Arbitrary<Input>) =>
  fc.assert(
    fc.asyncProperty(fc.array(input, { minLength: batchSize, maxLength: batchSize }), async (batch) => {
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
    }),
    // A batch cannot be made smaller in a way that tells more than the one input does.
    { numRuns: runs, endOnFailure: true },
  );

describe('every answer is decent and every log line clean, whatever is sent as', () => {
  it.each([
    ['a document', () => anyDocument],
    ['variables', () => anyVariables],
    ['headers', () => anyHeaders],
    ['a token', () => anyToken(tokens.user)],
    ['a body', () => anyBody],
    ['method and path', () => anyPlace],
  ])(
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
          const received = await exchange(first + rest.join(''));
          // Nothing at all where the request had not come to its end; otherwise HTTP with all that belongs to it.
          if (received === '') return;
          expect(received).toMatch(/^HTTP\/1\.1 (2\d\d|4\d\d) /);
          expect(received).toMatch(/\r\nx-request-id: /i);
          expect(received).toMatch(/\r\ncache-control: no-store\r\n/i);
          expect(received).not.toContain(marker);
        }),
        { numRuns: runs * 10 },
      );
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
    expect([...leaks]).toEqual([]);
    expectNoSecrets((await readFile(auditFile, 'utf8')).replaceAll(marker, ''), Object.values(tokens));
  });
});
