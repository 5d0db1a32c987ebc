import { randomUUID } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { ServiceError } from '../errors.ts';
import type { RequestScope } from '../lib/requestScope.ts';
import type { Logger } from '../telemetry/logger.ts';
import { inSpan, markFailed, type SpanFacts, SpanKind, traceOf } from '../telemetry/tracing.ts';
import { createClientAddress } from './clientAddress.ts';
import { answerUnreadable } from './clientError.ts';
import { backlog, createDrain } from './drain.ts';
import { HeaderListResponse } from './headerListResponse.ts';
import { HttpError } from './httpError.ts';
import { createInProcessConnections, type InProcessAnswer, type InProcessRequest } from './inProcess.ts';
import { createRouter, type Handler, type Route } from './route.ts';
import { setSecurityHeaders } from './securityHeaders.ts';
import { createUnderWay } from './underWay.ts';

export interface HttpServerOptions {
  readonly logger: Logger;
  /** Called first for every request, to set the headers of cross-origin access. */
  readonly cors?: (request: IncomingMessage, response: ServerResponse) => void;
  /** Milliseconds after which a request is aborted. Default 30 000. */
  readonly requestTimeoutMs?: number;
  /** Milliseconds an idle connection is kept. Default 65 000: longer than the 60 s of common load balancers. */
  readonly keepAliveTimeoutMs?: number;
  /** Milliseconds that the headers of a request may take. Default: 5 000 more than an idle connection is kept. */
  readonly headersTimeoutMs?: number;
  /** Addresses and networks whose word about the client's address is believed. Default: none. */
  readonly trustedProxies?: readonly string[];
  /** Called with the route when an answer has been sent or its client is gone, and the milliseconds since its begin. */
  readonly onAnswered?: (path: string, status: number, ms: number) => void;
}

export interface HttpServer {
  /** Starts listening; port 0 takes a free one. Rejects with an Error that says what to do when the port is taken. */
  listen(port: number, host: string): Promise<{ url: string; port: number }>;
  /** Answers a request that did not come over the network, by the same rules and routes; needs no `listen`. */
  handle(request: InProcessRequest): Promise<InProcessAnswer>;
  /** Answers a request that a server of somebody else has accepted, by the same rules and routes; its body must not have been read. */
  readonly listener: (request: IncomingMessage, response: ServerResponse) => void;
  /** Adds routes. Until `open`, all other paths answer 503: the address is often needed to make them. */
  mount(routes: readonly Route[]): void;
  /** Says that all routes are in place. */
  open(): void;
  /**
   * Refuses new connections, lets running requests end for at most `graceMs`, then cuts them off. A connection that is kept alive may
   * bring one more request. May be called again.
   */
  drain(graceMs: number): Promise<void>;
  readonly draining: boolean;
}

type State = { phase: 'starting' } | { phase: 'open' } | { phase: 'draining'; done: Promise<void> };

