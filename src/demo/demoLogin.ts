import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type Clock, systemClock } from '../lib/clock.ts';
import { createDemoTokens, type IssueDemoTokenInput, scopeProblem, userProblem } from './demoTokens.ts';

const root = '/demo-login';
const lifetimeSeconds = 3600;
/** Bytes; a name of 1024 characters takes at most 9 kB when percent-encoded. */
const bodyLimit = 16_384;

export interface DemoLoginOptions {
  readonly clock?: Clock;
  /** `aud` of the tokens. Default `cognito-graphql-demo`. */
  readonly audience?: string;
}

export interface DemoLogin {
  /** `<base>/demo-login`. Throws until `mount` or `listen` made the base known. */
  readonly issuer: string;
  readonly audience: string;
  /** Says under which address `handler` is reached, for example `http://127.0.0.1:4000`. Returns the issuer. */
  mount(baseUrl: string): string;
  /** Answers requests below `/demo-login/` and returns true; leaves all others alone and returns false. */
  handler(request: IncomingMessage, response: ServerResponse): boolean;
  /** Serves on a port of its own. Default port 0 (any free one) and host 127.0.0.1. */
  listen(port?: number, host?: string): Promise<{ readonly url: string; readonly issuer: string }>;
  close(): Promise<void>;
  /** Throws `RangeError` for input outside the documented bounds. */
  issueToken(input: IssueDemoTokenInput): Promise<string>;
}

/**
 * An OpenID issuer for demonstrations: whoever names a user is that user, no password asked. It is an ordinary issuer
 * otherwise, so that the API verifies its tokens like those of any login, by discovery and JWKS.
 *
 * Never for production: the caller has to see to that, and to a loopback address.
 */
export function createDemoLogin(options: DemoLoginOptions = {}): DemoLogin {
  const { clock = systemClock, audience = 'cognito-graphql-demo' } = options;
  const tokens = createDemoTokens({ clock, audience });
  let issuer: string | undefined;
  let server: Server | undefined;

  const requireIssuer = (): string => {
    if (issuer === undefined)
      throw new Error('The demo login does not know its address yet: call mount or listen.');
    return issuer;
  };

  const routes: Readonly<Record<string, Route>> = {
    [`${root}/.well-known/openid-configuration`]: {
      methods: ['GET', 'HEAD'],
      answer: async () => ok(discoveryDocument(requireIssuer(), tokens.algorithm)),
    },
    [`${root}/jwks`]: { methods: ['GET', 'HEAD'], answer: async () => ok(await tokens.jwks()) },
    [`${root}/token`]: {
      methods: ['POST'],
      answer: async (request) => {
        const form = await readForm(request);
        if ('status' in form) return form;
        const { user, scope } = form;
        const token = await tokens.issue(requireIssuer(), {
          user,
          lifetimeSeconds,
          ...(scope ? { scope } : {}),
        });
        return ok({
          access_token: token,
          token_type: 'Bearer',
          expires_in: lifetimeSeconds,
          ...(scope ? { scope } : {}),
        });
      },
    },
  };

  const login: DemoLogin = {
    get issuer() {
      return requireIssuer();
    },
    audience,
    mount(baseUrl) {
      issuer = `${baseUrl.replace(/\/+$/, '')}${root}`;
      return issuer;
    },
    handler(request, response) {
      const path = (request.url ?? '').split('?', 1)[0] ?? '';
      if (path !== root && !path.startsWith(`${root}/`)) return false;
      const route = Object.hasOwn(routes, path) ? routes[path] : undefined;
      void answerRoute(route, request).then(
        (answer) => send(request, response, answer),
        () => send(request, response, failure(500, 'server_error', 'The demo login failed.')),
      );
      return true;
    },
    async listen(port = 0, host = '127.0.0.1') {
      if (server) throw new Error('The demo login is listening already.');
      const created = createServer((request, response) => {
        if (!login.handler(request, response)) send(request, response, notFound);
      });
      server = created;
      await new Promise<void>((resolve, reject) => {
        created.once('error', (error) => {
          server = undefined;
          reject(error);
        });
        created.listen(port, host, resolve);
      });
      const { address, port: bound, family } = created.address() as AddressInfo;
      const url = `http://${family === 'IPv6' ? `[${address}]` : address}:${bound}`;
      return { url, issuer: login.mount(url) };
    },
    async close() {
      const closing = server;
      server = undefined;
      if (!closing) return;
      await new Promise<void>((resolve) => {
        closing.close(() => resolve());
        closing.closeAllConnections();
      });
    },
    issueToken: async (input) => tokens.issue(requireIssuer(), input),
  };
  return login;
}

