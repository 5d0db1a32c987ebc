import { Pool } from 'undici';

export interface Reply {
  readonly status: number;
  readonly requestId: string;
  // biome-ignore lint/suspicious/noExplicitAny: answers of every shape are looked into
  readonly body: any;
}

/** What went wrong, by a sentence without tokens; the first ones as they were, and how many in all. */
export interface Findings {
  readonly examples: readonly string[];
  readonly total: number;
  /** How often each kind of traffic was answered rightly. */
  readonly right: Readonly<Record<string, number>>;
  readonly statuses: Readonly<Record<number, number>>;
}

/** Requests of a client whose connections stay open, and the book of how they were answered. */
export function createClient(url: string) {
  const pool = new Pool(url, { connections: 12, headersTimeout: 20_000, bodyTimeout: 20_000 });
  const examples: string[] = [];
  const right: Record<string, number> = {};
  const statuses: Record<number, number> = {};
  let total = 0;

  async function send(method: 'GET' | 'POST', path: string, token?: string, body?: string): Promise<Reply> {
    const answer = await pool.request({
      method,
      path,
      headers: {
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
      },
      body: body ?? null,
    });
    const text = await answer.body.text();
    statuses[answer.statusCode] = (statuses[answer.statusCode] ?? 0) + 1;
    const json = String(answer.headers['content-type']).includes('json');
    return {
      status: answer.statusCode,
      requestId: String(answer.headers['x-request-id']),
      body: json ? JSON.parse(text) : text,
    };
  }

  return {
    send,
    /** An operation as a user whose answer has to have data. */
    async ask(token: string, query: string, variables: object = {}): Promise<Reply> {
      const reply = await send('POST', '/graphql', token, JSON.stringify({ query, variables }));
      if (reply.status !== 200 || reply.body.errors !== undefined) throw new Error(describe(reply));
      return reply;
    },
    /** Does one piece of traffic, and takes down what was not as it should be. */
    async attempt(kind: string, work: () => Promise<void>): Promise<void> {
      try {
        await work();
        right[kind] = (right[kind] ?? 0) + 1;
      } catch (error) {
        total += 1;
        if (examples.length < 20)
          examples.push(`${kind}: ${error instanceof Error ? error.message : 'failed'}`);
      }
    },
    findings: (): Findings => ({ examples, total, right, statuses }),
    close: () => pool.destroy(),
  };
}

export type Client = ReturnType<typeof createClient>;

/** Says what was expected, without what came: that may be a token. */
export function check(holds: boolean, what: string): asserts holds {
  if (!holds) throw new Error(`not so: ${what}`);
}

/** An answer without its contents, which may be a token; the request id finds it in the service's log. */
const describe = ({ status, body, requestId }: Reply) =>
  `answered ${status} ${codeOf(body)} to request ${requestId}`;
const codeOf = (body: Reply['body']): string => body?.errors?.[0]?.extensions?.code ?? 'without an error';

export function checkCode(reply: Reply, status: number, code: string): void {
  if (reply.status !== status || codeOf(reply.body) !== code) {
    throw new Error(`${describe(reply)} in place of ${status} ${code}`);
  }
}
