import { buildSchema, GraphQLError, parse, validate } from 'graphql';
import { describe, expect, it } from 'vitest';
import { ServiceError } from '../../../src/errors.ts';
import { formatError, httpOf, toGraphQLError } from '../../../src/graphql/errors.ts';

const located = (originalError: Error) =>
  new GraphQLError(originalError.message, {
    originalError,
    path: ['me'],
    extensions: { code: 'INTERNAL_SERVER_ERROR' },
  });
const schema = buildSchema(
  'input I { n: Int } enum E { A } type Query { f(i: I, s: String, n: Int, b: Boolean, e: E): Int }',
);
const firstError = (query: string): GraphQLError => validate(schema, parse(query))[0] as GraphQLError;
const format = (error: GraphQLError, code: string) =>
  formatError({ message: error.message, extensions: { code, stacktrace: ['at secret'] } }, error);

describe('formatError', () => {
  it('shows code, retryAfter and problems of a ServiceError and nothing of its cause', () => {
    const error = new ServiceError('UPSTREAM_THROTTLED', 'Too fast.', {
      retryAfter: 2,
      cause: new Error('secret'),
    });
    const graphqlError = located(error);
    expect(formatError({ ...graphqlError.toJSON(), extensions: { code: 'X' } }, graphqlError)).toEqual({
      message: 'Too fast.',
      path: ['me'],
      extensions: { code: 'UPSTREAM_THROTTLED', retryAfter: 2 },
    });
  });

  it('hides the message of every other error', () => {
    const graphqlError = located(new TypeError('password is hunter2'));
    expect(formatError(graphqlError.toJSON(), graphqlError)).toEqual({
      message: 'Something went wrong on our side. The request id names it in the log of the server.',
      path: ['me'],
      extensions: { code: 'INTERNAL_SERVER_ERROR' },
    });
  });

  it('does not take a foreign GraphQLError thrown by a resolver for one about the document', () => {
    const foreign = new GraphQLError('leak', { extensions: { code: 'BAD_USER_INPUT' } });
    const graphqlError = new GraphQLError('leak', { originalError: foreign, path: ['me'] });
    expect(
      formatError({ message: 'leak', path: ['me'], extensions: { code: 'BAD_USER_INPUT' } }, graphqlError)
        .message,
    ).not.toContain('leak');
  });

  it('never throws, whatever it is given', () => {
    for (const error of [null, undefined, 'text', 1, {}, new Error('x')]) {
      expect(formatError({ message: 'x' }, error).extensions).toEqual({ code: 'INTERNAL_SERVER_ERROR' });
    }
  });

  it.each([
    ['{f(n:"secret")}', 'Int cannot represent non-integer value.'],
    ['{f(n:12345678901234567890)}', 'Int cannot represent non 32-bit signed integer value.'],
    ['{f(s:12345678)}', 'String cannot represent a non string value.'],
    ['{f(b:"secret")}', 'Boolean cannot represent a non boolean value.'],
    ['{f(i:{n:"secret"})}', 'Int cannot represent non-integer value.'],
    ['{f(e:SECRET)}', 'A value in the document does not have the type of its place.'],
    ['{f(i:"secret")}', 'A value in the document does not have the type of its place.'],
  ])('does not quote the literal in %s', (query, message) => {
    expect(format(firstError(query), 'GRAPHQL_VALIDATION_FAILED').message).toBe(message);
  });

  it('does not quote a variable', () => {
    const error = new GraphQLError(
      'Variable "$input" got invalid value { token: "secret" }; Field "x" is required.',
    );
    expect(format(error, 'BAD_USER_INPUT')).toEqual({
      message: 'Variable "$input" does not have the type that the operation declares for it.',
      extensions: { code: 'BAD_USER_INPUT' },
    });
  });

  it.each([
    ['{ "secret" }', 'Syntax Error: Expected Name, found String.'],
    ['{', 'Syntax Error: Expected Name, found <EOF>.'],
    ['{a(b:"secret)}', 'Syntax Error: Unterminated string.'],
  ])('does not quote the text of %j', (query, message) => {
    let syntaxError: unknown;
    try {
      parse(query);
    } catch (error) {
      syntaxError = error;
    }
    expect(format(syntaxError as GraphQLError, 'GRAPHQL_PARSE_FAILED').message).toBe(message);
  });

  it('keeps what a validation rule says about names', () => {
    expect(format(firstError('{g}'), 'GRAPHQL_VALIDATION_FAILED')).toEqual({
      message: 'Cannot query field "g" on type "Query". Did you mean "f"?',
      extensions: { code: 'GRAPHQL_VALIDATION_FAILED' },
    });
  });
});

describe('httpOf', () => {
  it.each([
    ['UNAUTHENTICATED', 401],
    ['TOO_MANY_REQUESTS', 429],
    ['AUTH_UNAVAILABLE', 503],
    ['AUDIT_UNAVAILABLE', 503],
    ['UPSTREAM_THROTTLED', 503],
    ['UPSTREAM_UNAVAILABLE', 503],
  ])('gives %s the status %d', (code, status) => expect(httpOf({ code })?.status).toBe(status));

  it.each(['FORBIDDEN', 'BAD_USER_INPUT', 'UPSTREAM_MISCONFIGURED', 'INTERNAL_SERVER_ERROR'])(
    'leaves %s to Apollo Server',
    (code) => expect(httpOf({ code })).toBeNull(),
  );

  it('asks for a bearer token with 401 and says how long to wait with the others', () => {
    expect([...(httpOf({ code: 'UNAUTHENTICATED' })?.headers ?? [])]).toEqual([
      ['www-authenticate', 'Bearer realm="cognito-graphql"'],
    ]);
    expect([...(httpOf({ code: 'TOO_MANY_REQUESTS', retryAfter: 7 })?.headers ?? [])]).toEqual([
      ['retry-after', '7'],
    ]);
  });
});

describe('toGraphQLError', () => {
  it('carries status and headers to Apollo Server', () => {
    const { message, extensions } = toGraphQLError(new ServiceError('UNAUTHENTICATED', 'Sign in.'));
    expect(message).toBe('Sign in.');
    expect(extensions).toMatchObject({ code: 'UNAUTHENTICATED', http: { status: 401 } });
  });
});
