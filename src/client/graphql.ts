import type { ClientContext } from './environment.ts';
import { CognitoGraphQLError } from './errors.ts';
import type { DocumentTypeDecoration } from './generated/operations.ts';
import { passes, post } from './post.ts';

export interface GraphQLContext extends ClientContext {
  readonly endpoint: string;
  readonly headers?: Record<string, string>;
}

export interface GraphQLAnswer<T> {
  readonly data: T;
  readonly skew: number | undefined;
}

const passingCodes = /^TOO_MANY|UNAVAILABLE$|THROTTLED$/;

/**
 * Sends one operation, once. Rejects with the code of the API; 401 is `UNAUTHENTICATED` also where a proxy answers without
 * GraphQL. GraphQL over HTTP section 6.
 */
export async function execute<TResult, TVariables>(
  context: GraphQLContext,
  query: DocumentTypeDecoration<TResult, TVariables>,
  variables: TVariables,
  token: string,
  signal: AbortSignal,
): Promise<GraphQLAnswer<TResult>> {
  const { status, json, skew, summary, retryAfter } = await post(context, {
    url: context.endpoint,
    headers: {
      ...context.headers,
      'content-type': 'application/json',
      authorization: `Bearer ${token}`,
    },
    body: { query, variables },
    signal,
    whom: 'The API',
  });
  const errors = (json['errors'] ?? []) as ErrorLike[];
  const error = errors.find(({ extensions }) => extensions?.code === 'UNAUTHENTICATED') ?? errors[0];
  if (!error && status === 200 && json['data']) return { data: json['data'] as TResult, skew };
  const { code, retryAfter: asked } = error?.extensions ?? {};
  const unnamed = status === 401 ? 'UNAUTHENTICATED' : 'INVALID_ANSWER';
  throw new CognitoGraphQLError(code ?? unnamed, error?.message ?? summary, {
    status,
    transient: code ? passingCodes.test(code) : passes(status),
    retryAfter: asked ?? retryAfter,
  });
}

interface ErrorLike {
  readonly message?: string;
  readonly extensions?: { readonly code?: string; readonly retryAfter?: number };
}
