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
import { answerTypes, preferredType } from './accept.ts';
import { HttpError } from './httpError.ts';
import { readJsonBody } from './requestBody.ts';
import type { Route } from './route.ts';
import { setPagePolicy } from './securityHeaders.ts';

export interface GraphqlRouteOptions {
  readonly apollo: ApolloServer<GraphQLContext>;
  readonly authenticator: Authenticator;
  readonly createIdentityReader: (signal: AbortSignal) => IdentityReader;
  readonly logger: Logger;
  readonly bodyLimitBytes: number;
  /** Whether `apollo` has a page for browsers. */
  readonly landingPage: boolean;
  /** When given, no other documents are run. */
  readonly trustedDocuments?: TrustedDocuments;
}

/** `/graphql`: Node's request to Apollo Server's and back. */
export function createGraphqlRoute(options: GraphqlRouteOptions): Route {
  const { apollo, bodyLimitBytes, landingPage, trustedDocuments } = options;

  const handle = async (request: IncomingMessage, response: ServerResponse, scope: RequestScope) => {
    const page = landingPage && prefersPage(request);
    const headers = headerMapOf(request);
    // Apollo looks only when it has the answer: by then a mutation has run. So it is told what was decided here.
    if (!page) headers.set('accept', answerTypeFor(request));
    const received: HTTPGraphQLRequest = {
      method: request.method ?? 'GET',
      headers,
      search: searchOf(request),
      body: request.method === 'POST' ? await readJsonBody(request, bodyLimitBytes) : undefined,
    };
    const httpGraphQLRequest =
      trustedDocuments === undefined || page ? received : trusted(received, trustedDocuments);
    const answer = await apollo.executeHTTPGraphQLRequest({
      httpGraphQLRequest,
      context: () => createContext(request, scope, options),
    });
    for (const [name, value] of answer.headers) response.setHeader(name, value);
    // The landing page says in itself where its parts come from.
    if (page && answer.headers.get('content-type')?.startsWith('text/html')) setPagePolicy(response);
    response.statusCode = answer.status ?? 200;
    // Incremental delivery is not enabled in the schema, so an answer is always complete.
    response.end(answer.body.kind === 'complete' ? answer.body.string : undefined);
  };

  return {
    path: '/graphql',
    methods: { GET: handle, POST: handle, OPTIONS: (_, response) => void endPreflight(response) },
  };
}

/** Whether a browser asks, by the rule by which Apollo decides. */
const prefersPage = ({ method, headers }: IncomingMessage) =>
  method === 'GET' && preferredType(headers.accept, [...answerTypes, 'text/html']) === 'text/html';

function answerTypeFor({ headers }: IncomingMessage): string {
  const type = preferredType(headers.accept, answerTypes);
  if (type !== null) return type;
  throw new HttpError(406, 'BAD_REQUEST', `Answers are ${answerTypes.join(' or ')}; accept one of them.`);
}

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
