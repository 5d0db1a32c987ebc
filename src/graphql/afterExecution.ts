import type { GraphQLError, GraphQLFormattedError } from 'graphql';
import type { Logger } from '../telemetry/logger.ts';
import { httpOf } from './errors.ts';

/** What is left to do once an operation has been executed, by Apollo Server or beside it: the same in both cases. */

type Data = Record<string, unknown> | null | undefined;

/** Gives unexpected errors the request id to find them by, and writes them to the log. Changes `formatted`. */
export function reportUnexpected(
  errors: readonly GraphQLError[],
  formatted: readonly GraphQLFormattedError[],
  requestId: string,
  logger: Logger,
): void {
  errors.forEach((error, index) => {
    const extensions = formatted[index]?.extensions;
    if (extensions?.['code'] !== 'INTERNAL_SERVER_ERROR') return;
    extensions['requestId'] = requestId;
    logger.error({ requestId, err: error.originalError ?? error }, 'A request failed unexpectedly');
  });
}

/** HTTP status and headers of an answer without data, by its errors; null where they ask for nothing special, or there is data. */
export function headOf(data: Data, formatted: readonly GraphQLFormattedError[]): ReturnType<typeof httpOf> {
  if (formatted.length === 0 || hasData(data)) return null;
  for (const { extensions } of formatted) {
    const http = httpOf(extensions);
    if (http !== null) return http;
  }
  return null;
}

const hasData = (data: Data) =>
  data !== null && data !== undefined && Object.values(data).some((value) => value !== null);

/** Counts each root field with the code of the error in or below it, or `OK`. */
export function countRootFields(
  count: (field: string, code: string) => void,
  rootFields: ReadonlyMap<string, string>,
  data: Data,
  errors: readonly GraphQLFormattedError[],
): void {
  const codes = new Map<unknown, string>();
  for (const { path, extensions } of errors) codes.set(path?.[0], codeOf(extensions));
  const whole = codes.get(undefined);
  for (const [name, field] of rootFields) {
    const code = codes.get(name) ?? whole;
    // Left out by @skip or @include.
    if (code === undefined && !(data && name in data)) continue;
    count(field, code ?? 'OK');
  }
}

export const codeOf = (extensions: GraphQLFormattedError['extensions']) =>
  String(extensions?.['code'] ?? 'INTERNAL_SERVER_ERROR');
