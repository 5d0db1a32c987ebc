import type { IncomingMessage, ServerResponse } from 'node:http';
import { type ApolloServer, HeaderMap, type HTTPGraphQLRequest } from '@apollo/server';
import type { Authenticator, RequestHeaders } from '../auth/authenticator.ts';
import { ServiceError } from '../errors.ts';
import type { GraphQLContext } from '../graphql/context.ts';
import { toGraphQLError } from '../graphql/errors.ts';
import type { TrustedDocuments } from '../graphql/trustedDocuments.ts';
import type { IdentityReader } from '../identities/identityReader.ts';
import type { RequestScope } from '../lib/requestScope.ts';
import type { Logger } from '../telemetry/logger.ts';
import { HttpError } from './httpError.ts';
import { readJsonBody } from './requestBody.ts';
import type { Route } from './route.ts';

export interface GraphqlRouteOptions {
  readonly apollo: ApolloServer<GraphQLContext>;
  readonly authenticator: Authenticator;
  readonly createIdentityReader: (signal: AbortSignal) => IdentityReader;
  readonly logger: Logger;
  readonly bodyLimitBytes: number;
  /** When given, no other documents are run. */
  readonly trustedDocuments?: TrustedDocuments;
}

/** `/graphql`: Node's request to Apollo Server's and back. */
export function createGraphqlRoute(options: GraphqlRouteOptions): Route {
  const { apollo, bodyLimitBytes, trustedDocuments } = options;

  const handle = async (request: IncomingMessage, response: ServerResponse, scope: RequestScope) => {
    const received: HTTPGraphQLRequest = {
      method: request.method ?? 'GET',
      headers: headerMapOf(request),
      search: searchOf(request),
      body: request.method === 'POST' ? await readJsonBody(request, bodyLimitBytes) : undefined,
    };
    const httpGraphQLRequest =
      trustedDocuments === undefined || prefersPage(request) ? received : trusted(received, trustedDocuments);
    const answer = await apollo.executeHTTPGraphQLRequest({
      httpGraphQLRequest,
      context: () => createContext(request, scope, options),
    });
    for (const [name, value] of answer.headers) response.setHeader(name, value);
    response.statusCode = answer.status ?? 200;
    // Incremental delivery is not enabled in the schema, so an answer is always complete.
    response.end(answer.body.kind === 'complete' ? answer.body.string : undefined);
  };

  return {
    path: '/graphql',
    methods: { GET: handle, POST: handle, OPTIONS: (_, response) => void endPreflight(response) },
  };
}

/** The landing page is no operation. */
const prefersPage = ({ method, url = '', headers }: IncomingMessage) =>
  method === 'GET' && !url.includes('query=') && (headers.accept ?? '').includes('text/html');

/** The request with the text of a trusted document in place of whatever named it. */
function trusted(request: HTTPGraphQLRequest, documents: TrustedDocuments): HTTPGraphQLRequest {
  const textOf = (named: object) => {
    try {
      return documents.textOf(named);
    } catch (error) {
      if (error instanceof ServiceError) throw new HttpError(403, error.code, error.message);
      throw error;
    }
  };
  if (request.method === 'POST') {
    const { extensions, query, ...rest } = Object(request.body) as Record<string, unknown>;
    return { ...request, body: { ...rest, query: textOf({ extensions, query }) } };
  }
  const search = new URLSearchParams(request.search);
  const query = textOf({
    query: search.get('query') ?? undefined,
    extensions: parsed(search.get('extensions')),
  });
  search.set('query', query);
  search.delete('extensions');
  return { ...request, search: `?${search}` };
}

function parsed(json: string | null): unknown {
  try {
    return JSON.parse(json ?? 'null');
  } catch {
    return undefined;
  }
}

function endPreflight(response: ServerResponse): void {
  response.statusCode = 204;
  response.end();
}

/** Authenticates once; from here on there is a principal and never a header. */
async function createContext(
  request: IncomingMessage,
  scope: RequestScope,
  { authenticator, createIdentityReader, logger }: GraphqlRouteOptions,
): Promise<GraphQLContext> {
  try {
    const principal = await authenticator.authenticate(requestHeadersOf(request), scope.signal);
    return { ...scope, principal, identities: createIdentityReader(scope.signal) };
  } catch (error) {
    if (!(error instanceof ServiceError)) throw error;
    const level = error.code === 'UNAUTHENTICATED' ? 'info' : 'warn';
    logger[level](
      { requestId: scope.requestId, code: error.code, err: error.cause },
      'A request was not authenticated',
    );
    throw toGraphQLError(error);
  }
}

/** `request.headers` joins or drops repeated headers; who sends two Authorization headers must be seen. */
function requestHeadersOf({ rawHeaders }: IncomingMessage): RequestHeaders {
  return {
    all(name) {
      const values: string[] = [];
      for (let i = 0; i < rawHeaders.length; i += 2) {
        if (rawHeaders[i]?.toLowerCase() === name) values.push(rawHeaders[i + 1] as string);
      }
      return values;
    },
  };
}

function headerMapOf(request: IncomingMessage): HeaderMap {
  const headers = new HeaderMap();
  for (const [name, value] of Object.entries(request.headers)) {
    if (value !== undefined) headers.set(name, Array.isArray(value) ? value.join(', ') : value);
  }
  return headers;
}

function searchOf({ url = '' }: IncomingMessage): string {
  const question = url.indexOf('?');
  return question < 0 ? '' : url.slice(question);
}
