import type { IncomingMessage, ServerResponse } from 'node:http';

/**
 * Cross-origin access for exactly the configured origins. Never `*`, and no credentials mode: the API takes its token from a header,
 * and a cookie is for pages of the same site.
 */
export function createCors(origins: readonly string[]) {
  const allowed = new Set(origins);

  /** Sets the headers for an allowed origin; others get an answer that their browser does not show them. */
  return (request: IncomingMessage, response: ServerResponse): void => {
    if (allowed.size === 0) return;
    response.appendHeader('vary', 'Origin');
    const { origin } = request.headers;
    if (origin === undefined || !allowed.has(origin)) return;
    response.setHeader('access-control-allow-origin', origin);
    response.setHeader('access-control-expose-headers', 'X-Request-Id, Retry-After, WWW-Authenticate, Date');
    if (request.method === 'OPTIONS') {
      response.setHeader('access-control-allow-methods', 'GET, POST');
      response.setHeader('access-control-allow-headers', allowedHeaders);
      response.setHeader('access-control-max-age', '7200');
    }
  };
}

const allowedHeaders = [
  'authorization',
  'content-type',
  'accept',
  'x-request-id',
  'traceparent',
  'tracestate',
  // Apollo Client and its CSRF prevention, Apollo Sandbox
  'apollo-require-preflight',
  'x-apollo-operation-name',
  'apollographql-client-name',
  'apollographql-client-version',
].join(', ');
