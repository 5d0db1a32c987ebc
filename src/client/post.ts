import type { ClientEnvironment } from './environment.ts';
import { CognitoGraphQLError } from './errors.ts';
import { within } from './waiting.ts';

export interface PostRequest {
  readonly url: string;
  readonly headers: Record<string, string>;
  readonly body: unknown;
  readonly signal: AbortSignal;
  readonly timeoutMs: number;
  /** Who is asked, for messages: `The GraphQL endpoint`. */
  readonly whom: string;
}

export interface Answer {
  readonly status: number;
  /** The body, when it is a JSON object. */
  readonly json: Record<string, unknown> | undefined;
  /** What the answer is when it is not a JSON object, for messages: `502 text/html "<html>"`. */
  readonly summary: string;
  header(name: string): string | undefined;
  /** Server's clock minus local clock in milliseconds, from the `Date` header; undefined where that cannot be read. */
  readonly skew: number | undefined;
  /** From `Retry-After`, in seconds. */
  readonly retryAfter: number | undefined;
}

/** Posts JSON and reads the answer as text first, so that a proxy's HTML is reported as what it is. Asks once. */
export async function post(environment: ClientEnvironment, request: PostRequest): Promise<Answer> {
  const late = `${request.whom} did not answer within ${request.timeoutMs} ms.`;
  const { response, text } = await within(
    environment,
    { signal: request.signal, milliseconds: request.timeoutMs, late },
    async (signal) => {
      try {
        const body = JSON.stringify(request.body);
        const response = await environment.fetch(request.url, {
          method: 'POST',
          headers: request.headers,
          body,
          signal,
        });
        return { response, text: await response.text() };
      } catch (cause) {
        const message = `${request.whom} could not be reached.`;
        throw new CognitoGraphQLError('NETWORK_ERROR', message, { cause, transient: true });
      }
    },
  );
  const header = (name: string) => response.headers?.get(name) ?? undefined;
  const now = environment.now();
  const date = Date.parse(header('date') ?? '');
  const skew = Number.isNaN(date) ? undefined : date - now;
  const firstLine = text.trim().split('\n', 1)[0]?.slice(0, 100);
  const type = header('content-type')?.split(';', 1)[0];
  return {
    status: response.status,
    json: parseObject(text),
    summary: `${response.status} ${firstLine ? `${type} "${firstLine}"` : 'with an empty body'}`,
    header,
    skew,
    retryAfter: retryAfterSeconds(header('retry-after'), now + (skew ?? 0)),
  };
}

function parseObject(text: string): Record<string, unknown> | undefined {
  try {
    const value = JSON.parse(text);
    return typeof value === 'object' && value ? value : undefined;
  } catch {
    return undefined;
  }
}

/** `Retry-After` of RFC 9110 section 10.2.3: seconds, or a date of the server's clock. */
function retryAfterSeconds(value: string | undefined, serverNow: number): number | undefined {
  if (!value) return undefined;
  const seconds = /^\d+$/.test(value) ? Number(value) : Math.ceil((Date.parse(value) - serverNow) / 1000);
  return seconds >= 0 ? seconds : undefined;
}

/** Statuses of gateways and overloaded servers: the same request may succeed a moment later. */
export function passes(status: number): boolean {
  return [429, 502, 503, 504].includes(status);
}
