import { PassThrough } from 'node:stream';
import { expect, it } from 'vitest';
import { answerUnreadable } from '../../../src/http/clientError.ts';
import { settled } from '../../support/simulatedTime.ts';

/** What comes of a connection that brought something unreadable. */
async function answered(code: string, socket: PassThrough) {
  const errors: unknown[] = [];
  socket.on('error', (error) => errors.push(error));
  answerUnreadable(Object.assign(new Error('no'), { code }), socket);
  const text = String(socket.read() ?? '');
  await settled();
  return { text, errors, destroyed: socket.destroyed };
}

it.each([
  ['HPE_INVALID_METHOD', '400 Bad Request'],
  ['HPE_HEADER_OVERFLOW', '431 Request Header Fields Too Large'],
  ['ERR_HTTP_REQUEST_TIMEOUT', '408 Request Timeout'],
])('%s is answered with %s', async (code, status) => {
  const { text } = await answered(code, new PassThrough());
  expect(text.split('\r\n')[0]).toBe(`HTTP/1.1 ${status}`);
});

it('nothing is said to a client who has gone, or to whom all was said', async () => {
  const nothing = { text: '', errors: [], destroyed: true };
  expect(await answered('ECONNRESET', new PassThrough())).toEqual(nothing);
  expect(await answered('HPE_INVALID_METHOD', new PassThrough().end())).toEqual(nothing);
});
