import { HeaderMap } from '@apollo/server';
import { unwrapResolverError } from '@apollo/server/errors';
import { GraphQLError, type GraphQLFormattedError } from 'graphql';
import { type ErrorCode, ServiceError } from '../errors.ts';

/** HTTP status of an answer that holds nothing but an error of this code. All others keep what Apollo Server gives. */
const statusOf: Partial<Record<string, number>> = {
  UNAUTHENTICATED: 401,
  TOO_MANY_REQUESTS: 429,
  AUTH_UNAVAILABLE: 503,
  AUDIT_UNAVAILABLE: 503,
  UPSTREAM_THROTTLED: 503,
  UPSTREAM_UNAVAILABLE: 503,
} satisfies Partial<Record<ErrorCode, number>>;

/** RFC 6750 section 3; the reason stays in the log, where it is of no use to somebody who tries tokens. */
const challenge = 'Bearer realm="cognito-graphql"';

/** Status and headers that go with an error's extensions, or null where the code asks for nothing special. */
export function httpOf(
  extensions: GraphQLFormattedError['extensions'],
): { status: number; headers: HeaderMap } | null {
  const status = statusOf[String(extensions?.['code'])];
  if (status === undefined) return null;
  const headers = new HeaderMap();
  if (status === 401) headers.set('www-authenticate', challenge);
  const retryAfter = extensions?.['retryAfter'];
  if (typeof retryAfter === 'number') headers.set('retry-after', String(retryAfter));
  return { status, headers };
}

/**
 * A `ServiceError` that ends a request before execution, in Apollo Server's form. `http.headers` must be a HeaderMap: with
 * anything else Apollo answers 500 and sends the object to the client.
 */
export function toGraphQLError(error: ServiceError): GraphQLError {
  const { extensions } = error;
  const http = httpOf(extensions);
  return new GraphQLError(error.message, {
    originalError: error,
    extensions: http === null ? extensions : { ...extensions, http },
  });
}

/** Apollo Server's and graphql-js's own codes, whose messages are about the document and not about us. */
const documentCodes = new Set([
  'GRAPHQL_PARSE_FAILED',
  'GRAPHQL_VALIDATION_FAILED',
  'BAD_USER_INPUT',
  'BAD_REQUEST',
  'OPERATION_RESOLUTION_FAILURE',
  'PERSISTED_QUERY_NOT_FOUND',
  'PERSISTED_QUERY_NOT_SUPPORTED',
]);

/**
 * The only place where an error becomes what a client sees. Never throws, and never lets through a message that this
 * service did not write: the rest is INTERNAL_SERVER_ERROR, to be found in the log by the request id.
 */
export function formatError(formatted: GraphQLFormattedError, error: unknown): GraphQLFormattedError {
  const original = unwrapResolverError(error);
  if (original instanceof ServiceError) {
    return { ...formatted, message: original.message, extensions: original.extensions };
  }
  const { code, problems } = formatted.extensions ?? {};
  if (error instanceof GraphQLError && error.originalError instanceof ServiceError) {
    return { ...formatted, extensions: error.originalError.extensions };
  }
  if (original === error && documentCodes.has(String(code))) {
    return {
      ...formatted,
      message: withoutValues(formatted.message, error as GraphQLError),
      extensions: { code, ...(problems === undefined ? {} : { problems }) },
    };
  }
  return {
    ...formatted,
    message: 'Something went wrong on our side. The request id names it in the log of the server.',
    extensions: { code: 'INTERNAL_SERVER_ERROR' },
  };
}

/**
 * Messages of graphql-js quote what was sent: variables and literals, which here can be tokens. What remains says which
 * variable or what kind of value is at fault.
 */
function withoutValues(message: string, { nodes }: GraphQLError): string {
  const variable = /^Variable "(\$\w+)" got invalid value /.exec(message);
  if (variable !== null)
    return `Variable "${variable[1]}" does not have the type that the operation declares for it.`;
  if (message.startsWith('Unknown operation named '))
    return 'The document holds no operation of the name that the request asks for.';
  if (message.startsWith('Syntax Error: ')) return message.replace(/ ?"[\s\S]*$/, '.').replace(/\.\.$/, '.');
  if (nodes?.[0]?.kind.endsWith('Value')) {
    const subject = /^(\w+ cannot represent (?:a |an )?[\w -]+?(?: value)?)\b[:.]/.exec(message)?.[1];
    return subject === undefined
      ? 'A value in the document does not have the type of its place.'
      : `${subject}.`;
  }
  return message;
}
