import type { IncomingMessage, ServerResponse } from 'node:http';
import { type ApolloServer, HeaderMap, type HTTPGraphQLRequest } from '@apollo/server';
import type { Authenticator, RequestHeaders } from '../auth/authenticator.ts';
import type { Principal } from '../auth/principal.ts';
import { ServiceError } from '../errors.ts';
import { type GraphQLAnswer, refusal } from '../graphql/answer.ts';
import type { GraphQLContext } from '../graphql/context.ts';
import { toGraphQLError } from '../graphql/errors.ts';
import type { TrustedDocuments } from '../graphql/trustedDocuments.ts';
import type { ValidatedOperations, Variables } from '../graphql/validatedOperations.ts';
import type { IdentityReader } from '../identities/identityReader.ts';
import { createEndTogether } from '../lib/endTogether.ts';
import type { RequestScope } from '../lib/requestScope.ts';
import type { Logger } from '../telemetry/logger.ts';
import { answerTypes, createPreferredType, preferredType } from './accept.ts';
import { HttpError } from './httpError.ts';
import { readJsonBody } from './requestBody.ts';
import type { Route } from './route.ts';
import { setPagePolicy } from './securityHeaders.ts';

export interface GraphqlRouteOptions {
  readonly apollo: ApolloServer<GraphQLContext>;
  /** What `apollo` has let through before, to be executed beside it. */
  readonly validated: Pick<ValidatedOperations, 'find'>;
  readonly authenticator: Authenticator;
  readonly createIdentityReader: (signal: AbortSignal) => IdentityReader;
  readonly logger: Logger;
  readonly bodyLimitBytes: number;
  /** Whether `apollo` has a page for browsers. */
  readonly landingPage: boolean;
  /** When given, no other documents are run. */
  readonly trustedDocuments?: TrustedDocuments;
}

/** `/graphql`: Node's request to Apollo Server's and back, or straight to execution for what the server knows already. */
export function createGraphqlRoute(options: GraphqlRouteOptions): Route {
  const { apollo, validated, bodyLimitBytes, landingPage, trustedDocuments } = options;
  const endTogether = createEndTogether();

  const handle = async (request: IncomingMessage, response: ServerResponse, scope: RequestScope) => {
    const page = landingPage && prefersPage(request);
    // Apollo looks only when it has the answer: by then a mutation has run. So it is told what was decided here.
    const accept = page ? request.headers.accept : answerTypeFor(request);
    const received = {
      search: searchOf(request),
      body: request.method === 'POST' ? await readJsonBody(request, bodyLimitBytes) : undefined,
    };
    const asked = trustedDocuments === undefined || page ? received : trusted(received, trustedDocuments);
    let made: Promise<GraphQLContext> | undefined;
    const context = () => {
      made ??= createContext(request, scope, options);
      return made;
    };
    const direct = asked.body === undefined ? null : await answerDirectly(asked.body, validated, context);
    if (direct !== null) {
      setHead(response, direct, `${accept}; charset=utf-8`);
      return endTogether(response, direct.body);
    }

    const headers = headerMapOf(request);
    if (accept !== undefined) headers.set('accept', accept);
    const answer = await apollo.executeHTTPGraphQLRequest({
      httpGraphQLRequest: { method: request.method ?? 'GET', headers, ...asked },
      context: () => context().catch(throwAsGraphQLError),
    });
    for (const [name, value] of answer.headers) response.setHeader(name, value);
    // The landing page says in itself where its parts come from.
    if (page && answer.headers.get('content-type')?.startsWith('text/html')) setPagePolicy(response);
    response.statusCode = answer.status ?? 200;
    // Incremental delivery is not enabled in the schema, so an answer is always complete.
    endTogether(response, answer.body.kind === 'complete' ? answer.body.string : undefined);
  };

  return {
    path: '/graphql',
    methods: { GET: handle, POST: handle, OPTIONS: (_, response) => void endPreflight(response) },
  };
}

/**
 * Null for what Apollo Server has to answer: everything but a refused login, and a plain request for an operation that is known to be
 * valid. A refusal does not depend on what was asked, and strangers should not cost more than users.
 */
