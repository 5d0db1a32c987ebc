import { createHmac } from 'node:crypto';
import { Pool } from 'undici';
import { servedBy } from './nginx.ts';

/** One request as its sender saw it. Times in milliseconds, by the sender's clock. */
export interface Sent {
  readonly user: string;
  readonly begin: number;
  readonly end: number;
  /** HTTP status; 0 where the connection broke. */
  readonly status: number;
  /** Code of the first error, `OK` without one. */
  readonly code: string;
  readonly retryAfter?: number;
  readonly identityId?: string;
  /** `host:port`, as told by the load balancer. */
  readonly server?: string;
}

export interface Load {
  /** All that were answered or broke so far. */
  readonly sent: readonly Sent[];
  /** Sends no more, and waits for what is under way. */
  stop(): Promise<void>;
}

export interface LoadOptions {
  readonly url: string;
  readonly requestsPerSecond: number;
  /** Sends less while so many are under way: on a machine that cannot keep up, requests would only wait in ever longer lines. */
  readonly concurrency: number;
  /** Ends by itself after this many. */
  readonly atMost: number;
  /** The bearer token of a user. */
  readonly tokenOf: (user: string) => string;
}

const query = 'mutation { cognitoCredentials { identityId openIdToken } }';
/** A turn of the clock sends what is due, so that a busy machine makes bursts and not less load. */
const tickMs = 10;

/** Requests at a steady rate whatever the answers are, each as a user who was never seen before. */
export function startLoad({ url, requestsPerSecond, concurrency, atMost, tokenOf }: LoadOptions): Load {
  const sent: Sent[] = [];
  const pool = new Pool(url, { connections: concurrency, pipelining: 1 });
  const body = JSON.stringify({ query });
  const running = new Set<Promise<void>>();
  let begun = 0;
  let latest = performance.now();

  async function send(user: string) {
    // Signed before the clock runs.
    const headers = { 'content-type': 'application/json', authorization: `Bearer ${tokenOf(user)}` };
    const begin = performance.now();
    const facts = await pool.request({ method: 'POST', path: '/graphql', headers, body }).then(
      async ({ statusCode, headers, body: answer }) => {
        const text = await answer.text();
        const end = performance.now();
        return {
          end,
          status: statusCode,
          server: String(headers[servedBy]).split(', ').at(-1),
          ...outcomeOf(text),
        };
      },
      () => ({ end: performance.now(), status: 0, code: 'BROKEN' }),
    );
    sent.push({ user, begin, ...facts });
  }

  const clock = setInterval(() => {
    const due = Math.floor(((performance.now() - latest) / 1000) * requestsPerSecond);
    if (due > 0) latest += (due / requestsPerSecond) * 1000;
    for (let i = 0; i < due && running.size < concurrency && begun < atMost; i += 1) {
      begun += 1;
      const request = send(`user-${begun}`).finally(() => running.delete(request));
      running.add(request);
    }
  }, tickMs);

  return {
    sent,
    async stop() {
      clearInterval(clock);
      await Promise.all(running);
      await pool.close();
    },
  };
}

export interface Pulse {
  /** Milliseconds that each answer took, in ascending order. */
  stop(): Promise<readonly number[]>;
}

/** Asks for next to nothing, fifty times a second: what every answer takes on this machine at this moment, whatever it says. */
export function startPulse(url: string): Pulse {
  const pool = new Pool(url, { connections: 50, pipelining: 1 });
  const took: number[] = [];
  const running = new Set<Promise<unknown>>();
  const clock = setInterval(() => {
    const begin = performance.now();
    const request = pool
      .request({ method: 'GET', path: '/livez' })
      .then(({ body }) => body.text())
      .then(() => took.push(performance.now() - begin))
      .finally(() => running.delete(request));
    running.add(request);
  }, 20);
  return {
    async stop() {
      clearInterval(clock);
      await Promise.all(running);
      await pool.close();
      return took.sort((a, b) => a - b);
    },
  };
}

/** What an answer says; never its token. */
function outcomeOf(text: string): Pick<Sent, 'code' | 'retryAfter' | 'identityId'> {
  try {
    const { data, errors } = JSON.parse(text);
    const { code, retryAfter } = errors?.[0]?.extensions ?? { code: 'OK' };
    return { code, retryAfter, identityId: data?.cognitoCredentials?.identityId };
  } catch {
    // A page of the load balancer's own.
    return { code: 'NO JSON' };
  }
}

/** Tokens of a login that signs with a shared secret: cheap enough to make one for every request. */
export function createLogin(secret: string, claims: { readonly iss: string; readonly aud: string }) {
  const encode = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');
  const header = encode({ alg: 'HS256', typ: 'JWT' });
  return (user: string): string => {
    const iat = Math.floor(Date.now() / 1000);
    const signed = `${header}.${encode({ ...claims, sub: user, iat, exp: iat + 600 })}`;
    return `${signed}.${createHmac('sha256', secret).update(signed).digest('base64url')}`;
  };
}