/** A plain `node:http` server: routes, request ids, deadlines and a drain. Why no framework: see `src/decisions.md`. */
export function createHttpServer(options: HttpServerOptions): HttpServer {
  const { logger, cors, requestTimeoutMs = 30_000, keepAliveTimeoutMs = 65_000, onAnswered } = options;
  // Above the keep-alive time, or a header that begins in the last moment is cut off.
  const { headersTimeoutMs = keepAliveTimeoutMs + 5_000, trustedProxies = [] } = options;
  const clientAddressOf = createClientAddress(trustedProxies);
  const mounted: Route[] = [];
  let routeOf = createRouter(mounted);
  let state: State = { phase: 'starting' };

  const server = createServer(
    {
      keepAliveTimeout: keepAliveTimeoutMs,
      headersTimeout: headersTimeoutMs,
      requestTimeout: headersTimeoutMs + 5_000,
      connectionsCheckingInterval: Math.min(headersTimeoutMs, 5_000),
      maxHeaderSize: 32 * 1024,
      // Node would refuse with an answer of its own; `handlerOf` looks after it.
      requireHostHeader: false,
      ServerResponse: HeaderListResponse,
    },
    handle,
  );
  const inProcess = createInProcessConnections(server);
  const answersOfHost = createUnderWay();
  const network = createDrain(server);
  server.on('clientError', answerUnreadable);
  server.on('checkExpectation', handle);

  function handle(request: IncomingMessage, response: ServerResponse): void {
    const { clientAddress: peer = request.socket.remoteAddress ?? 'unknown', timeoutMs } =
      inProcess.factsOf(request) ?? {};
    const path = pathOf(request);
    const begin = performance.now();
    const scope = new OpenRequest(
      requestIdOf(request),
      clientAddressOf(request, peer),
      begin,
      Math.min(timeoutMs ?? requestTimeoutMs, requestTimeoutMs),
    );
    network.requestBegun(begin);
    response.setHeader('x-request-id', scope.requestId);
    setSecurityHeaders(response);
    if (state.phase === 'draining') response.setHeader('connection', 'close');
    response.on('close', () => {
      scope.close(response.writableFinished);
      onAnswered?.(routeOf(path)?.path ?? 'unknown', response.statusCode, performance.now() - begin);
      network.requestEnded();
    });
    void inSpan(
      () => spanOf(request, routeOf(path)),
      async (span) => {
        try {
          cors?.(request, response);
          await handlerOf(request, path)(request, response, scope);
        } catch (error) {
          refuse(response, error, scope);
        }
        span.setAttribute('http.response.status_code', response.statusCode);
        if (response.statusCode >= 500) markFailed(span, String(response.statusCode));
      },
    );
  }

  function handlerOf(request: IncomingMessage, path: string): Handler {
    if (request.headers.host === undefined && request.httpVersion === '1.1') throw noHost();
    if (request.headers.expect !== undefined && !/^100-continue$/i.test(request.headers.expect))
      throw new HttpError(417, 'BAD_REQUEST', 'No expectation but 100-continue is met here.');
    const route = routeOf(path);
    if (route === undefined) throw state.phase === 'starting' ? starting() : nothingThere();
    const method = request.method === 'HEAD' ? 'GET' : request.method;
    const handler = route.methods[method as keyof Route['methods']];
    if (handler !== undefined) return handler;
    const allow = Object.keys(route.methods).join(', ');
    throw new HttpError(405, 'METHOD_NOT_ALLOWED', `This path takes ${allow}.`, { allow });
  }

  /** Answers an error in JSON whatever the environment; what is not ours to show goes to the log. */
  function refuse(response: ServerResponse, error: unknown, { requestId, signal }: RequestScope): void {
    if (response.headersSent || response.destroyed) return void response.destroy();
    const known = error instanceof HttpError ? error : unexpected(requestId);
    if (!(error instanceof HttpError) && !signal.aborted)
      logger.error({ requestId, err: error }, 'A request failed unexpectedly');
    for (const [name, value] of Object.entries(known.headers)) response.setHeader(name, value);
    response.statusCode = known.status;
    response.setHeader('content-type', 'application/json; charset=utf-8');
    response.end(known.body());
  }

  return {
    get draining() {
      return state.phase === 'draining';
    },
    async listen(port, host) {
      await listening(server, port, host);
      const address = server.address() as AddressInfo;
      const shown = address.family === 'IPv6' ? `[${address.address}]` : address.address;
      return { url: `http://${shown}:${address.port}`, port: address.port };
    },
    handle: inProcess.exchange,
    listener(request, response) {
      answersOfHost.add(response);
      handle(request, response);
    },
    mount(routes) {
      mounted.push(...routes);
      routeOf = createRouter(mounted);
    },
    open() {
      if (state.phase === 'starting') state = { phase: 'open' };
    },
    drain(graceMs) {
      if (state.phase !== 'draining') {
        const done = Promise.all([
          network.close(graceMs),
          inProcess.drain(graceMs),
          answersOfHost.drain(graceMs),
        ]);
        state = { phase: 'draining', done: done.then(() => undefined) };
      }
      return state.done;
    },
  };
}