async function answerDirectly(
  body: unknown,
  validated: GraphqlRouteOptions['validated'],
  contextOf: () => Promise<GraphQLContext>,
): Promise<GraphQLAnswer | null> {
  let context: GraphQLContext;
  try {
    context = await contextOf();
  } catch (error) {
    return error instanceof ServiceError ? refusal(error) : null;
  }
  const { query, operationName, variables, extensions } = Object(body) as Record<string, unknown>;
  if (typeof query !== 'string' || !isLeftOut(extensions)) return null;
  if (!isLeftOut(variables) && (typeof variables !== 'object' || Array.isArray(variables))) return null;
  const operation = validated.find(query, (operationName ?? undefined) as string | undefined);
  return operation?.execute((variables ?? undefined) as Variables | undefined, context) ?? null;
}

const isLeftOut = (value: unknown): value is null | undefined => value === null || value === undefined;

function setHead(response: ServerResponse, { status, headers }: GraphQLAnswer, type: string): void {
  response.statusCode = status;
  response.setHeader('content-type', type);
  for (const [name, value] of headers) response.setHeader(name, value);
}

/** Whether a browser asks, by the rule by which Apollo decides. */
const prefersPage = ({ method, headers }: IncomingMessage) =>
  method === 'GET' && preferredType(headers.accept, [...answerTypes, 'text/html']) === 'text/html';

const preferredAnswerType = createPreferredType(answerTypes);

function answerTypeFor({ headers }: IncomingMessage): string {
  const type = preferredAnswerType(headers.accept);
  if (type !== null) return type;
  throw new HttpError(406, 'BAD_REQUEST', `Answers are ${answerTypes.join(' or ')}; accept one of them.`);
}

type Asked = Pick<HTTPGraphQLRequest, 'search' | 'body'>;

/** The request with the text of a trusted document in place of whatever named it. */
function trusted({ search, body }: Asked, documents: TrustedDocuments): Asked {
  const textOf = (named: object) => {
    try {
      return documents.textOf(named);
    } catch (error) {
      if (error instanceof ServiceError) throw new HttpError(403, error.code, error.message);
      throw error;
    }
  };
  if (body !== undefined) {
    const { extensions, query, ...rest } = Object(body) as Record<string, unknown>;
    return { search, body: { ...rest, query: textOf({ extensions, query }) } };
  }
  const parameters = new URLSearchParams(search);
  const query = textOf({
    query: parameters.get('query') ?? undefined,
    extensions: parsed(parameters.get('extensions')),
  });
  parameters.set('query', query);
  parameters.delete('extensions');
  return { search: `?${parameters}`, body };
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
  const headers = requestHeadersOf(request);
  try {
    const principal =
      authenticator.recall?.(headers) ?? (await authenticator.authenticate(headers, scope.signal));
    return new RequestContext(scope, principal, createIdentityReader);
  } catch (error) {
    if (!(error instanceof ServiceError)) {
      // A fault of an authenticator of somebody else's. Apollo Server hides it from the client, and tells nobody.
      logger.error({ requestId: scope.requestId, err: error }, 'A request failed unexpectedly');
      throw error;
    }
    const level = error.code === 'UNAUTHENTICATED' ? 'info' : 'warn';
    logger[level](
      { requestId: scope.requestId, code: error.code, err: error.cause },
      'A request was not authenticated',
    );
    throw error;
  }
}

/** Apollo Server takes status and headers of a refusal from its own kind of error only. */
function throwAsGraphQLError(error: unknown): never {
  throw error instanceof ServiceError ? toGraphQLError(error) : error;
}

/** What costs something is made when a resolver asks for it: the signal, and the loaders of look-ups. */
class RequestContext implements GraphQLContext {
  readonly requestId: string;
  readonly clientAddress: string;
  readonly principal: Principal | null;
  private readonly scope: RequestScope;
  private readonly createReader: GraphqlRouteOptions['createIdentityReader'];
  private reader: IdentityReader | undefined;

  constructor(
    scope: RequestScope,
    principal: Principal | null,
    createReader: GraphqlRouteOptions['createIdentityReader'],
  ) {
    this.requestId = scope.requestId;
    this.clientAddress = scope.clientAddress;
    this.principal = principal;
    this.scope = scope;
    this.createReader = createReader;
  }

  get signal(): AbortSignal {
    return this.scope.signal;
  }

  get identities(): IdentityReader {
    this.reader ??= this.createReader(this.scope.signal);
    return this.reader;
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