interface Answer {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: object;
}

interface Route {
  readonly methods: readonly string[];
  answer(request: IncomingMessage): Promise<Answer>;
}

const ok = (body: object): Answer => ({ status: 200, body });
/** RFC 6749 section 5.2. */
const failure = (status: number, error: string, description: string): Answer => ({
  status,
  body: { error, error_description: description },
});
const notFound = failure(404, 'not_found', 'There is nothing at this address.');

async function answerRoute(route: Route | undefined, request: IncomingMessage): Promise<Answer> {
  if (!route) return notFound;
  const { method = '' } = request;
  if (method === 'OPTIONS') {
    return {
      status: 204,
      headers: {
        'access-control-allow-methods': route.methods.join(', '),
        'access-control-allow-headers': 'authorization, content-type',
        'access-control-max-age': '600',
      },
    };
  }
  if (!route.methods.includes(method)) {
    const answer = failure(405, 'invalid_request', `Use ${route.methods.join(' or ')}.`);
    return { ...answer, headers: { allow: [...route.methods, 'OPTIONS'].join(', ') } };
  }
  return route.answer(request);
}

function send(request: IncomingMessage, response: ServerResponse, { status, headers, body }: Answer): void {
  const text = body === undefined ? '' : JSON.stringify(body);
  response.writeHead(status, {
    // RFC 6749 section 5.1 asks for both; keys change with every start, so they are not to be kept either.
    'cache-control': 'no-store',
    pragma: 'no-cache',
    'access-control-allow-origin': '*',
    ...(body === undefined
      ? {}
      : { 'content-type': 'application/json', 'content-length': Buffer.byteLength(text) }),
    // What is left of a refused body must not be taken for the next request.
    ...(status === 413 ? { connection: 'close' } : {}),
    ...headers,
  });
  response.end(request.method === 'HEAD' ? undefined : text);
}

function discoveryDocument(issuer: string, algorithm: string): object {
  return {
    issuer,
    token_endpoint: `${issuer}/token`,
    jwks_uri: `${issuer}/jwks`,
    grant_types_supported: ['password'],
    response_types_supported: [],
    subject_types_supported: ['public'],
    id_token_signing_alg_values_supported: [algorithm],
    token_endpoint_auth_methods_supported: ['none'],
    scopes_supported: ['admin'],
  };
}

interface Login {
  readonly user: string;
  readonly scope: string | undefined;
}

/** RFC 6749 section 4.3.2, without the password. */
async function readForm(request: IncomingMessage): Promise<Login | Answer> {
  const contentType = request.headers['content-type'] ?? '';
  if (!/^\s*application\/x-www-form-urlencoded\s*(;|$)/i.test(contentType)) {
    return failure(400, 'invalid_request', 'The body must be application/x-www-form-urlencoded.');
  }
  const body = await readBody(request);
  if (body === undefined) {
    return failure(413, 'invalid_request', `The body must have at most ${bodyLimit} bytes.`);
  }
  const form = new URLSearchParams(body);
  for (const name of ['grant_type', 'username', 'scope']) {
    if (form.getAll(name).length > 1) return failure(400, 'invalid_request', `${name} must be given once.`);
  }
  const grant = form.get('grant_type');
  if (grant === null) return failure(400, 'invalid_request', 'grant_type is missing.');
  if (grant !== 'password') {
    return failure(400, 'unsupported_grant_type', 'The only grant type is password.');
  }
  const user = form.get('username');
  if (user === null) return failure(400, 'invalid_request', 'username is missing.');
  // Bytes that are no UTF-8 turn into U+FFFD when decoded, and would make two users one.
  const problem = userProblem(user) ?? (user.includes('\uFFFD') ? 'username must be UTF-8.' : undefined);
  if (problem) return failure(400, 'invalid_request', problem);
  const scope = form.get('scope') || undefined;
  const badScope = scope === undefined ? undefined : scopeProblem(scope);
  return badScope ? failure(400, 'invalid_scope', badScope) : { user, scope };
}

/** The body as UTF-8, or undefined when it is too long. */
async function readBody(request: IncomingMessage): Promise<string | undefined> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length;
    // Goes on reading without keeping anything, up to a point, so that the answer can be delivered.
    if (size <= bodyLimit) chunks.push(chunk);
    else if (size > bodyLimit * 64) break;
  }
  return size > bodyLimit ? undefined : Buffer.concat(chunks).toString('utf8');
}
