import { randomUUID } from 'node:crypto';
import type { Duplex } from 'node:stream';
import { HttpError } from './httpError.ts';
import { securityHeaders } from './securityHeaders.ts';

const tooSlow = new HttpError(408, 'BAD_REQUEST', 'The request took too long to arrive.');
const tooLong = new HttpError(431, 'BAD_REQUEST', 'The headers are too large.');
const unreadable = new HttpError(400, 'BAD_REQUEST', 'This is not an HTTP request that can be read.');
const reasons: Record<number, string> = {
  400: 'Bad Request',
  408: 'Request Timeout',
  431: 'Request Header Fields Too Large',
};

/** Answers what never became a request in the form of all other answers, and ends the connection. */
export function answerUnreadable({ code }: NodeJS.ErrnoException, socket: Duplex): void {
  if (!socket.writable || code === 'ECONNRESET') return void socket.destroy();
  const error =
    code === 'ERR_HTTP_REQUEST_TIMEOUT' ? tooSlow : code === 'HPE_HEADER_OVERFLOW' ? tooLong : unreadable;
  const body = error.body();
  const headers = {
    ...securityHeaders,
    'x-request-id': randomUUID(),
    'content-type': 'application/json; charset=utf-8',
    'content-length': String(Buffer.byteLength(body)),
    connection: 'close',
  };
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
  socket.end(`HTTP/1.1 ${error.status} ${reasons[error.status]}\r\n${lines.join('')}\r\n${body}`);
}
