import type { IncomingMessage } from 'node:http';
import { PassThrough } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { readJsonBody } from '../../../src/http/requestBody.ts';

/** A request whose body is still to come. */
function openRequest(): PassThrough & IncomingMessage {
  const headers = { 'content-type': 'application/json' };
  return Object.assign(new PassThrough(), { headers }) as unknown as PassThrough & IncomingMessage;
}

function read(body: Uint8Array): Promise<unknown> {
  const request = openRequest();
  request.end(body);
  return readJsonBody(request, 1000);
}

describe('the body of a request', () => {
  it('that ends in half a character leaves nothing behind for the next one', async () => {
    await expect(read(new Uint8Array([0x22, 0xc3]))).rejects.toMatchObject({ status: 400 });
    await expect(read(new Uint8Array([0x22, 0xa9, 0x22]))).rejects.toMatchObject({ status: 400 });
    await expect(read(new Uint8Array([0x22, 0xc3, 0xa9, 0x22]))).resolves.toBe('é');
  });

  it('whose client goes away in the middle is refused', async () => {
    const request = openRequest();
    const body = readJsonBody(request, 1000);
    request.write('{"query":');
    request.destroy();
    await expect(body).rejects.toMatchObject({ status: 400, message: 'The body ended early.' });
  });
});
