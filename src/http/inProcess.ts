import { type ClientRequest, request as httpRequest, type IncomingMessage, type Server } from 'node:http';
import { type Duplex, duplexPair } from 'node:stream';
import { createUnderWay } from './underWay.ts';

/** A request that did not come over the network: from a function platform, or from a host that embeds the service. */
export interface InProcessRequest {
  readonly method: string;
  /** Path and query, as in the first line of a request. */
  readonly path: string;
  /** Names in any spelling; a header sent twice stands here twice. */
  readonly headers: readonly (readonly [name: string, value: string])[];
  readonly body?: Uint8Array;
  readonly clientAddress: string;
  /** Milliseconds after which the request is aborted, where that is sooner than for other requests. */
  readonly timeoutMs?: number;
}

export interface InProcessAnswer {
  readonly status: number;
  readonly headers: readonly (readonly [name: string, value: string])[];
  readonly body: Buffer;
}

/** What is known of an in-process connection and cannot be read off its socket. */
export type ConnectionFacts = Pick<InProcessRequest, 'clientAddress' | 'timeoutMs'>;

/** About the connection and not the request (RFC 9110 section 7.6.1); `Content-Length` is counted anew. */
const connectionHeaders = new Set([
  'connection',
  'content-length',
  'expect',
  'keep-alive',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
]);

export type InProcessConnections = ReturnType<typeof createInProcessConnections>;

/**
 * Brings requests to a `node:http` server without a network: Node's own client and server talk over a pair of streams, so that
 * every rule of the server holds for them too. Costs a fraction of a millisecond.
 */
export function createInProcessConnections(server: Server) {
  const facts = new WeakMap<Duplex, ConnectionFacts>();
  const underWay = createUnderWay();

  function exchange(request: InProcessRequest): Promise<InProcessAnswer> {
    const { method, path, body, clientAddress, timeoutMs } = request;
    const [near, far] = duplexPair();
    facts.set(far, { clientAddress, ...(timeoutMs === undefined ? {} : { timeoutMs }) });
    return new Promise((resolve, reject) => {
      let sent: ClientRequest;
      try {
        sent = httpRequest({
          method,
          path,
          headers: headersOf(request) as never,
          setHost: false,
          createConnection: () => near as never,
        });
      } catch {
        // A character that cannot stand in a path or header: as with a request over the network that cannot be read.
        return resolve({ status: 400, headers: [], body: Buffer.alloc(0) });
      }
      underWay.add(near);
      sent.once('error', reject);
      sent.once('response', (response) => void read(response).then(resolve, reject));
      server.emit('connection', far);
      sent.end(body);
    });
  }

  return {
    exchange,
    factsOf: ({ socket }: IncomingMessage): ConnectionFacts | undefined => facts.get(socket),
    drain: underWay.drain,
  };
}

/** A flat list, which keeps repeated headers apart. */
function headersOf({ headers, body }: InProcessRequest): string[] {
  const kept = headers.filter(([name]) => !connectionHeaders.has(name.toLowerCase()));
  const host = kept.some(([name]) => name.toLowerCase() === 'host') ? [] : ['host', 'localhost'];
  const length = body === undefined ? [] : ['content-length', String(body.length)];
  return [...kept.flat(), ...host, ...length, 'connection', 'close'];
}

async function read(response: IncomingMessage): Promise<InProcessAnswer> {
  const chunks: Buffer[] = [];
  for await (const chunk of response as AsyncIterable<Buffer>) chunks.push(chunk);
  const { rawHeaders } = response;
  const headers: [string, string][] = [];
  for (let i = 0; i < rawHeaders.length; i += 2) {
    const name = (rawHeaders[i] as string).toLowerCase();
    if (!connectionHeaders.has(name)) headers.push([name, rawHeaders[i + 1] as string]);
  }
  return { status: response.statusCode ?? 500, headers, body: Buffer.concat(chunks) };
}
