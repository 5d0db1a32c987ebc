import { type IncomingMessage, request as sendInClear } from 'node:http';
import { request as sendEncrypted } from 'node:https';
import { DeadlineError, withDeadline } from '../lib/deadline.ts';

/** Why a document could not be had. The message may be shown in readiness and logs: it holds no address and no content. */
export class DocumentError extends Error {
  override readonly name = 'DocumentError';
  /**
   * `unreachable`: no answer at all (refused, time-out, name not found). `failing`: the server says it cannot answer now
   * (429, 5xx). `wrong`: it answered, and what it answered is not what was configured.
   */
  readonly kind: 'unreachable' | 'failing' | 'wrong';

  constructor(kind: DocumentError['kind'], message: string) {
    super(message);
    this.kind = kind;
  }
}

export interface JsonDocument {
  readonly body: Readonly<Record<string, unknown>>;
  /** Of `Cache-Control: max-age`, in seconds; undefined when the answer names none. 0 for `no-store` and `no-cache`. */
  readonly maxAgeSeconds: number | undefined;
}

export interface FetchJsonOptions {
  readonly method?: 'GET' | 'POST';
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  /** Milliseconds for the whole exchange, body included. */
  readonly timeoutMs: number;
  /** Largest accepted body in bytes. */
  readonly maxBytes: number;
  /** How problems call the document, e.g. `key set`. */
  readonly what: string;
  /** Gives the exchange up before its time. */
  readonly signal: AbortSignal;
}

/**
 * Fetches one JSON object. Follows no redirect, reads no more than `maxBytes`, waits no longer than `timeoutMs`.
 * Rejects with DocumentError and nothing else.
 */
export async function fetchJson(url: string, options: FetchJsonOptions): Promise<JsonDocument> {
  const { what, timeoutMs } = options;
  const { status, cacheControl, text } = await withDeadline(
    (signal) => exchange(url, options, signal),
    timeoutMs,
    options.signal,
  ).catch((error: unknown) => {
    const how =
      error instanceof DeadlineError
        ? `did not arrive within ${timeoutMs} ms`
        : `cannot be fetched${networkCode(error)}`;
    throw new DocumentError('unreachable', `the ${what} ${how}`);
  });
  if (status >= 300 && status < 400) {
    throw new DocumentError('wrong', `the ${what} was answered with a redirect, which is not followed`);
  }
  if (status !== 200) {
    throw new DocumentError(
      status === 429 || status >= 500 ? 'failing' : 'wrong',
      `the ${what} was answered with status ${status}`,
    );
  }
  if (text === undefined)
    throw new DocumentError('wrong', `the ${what} is larger than ${options.maxBytes} bytes`);
  let body: unknown;
  try {
    body = JSON.parse(text);
  } catch {
    throw new DocumentError('wrong', `the ${what} is not JSON`);
  }
  if (typeof body !== 'object' || body === null || Array.isArray(body)) {
    throw new DocumentError('wrong', `the ${what} is not a JSON object`);
  }
  return {
    body: body as Record<string, unknown>,
    maxAgeSeconds: maxAgeOf(cacheControl),
  };
}

/**
 * The answer and, where it is a good one that is not too large, its text. By `node:http`: to load what is behind `fetch` would be a tenth of
 * the start of the process.
 */
function exchange(url: string, options: FetchJsonOptions, signal: AbortSignal): Promise<Answer> {
  const address = new URL(url);
  const send = address.protocol === 'https:' ? sendEncrypted : sendInClear;
  return new Promise((resolve, reject) => {
    const request = send(address, {
      method: options.method ?? 'GET',
      headers: {
        accept: 'application/json',
        'accept-encoding': 'identity',
        'user-agent': 'cognito-graphql',
        ...options.headers,
      },
      signal,
    });
    request.once('response', (response) => readAnswer(response, options.maxBytes).then(resolve, reject));
    request.on('error', (error: NodeJS.ErrnoException) => {
      // A connection that was kept, and that the server has closed at this very moment. To ask twice changes nothing.
      const stale = request.reusedSocket && error.code === 'ECONNRESET';
      if (stale) resolve(exchange(url, options, signal));
      else reject(error);
    });
    request.end(options.body);
  });
}

interface Answer {
  readonly status: number;
  readonly cacheControl: string;
  readonly text: string | undefined;
}

async function readAnswer(response: IncomingMessage, maxBytes: number): Promise<Answer> {
  const { statusCode: status = 0, headers } = response;
  const cacheControl = headers['cache-control'] ?? '';
  if (status === 200) return { status, cacheControl, text: await readText(response, maxBytes) };
  response.destroy();
  return { status, cacheControl, text: undefined };
}

/** The body as text, or undefined when it is larger than allowed; the rest is then not read. */
async function readText(response: IncomingMessage, maxBytes: number): Promise<string | undefined> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of response as AsyncIterable<Buffer>) {
    length += chunk.byteLength;
    if (length > maxBytes) return undefined;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

/** The system's own name for what went wrong (`ECONNREFUSED`), never a message: those hold addresses. */
function networkCode(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  return typeof code === 'string' && /^[A-Z][A-Z0-9_]{1,40}$/.test(code) ? ` (${code})` : '';
}

function maxAgeOf(cacheControl: string): number | undefined {
  if (/(?:^|[\s,])no-(?:store|cache)(?:$|[\s,])/i.test(cacheControl)) return 0;
  const seconds = /(?:^|[\s,])max-age="?(\d{1,10})"?(?:$|[\s,])/i.exec(cacheControl)?.[1];
  return seconds === undefined ? undefined : Number(seconds);
}

/**
 * Throws TypeError unless `uri` is an absolute https: URI, or an http: one to this very machine, without credentials or fragment.
 * Keys that travel in clear can be replaced on the way, and with them everybody's identity.
 */
export function checkServerUri(name: string, uri: string, allowInsecure: boolean): void {
  let url: URL;
  try {
    url = new URL(uri);
  } catch {
    throw new TypeError(`${name} must be an absolute URI`);
  }
  if (url.username !== '' || url.password !== '' || url.hash !== '') {
    throw new TypeError(`${name} must hold neither user information nor a fragment`);
  }
  if (url.protocol === 'https:') return;
  if (url.protocol === 'http:' && (allowInsecure || isLoopback(url.hostname))) return;
  throw new TypeError(`${name} must be an https: URI (http: is accepted for loopback hosts only)`);
}

/** `localhost`, 127.0.0.0/8 and ::1, in the form that URL gives them. */
function isLoopback(hostname: string): boolean {
  return (
    hostname === 'localhost' || hostname === '[::1]' || /^127\.\d{1,3}\.\d{1,3}\.\d{1,3}$/.test(hostname)
  );
}
