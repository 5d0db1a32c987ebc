import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { exportJWK, generateKeyPair, type JWK, SignJWT } from 'jose';
import type { RequestHeaders } from '../../../src/auth/authenticator.ts';
import { ServiceError } from '../../../src/errors.ts';

export const issuer = 'https://idp.test/';
export const audience = 'app';
/** 2026-11-25T10:00:00Z */
export const start = 1_795_600_800_000;

export class TestClock {
  #now = start;
  now(): number {
    return this.#now;
  }
  advanceSeconds(seconds: number): void {
    this.#now += seconds * 1000;
  }
}

/** Headers as a request would bring them; a list stands for a header that occurs several times. */
export function headersOf(fields: Record<string, string | readonly string[]>): RequestHeaders {
  return {
    all: (name) => {
      const value = Object.entries(fields).find(([key]) => key.toLowerCase() === name.toLowerCase())?.[1];
      return value === undefined ? [] : typeof value === 'string' ? [value] : value;
    },
  };
}

export function bearer(token: string): RequestHeaders {
  return headersOf({ Authorization: `Bearer ${token}` });
}

export interface SigningKey {
  readonly kid: string;
  readonly publicJwk: JWK;
  sign(claims?: Record<string, unknown>, header?: Record<string, unknown>): Promise<string>;
}

export async function signingKey(kid: string, alg = 'RS256'): Promise<SigningKey> {
  const { publicKey, privateKey } = await generateKeyPair(alg, { extractable: true });
  return {
    kid,
    publicJwk: { ...(await exportJWK(publicKey)), kid, alg, use: 'sig' },
    sign: (claims = {}, header = {}) =>
      new SignJWT(withDefaults(claims))
        .setProtectedHeader({ alg, kid, ...header } as { alg: string })
        .sign(privateKey),
  };
}

/** The claims of a good token, changed as given; undefined takes a claim away. */
export function withDefaults(changes: Record<string, unknown>): Record<string, unknown> {
  const now = start / 1000;
  const claims = { iss: issuer, aud: audience, sub: 'u1', iat: now, exp: now + 600, ...changes };
  return Object.fromEntries(Object.entries(claims).filter(([, value]) => value !== undefined));
}

export interface TestServer {
  readonly url: string;
  /** Paths of the requests so far. */
  readonly requests: string[];
  answer(handler: (request: IncomingMessage, response: ServerResponse) => void): void;
  close(): Promise<void>;
}

/** A real HTTP server on the loopback, whose answers can be changed. `port` 0 picks a free one. */
export async function testServer(
  handler: (request: IncomingMessage, response: ServerResponse) => void,
  port = 0,
): Promise<TestServer> {
  let current = handler;
  const requests: string[] = [];
  const server: Server = createServer((request, response) => {
    requests.push(request.url ?? '');
    current(request, response);
  });
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests,
    answer: (next) => {
      current = next;
    },
    close: () => {
      server.closeAllConnections();
      return new Promise((resolve) => server.close(() => resolve()));
    },
  };
}

export function json(body: unknown, headers: Record<string, string> = {}, status = 200) {
  return (_request: IncomingMessage, response: ServerResponse) => {
    response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(body));
  };
}

export interface Refusal {
  readonly code: string;
  readonly message: string;
  readonly reason: string | undefined;
  readonly retryAfter: number | undefined;
}

/** What a rejected promise of this room was rejected with, as plain data. */
export async function refusal(work: Promise<unknown>): Promise<Refusal> {
  const error = await work.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (!(error instanceof ServiceError)) throw new Error(`expected a ServiceError, got ${String(error)}`);
  const { code, message, retryAfter, cause } = error;
  return { code, message, retryAfter, reason: cause instanceof Error ? cause.message : undefined };
}

export function never(): AbortSignal {
  return new AbortController().signal;
}

/** Repeats `attempt` until it answers true; real time, for what happens in the background. */
export async function eventually(attempt: () => boolean | Promise<boolean>): Promise<void> {
  for (let i = 0; i < 500; i++) {
    if (await attempt()) return;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  throw new Error('it did not happen');
}
