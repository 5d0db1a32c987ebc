import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { ClientEnvironment } from '../../../src/client/index.ts';

/** One request as the server saw it. */
export interface SeenRequest {
  readonly headers: IncomingMessage['headers'];
  // biome-ignore lint/suspicious/noExplicitAny: requests of any shape are looked into
  readonly body: any;
  /** Whether the client cut the connection before the answer was complete. */
  readonly cut: () => boolean;
}

export interface Reply {
  readonly status?: number;
  readonly headers?: Record<string, string>;
  /** Sent as it is when a string, as JSON otherwise. */
  readonly body?: unknown;
}

export interface TestServer {
  readonly url: string;
  readonly seen: SeenRequest[];
  /** What is answered from now on. Never answering is a promise that stays pending. */
  reply: (request: SeenRequest, count: number) => Reply | Promise<Reply>;
  close(): Promise<void>;
}

export async function startServer(reply: TestServer['reply']): Promise<TestServer> {
  const seen: SeenRequest[] = [];
  const server: Server = createServer(async (request: IncomingMessage, response: ServerResponse) => {
    let text = '';
    for await (const chunk of request) text += chunk;
    const record = {
      headers: request.headers,
      body: text.startsWith('{') ? JSON.parse(text) : text,
      cut: () => response.destroyed && !response.writableFinished,
    };
    seen.push(record);
    const { status = 200, headers = {}, body } = await testServer.reply(record, seen.length);
    response.writeHead(status, { 'content-type': 'application/json', ...headers });
    response.end(typeof body === 'string' ? body : JSON.stringify(body));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const testServer: TestServer = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    seen,
    reply,
    close: () =>
      new Promise((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  };
  return testServer;
}

function base64Url(value: unknown): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url');
}

/** A JWT that nobody checks. */
export function jwt(claims: Record<string, unknown>): string {
  return `${base64Url({ alg: 'none' })}.${base64Url(claims)}.sig`;
}

export function loginOf(user: string, version = 1): string {
  return jwt({ iss: 'https://idp.test/', sub: user, version });
}

/** `sub` of the bearer token of a request. */
export function userOf(request: SeenRequest): string {
  const token = String(request.headers.authorization).slice('Bearer '.length);
  return JSON.parse(Buffer.from(String(token.split('.')[1]), 'base64url').toString()).sub;
}

export const poolId = 'us-east-1:11111111-2222-4333-8444-555555555555';

export function identityOf(user: string): string {
  return `us-east-1:00000000-0000-4000-8000-${Buffer.from(user).toString('hex').padStart(12, '0')}`;
}

/** The API's answer to CognitoCredentials or, where the request selects them, with `awsCredentials`. */
export function issued(user: string, more: Record<string, unknown> = {}): Reply {
  const now = Math.floor(Date.now() / 1000);
  const identityId = identityOf(user);
  return {
    body: {
      data: {
        cognitoCredentials: {
          identityId,
          openIdToken: jwt({ sub: identityId, aud: poolId, iat: now, exp: now + 900 }),
          expiresAt: new Date((now + 900) * 1000).toISOString(),
          region: 'us-east-1',
          identityPoolId: poolId,
          loginsKey: 'cognito-identity.amazonaws.com',
          identityChanged: false,
          ...more,
        },
      },
    },
  };
}

/** An error of the API as interface.md has it. */
export function refused(code: string, status = 200, extensions: Record<string, unknown> = {}): Reply {
  return {
    status,
    body: { errors: [{ message: `Refused: ${code}.`, extensions: { code, ...extensions } }] },
  };
}

/** Cognito's answer to GetCredentialsForIdentity. The access key tells the identity and which answer it was. */
export function exchanged(identityId: string, count: number, lifeSeconds = 3600): Reply {
  return {
    body: {
      IdentityId: identityId,
      Credentials: {
        AccessKeyId: `ASIA-${identityId.slice(-12)}-${count}`,
        SecretKey: 'secret',
        SessionToken: 'session',
        Expiration: Math.floor(Date.now() / 1000) + lifeSeconds,
      },
    },
  };
}

export function cognitoError(name: string, message = ''): Reply {
  return { status: 400, headers: { 'x-amzn-errortype': `${name}:` }, body: { __type: name, message } };
}

export interface Backend {
  readonly api: TestServer;
  readonly cognito: TestServer;
  close(): Promise<void>;
}

/** An API and a Cognito that answer every user. */
export async function startBackend(): Promise<Backend> {
  const api = await startServer((request) => issued(userOf(request)));
  const cognito = await startServer(({ body }, count) => exchanged(body.IdentityId, count));
  return {
    api,
    cognito,
    close: async () => {
      await api.close();
      await cognito.close();
    },
  };
}

export interface FakeTime {
  /** Milliseconds the local clock is off, or has moved on. */
  offsetMs: number;
  /** Delays that were asked for, the time-outs of requests left out. */
  readonly waits: number[];
  readonly environment: Partial<ClientEnvironment>;
}

/** The real clock plus an offset; waits shorter than any time-out end at once and are recorded. */
export function fakeTime(timeoutMs = 15_000): FakeTime {
  const time: FakeTime = {
    offsetMs: 0,
    waits: [],
    environment: {
      now: () => Date.now() + time.offsetMs,
      random: () => 0.5,
      setTimer: (callback, milliseconds) => {
        if (milliseconds < timeoutMs) time.waits.push(milliseconds);
        const timer = setTimeout(callback, milliseconds < timeoutMs ? 0 : milliseconds);
        return () => clearTimeout(timer);
      },
    },
  };
  return time;
}

/** What a promise is rejected with. */
export async function failureOf(promise: Promise<unknown>): Promise<Record<string, unknown>> {
  return promise.then(
    () => {
      throw new Error('It was expected to fail.');
    },
    (error) => error,
  );
}

export function memoryStorage(): Storage & { readonly entries: Map<string, string> } {
  const entries = new Map<string, string>();
  return {
    entries,
    getItem: (key: string) => entries.get(key) ?? null,
    setItem: (key: string, value: string) => void entries.set(key, value),
    removeItem: (key: string) => void entries.delete(key),
  } as Storage & { readonly entries: Map<string, string> };
}

/** An STS that tells who called, without looking at the signature. */
export function startSts(): Promise<TestServer> {
  return startServer(() => ({
    headers: { 'content-type': 'text/xml' },
    body: '<GetCallerIdentityResponse><GetCallerIdentityResult><Arn>arn:x</Arn></GetCallerIdentityResult></GetCallerIdentityResponse>',
  }));
}

/** Access keys that the requests were signed with. */
export function signersOf(server: TestServer): (string | undefined)[] {
  return server.seen.map(({ headers }) => /Credential=([^/]+)/.exec(headers.authorization ?? '')?.[1]);
}
