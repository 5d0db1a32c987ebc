import type { ClientContext } from './environment.ts';
import { CognitoGraphQLError } from './errors.ts';
import { within } from './waiting.ts';

export interface PostRequest {
  readonly url: string;
  readonly headers: Record<string, string>;
  readonly body: unknown;
  readonly signal: AbortSignal;
  /** Who is asked, for messages: `The GraphQL endpoint`. */
  readonly whom: string;
}

export interface Answer {
  readonly status: number;
  /** The body, when it is a JSON object; otherwise empty. */
  readonly json: Record<string, unknown>;
  /** Says that, and what, the answer is where it was not understood: `Cognito answered 502 "<html>".` */
  readonly summary: string;
  /** Server's clock minus local clock in milliseconds, from the `Date` header; undefined where that cannot be read. */
  readonly skew: number | undefined;
  /** From `Retry-After`, in seconds; its other form, a date, is rare and counts as absent. */
  readonly retryAfter: number | undefined;
}

/** Posts JSON and reads the answer as text first, so that a proxy's HTML is reported as what it is. Asks once. */
export async function post(context: ClientContext, request: PostRequest): Promise<Answer> {
  const { url, headers, body, signal, whom } = request;
  const [{ status, headers: answered }, text] = await within(
    context,
    { signal, milliseconds: context.timeoutMs, whom },
    async (signal) => {
      try {
        const init = { method: 'POST', headers, body: JSON.stringify(body), signal };
        const response = await context.fetch(url, init);
        return [response, await response.text()] as const;
      } catch (cause) {
        throw new CognitoGraphQLError('NETWORK_ERROR', `${whom} is out of reach.`, {
          cause,
          transient: true,
        });
      }
    },
  );
  const header = (name: string) => answered?.get(name) ?? '';
  const firstLine = text.trim().split('\n', 1)[0]?.slice(0, 100);
  const what = firstLine ? `"${firstLine}"` : 'with no body';
  return {
    status,
    json: parseObject(text),
    summary: `${whom} answered ${status} ${what}.`,
    skew: Date.parse(header('date')) - context.now() || undefined,
    retryAfter: Number(header('retry-after')) || undefined,
  };
}

function parseObject(text: string): Record<string, unknown> {
  try {
    return Object(JSON.parse(text));
  } catch {
    return {};
  }
}

/** Statuses of gateways and overloaded servers: the same request may succeed a moment later. */
export function passes(status: number): boolean {
  return status === 429 || status > 501;
}
