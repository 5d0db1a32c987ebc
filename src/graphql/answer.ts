import type { GraphQLFormattedError } from 'graphql';
import type { ServiceError } from '../errors.ts';
import { headOf } from './afterExecution.ts';
import { httpOf } from './errors.ts';

/** An answer as it goes over HTTP. */
export interface GraphQLAnswer {
  readonly status: number;
  readonly headers: ReadonlyMap<string, string>;
  readonly body: string;
}

interface Result {
  readonly data?: Record<string, unknown> | null;
  readonly errors: readonly GraphQLFormattedError[];
}

/** What was executed, in the bytes that Apollo Server writes: errors first, and a line's end. */
export function answerOf({ data, errors }: Result): GraphQLAnswer {
  const { status, headers } = headOf(data, errors) ?? plainHead;
  return { status, headers, body: `${JSON.stringify(errors.length === 0 ? { data } : { errors, data })}\n` };
}

/** The answer to a request that ends with this error before anything is executed, in the bytes that Apollo Server writes. */
export function refusal({ message, extensions }: ServiceError): GraphQLAnswer {
  const { status, headers } = httpOf(extensions) ?? { ...plainHead, status: 500 };
  return { status, headers, body: `${JSON.stringify({ errors: [{ message, extensions }] })}\n` };
}

const plainHead = { status: 200, headers: new Map<string, string>() };
