import type { ClientEnvironment } from './environment.ts';
import { CognitoGraphQLError } from './errors.ts';
import type { DocumentTypeDecoration } from './generated/operations.ts';
import { passes, post } from './post.ts';

export interface Endpoint {
  readonly url: string;
  readonly headers: Record<string, string>;
  readonly timeoutMs: number;
}

export interface GraphQLAnswer<T> {
  readonly data: T;
  readonly skew: number | undefined;
}

const passingCodes = [
  'TOO_MANY_REQUESTS',
  'AUTH_UNAVAILABLE',
  'AUDIT_UNAVAILABLE',
  'UPSTREAM_THROTTLED',
  'UPSTREAM_UNAVAILABLE',
];

/**
 * Sends one operation, once. Rejects with the code of the API; 401 is `UNAUTHENTICATED`, 403 `FORBIDDEN` and 429
 * `TOO_MANY_REQUESTS` also where a proxy answers without GraphQL. GraphQL over HTTP section 6.
 */
export async function execute<TResult, TVariables>(
  environment: ClientEnvironment,
  endpoint: Endpoint,
  document: string & DocumentTypeDecoration<TResult, TVariables>,
  variables: TVariables,
  token: string,
  signal: AbortSignal,
): Promise<GraphQLAnswer<TResult>> {
  const answer = await post(environment, {
    ...endpoint,
    headers: {
      accept: 'application/graphql-response+json, application/json',
      ...endpoint.headers,
      'content-type': 'application/json',
      authorization: `Bearer ${token}`,
    },
    body: { query: document, variables },
    signal,
    whom: 'The GraphQL endpoint',
  });
  const { status, json } = answer;
  const errors = Array.isArray(json?.['errors']) ? (json['errors'] as ErrorLike[]) : [];
  const error = errors.find((each) => codeOf(each) === 'UNAUTHENTICATED') ?? errors[0];
  if (!error && status === 200 && json?.['data']) {
    return { data: json['data'] as TResult, skew: answer.skew };
  }
  const byStatus = ({ 401: 'UNAUTHENTICATED', 403: 'FORBIDDEN', 429: 'TOO_MANY_REQUESTS' } as const)[status];
  const code = codeOf(error) ?? byStatus ?? 'INVALID_ANSWER';
  const retryAfter = Number(error?.extensions?.['retryAfter'] ?? answer.retryAfter);
  throw new CognitoGraphQLError(code, error?.message ?? `The GraphQL endpoint answered ${answer.summary}.`, {
    status,
    transient: codeOf(error) ? passingCodes.includes(code) : passes(status),
    ...(retryAfter >= 0 && { retryAfter }),
  });
}

interface ErrorLike {
  readonly message?: string;
  readonly extensions?: Record<string, unknown>;
}

function codeOf(error: ErrorLike | undefined): string | undefined {
  return error?.extensions?.['code'] as string | undefined;
}
