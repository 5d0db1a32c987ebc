import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createEndTogether } from '../lib/endTogether.ts';
import type { HttpAnswer } from './protocols/awsJson.ts';
import { type WireRequest, wireHeaders } from './wireRequest.ts';

/** Far above any valid request: the largest is ten login tokens of 50,000 characters. */
const maxBodyBytes = 2 * 1024 * 1024;

const corsHeaders = {
  'access-control-allow-origin': '*',
  /** What AWS lets browsers read. The SDK corrects its clock from Date. */
  'access-control-expose-headers': 'x-amzn-RequestId,x-amzn-ErrorType,x-amzn-ErrorMessage,Date',
};

/** An answer, or what happens to the connection instead. */
export type Outcome = HttpAnswer | { readonly connection: 'reset' | 'hang' };

export interface HttpHost {
  listen(port: number, host: string): Promise<{ readonly url: string }>;
  close(): Promise<void>;
}

export interface HttpHostOptions {
  /** Must not throw. */
  answer(request: WireRequest): Promise<Outcome>;
  /** The time that answers are dated with, milliseconds since the epoch. */
  now(): number;
}

/** Reads requests, writes answers, and sees to CORS on all of them, errors included. */
export function createHttpHost({ answer, now }: HttpHostOptions): HttpHost {
  let server: Server | undefined;

  const serve = async (request: IncomingMessage, response: ServerResponse) => {
    const { method = 'GET', url = '/', rawHeaders } = request;
    const body = await readBody(request);
    if (method === 'OPTIONS') send(response, preflight(request), now());
    else if (!body) send(response, tooLarge, now());
    else {
      const outcome = await answer({ method, url, headers: wireHeaders(rawHeaders), body });
      if (!('connection' in outcome)) send(response, outcome, now());
      else if (outcome.connection === 'reset') request.socket.resetAndDestroy();
    }
  };

  return {
    listen: (port, host) =>
      new Promise((resolve, reject) => {
        if (server) {
          reject(new Error('The emulator is listening already.'));
          return;
        }
        const starting = createServer({ keepAliveTimeout: 65_000 }, (request, response) => {
          // A request that breaks off while it is read has nobody left to be told.
          serve(request, response).catch(() => request.socket.destroy());
        });
        server = starting;
        starting.once('error', (error) => {
          server = undefined;
          reject(error);
        });
        starting.listen(port, host, () => {
          const { address, family, port: bound } = starting.address() as AddressInfo;
          resolve({ url: `http://${family === 'IPv6' ? `[${address}]` : address}:${bound}` });
        });
      }),
    close: () =>
      new Promise((resolve) => {
        if (!server) {
          resolve();
          return;
        }
        server.close(() => resolve());
        server.closeAllConnections();
        server = undefined;
      }),
  };
}

/** One for all: what is ended together is what the event loop, which is one as well, has read together. */
const endTogether = createEndTogether();

function send(response: ServerResponse, answer: HttpAnswer, now: number): void {
  const { status, headers, body, interrupt } = answer;
  response.writeHead(status, {
    date: new Date(now).toUTCString(),
    ...(answer.private ? undefined : corsHeaders),
    ...(status === 204 ? undefined : { 'content-length': Buffer.byteLength(body) }),
    ...headers,
  });
  if (interrupt === undefined || body.length === 0) {
    endTogether(response, body);
    return;
  }
  response.write(Buffer.from(body).subarray(0, Buffer.byteLength(body) / 2), () => {
    if (interrupt === 'close') response.socket?.end();
  });
}

const tooLarge: HttpAnswer = {
  status: 413,
  headers: { 'content-type': 'text/plain', connection: 'close' },
  body: 'Request too large',
};

function preflight(request: IncomingMessage): HttpAnswer {
  const requested = request.headers['access-control-request-headers'];
  return {
    status: 204,
    headers: {
      'access-control-allow-methods': 'POST, GET, OPTIONS',
      // Whatever the SDK generation sends: there is nothing here that a browser would have to be kept from.
      'access-control-allow-headers': typeof requested === 'string' ? requested : '*',
      'access-control-max-age': '86400',
      vary: 'Access-Control-Request-Headers',
    },
    body: '',
  };
}

/** Undefined for a body that is too large, the rest of which is read and thrown away so that the answer can be heard. */
function readBody(request: IncomingMessage): Promise<Buffer | undefined> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let size = 0;
    request.on('data', (chunk: Buffer) => {
      size += chunk.length;
      if (size <= maxBodyBytes) chunks.push(chunk);
    });
    request.once('end', () => resolve(size <= maxBodyBytes ? Buffer.concat(chunks) : undefined));
    request.once('error', reject);
  });
}