/** What work below rejects with once the signal is aborted. */
const tookTooLong = () =>
  new ServiceError('UPSTREAM_UNAVAILABLE', 'The request took too long; try again.', { retryAfter: 1 });
const clientGone = () => new ServiceError('UPSTREAM_UNAVAILABLE', 'The client is gone.');

/**
 * A request's id, and a signal that ends with its client or its deadline. The signal is made when somebody asks for it: an answer from
 * memory waits for nothing, and an AbortController costs as much as the rest of what such a request needs from us.
 */
class OpenRequest implements RequestScope {
  readonly requestId: string;
  readonly clientAddress: string;
  readonly #timeoutMs: number;
  readonly #begin: number;
  #controller: AbortController | undefined;
  #deadline: NodeJS.Timeout | undefined;
  #end: 'answered' | 'client gone' | undefined;

  constructor(requestId: string, clientAddress: string, begin: number, timeoutMs: number) {
    this.requestId = requestId;
    this.clientAddress = clientAddress;
    this.#begin = begin;
    this.#timeoutMs = timeoutMs;
  }

  get signal(): AbortSignal {
    if (this.#controller === undefined) {
      const controller = new AbortController();
      this.#controller = controller;
      const left = this.#timeoutMs - (performance.now() - this.#begin);
      if (this.#end === 'client gone') controller.abort(clientGone());
      if (this.#end === undefined) this.#deadline = setTimeout(() => controller.abort(tookTooLong()), left);
    }
    return this.#controller.signal;
  }

  /** The answer is out, or nobody waits for it any more. */
  close(answered: boolean): void {
    clearTimeout(this.#deadline);
    this.#end = answered ? 'answered' : 'client gone';
    if (!answered) this.#controller?.abort(clientGone());
  }
}

/** The caller's own request id where it is one that can stand in a log, otherwise a new one. */
function requestIdOf({ headers }: IncomingMessage): string {
  const given = headers['x-request-id'];
  return typeof given === 'string' && /^[\w.:-]{1,64}$/.test(given) ? given : randomUUID();
}

/** A span by route: what a client may write into a path does not belong in a trace. */
function spanOf({ method = 'GET', headers }: IncomingMessage, route: Route | undefined): SpanFacts {
  return {
    name: route === undefined ? method : `${method} ${route.path}`,
    kind: SpanKind.SERVER,
    attributes: { 'http.request.method': method, ...(route && { 'http.route': route.path }) },
    parent: traceOf(headers),
  };
}

function pathOf({ url = '/' }: IncomingMessage): string {
  const question = url.indexOf('?');
  return question < 0 ? url : url.slice(0, question);
}

const starting = () =>
  new HttpError(503, 'UPSTREAM_UNAVAILABLE', 'The server is starting; try again.', { 'retry-after': '1' });

/** RFC 9112 section 3.2. */
const noHost = () => new HttpError(400, 'BAD_REQUEST', 'The request names no host.', { connection: 'close' });

const nothingThere = () =>
  new HttpError(404, 'NOT_FOUND', 'There is nothing at this path; the API is at /graphql.');

const unexpected = (requestId: string) =>
  new HttpError(
    500,
    'INTERNAL_SERVER_ERROR',
    `Something went wrong on our side. Look for ${requestId} in the log of the server.`,
  );

function listening(server: Server, port: number, host: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => reject(explainListenError(error, port, host)));
    server.listen({ port, host, backlog }, () => resolve());
  });
}

/** What to do about an address that cannot be had, instead of a system error's name. */
export function explainListenError(error: NodeJS.ErrnoException, port: number, host: string): Error {
  if (error.code === 'EADDRINUSE') {
    return new Error(
      `Port ${port} on ${host} is taken. Stop what listens there, or choose another port with PORT=${port + 1}.`,
      {
        cause: error,
      },
    );
  }
  if (error.code === 'EACCES') {
    return new Error(
      `Port ${port} needs more rights than this process has. Choose one above 1023 with PORT.`,
      { cause: error },
    );
  }
  return error;
}
