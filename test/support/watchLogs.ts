import fs from 'node:fs';
import { open } from 'node:fs/promises';
import { syncBuiltinESMExports } from 'node:module';
import { devNull } from 'node:os';
import { afterAll } from 'vitest';
import { hush, hushAnswer, keepWritten, leaks } from './writtenLogs.ts';

/**
 * Runs before every test file: keeps what the product writes in this process, whichever way, learns which secrets go to and fro, and
 * fails the file when one of them was written. Logs of processes of their own come by `startNode`.
 */
const text = (data: unknown) =>
  typeof data === 'string' ? data : Buffer.isBuffer(data) ? data.toString('utf8') : '';

// The log's lines go to the descriptor itself, audit records and what is meant for people through the streams.
for (const name of ['write', 'writeSync'] as const) {
  const original = fs[name] as (...args: unknown[]) => unknown;
  const watched = (...args: unknown[]) => {
    if (args[0] === 1 || args[0] === 2) keepWritten(text(args[1]));
    return original(...args);
  };
  Object.assign(fs, { [name]: Object.assign(watched, original) });
}
syncBuiltinESMExports();
for (const stream of [process.stdout, process.stderr]) {
  const write = stream.write.bind(stream) as (...args: unknown[]) => boolean;
  stream.write = (...args: unknown[]) => {
    keepWritten(text(args[0]));
    return write(...args);
  };
}

// Audit records in files.
const file = await open(devNull, 'a');
const handle = Object.getPrototypeOf(file) as Pick<typeof file, 'appendFile'>;
await file.close();
const { appendFile } = handle;
handle.appendFile = function (data, options) {
  keepWritten(text(data));
  return appendFile.call(this, data, options);
};

// Tokens and cookies on their way in, tokens and keys on their way out.
const { fetch } = globalThis;
globalThis.fetch = (input, init) => {
  const headers = new Headers(init?.headers ?? (input instanceof Request ? input.headers : undefined));
  hush(headers.get('authorization')?.replace(/^\w+ +/, ''));
  for (const pair of headers.get('cookie')?.split(';') ?? []) hush(pair.slice(pair.indexOf('=') + 1).trim());
  return fetch(input, init);
};
const readText = Response.prototype.text;
Response.prototype.text = async function () {
  const read = await readText.call(this);
  hushAnswer(read);
  return read;
};
Response.prototype.json = async function () {
  return JSON.parse(await this.text());
};

afterAll(() => {
  const found = [...new Set(leaks())];
  if (found.length > 0) throw new Error(`The logs of these tests hold what no log may:\n${found.join('\n')}`);
});
