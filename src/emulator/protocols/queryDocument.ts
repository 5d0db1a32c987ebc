import type { QueryError, QueryResult, QueryValue } from './queryOperation.ts';

/** How one answer is written: XML, or JSON where the caller asked for it. */
export interface QueryDocument {
  readonly contentType: string;
  result(action: string, result: QueryResult, requestId: string): string;
  error(error: Pick<QueryError, 'code' | 'message' | 'status'>, requestId: string): string;
}

const senderOrReceiver = (status: number) => (status < 500 ? 'Sender' : 'Receiver');

/** Lists become `<member>` elements, times ISO 8601 in whole seconds. */
export function xmlDocument(namespace: string): QueryDocument {
  return {
    contentType: 'text/xml',
    result(action, result, requestId) {
      const inner = result ? element(`${action}Result`, result) : '';
      const metadata = element('ResponseMetadata', { RequestId: requestId });
      return `<${action}Response xmlns="${namespace}">${inner}${metadata}</${action}Response>`;
    },
    error({ code, message, status }, requestId) {
      const body = element('Error', { Type: senderOrReceiver(status), Code: code, Message: message });
      return `<ErrorResponse xmlns="${namespace}">${body}${element('RequestId', requestId)}</ErrorResponse>`;
    },
  };
}

/** Times become seconds since the epoch. */
export const jsonDocument: QueryDocument = {
  contentType: 'application/json',
  result: (action, result, requestId) =>
    JSON.stringify({
      [`${action}Response`]: {
        ...(result ? { [`${action}Result`]: toJson(result) } : {}),
        ResponseMetadata: { RequestId: requestId },
      },
    }),
  error: ({ code, message, status }, requestId) =>
    JSON.stringify({
      Error: { Code: code, Message: message, Type: senderOrReceiver(status) },
      RequestId: requestId,
    }),
};

function element(name: string, value: QueryValue): string {
  return `<${name}>${content(value)}</${name}>`;
}

function content(value: QueryValue): string {
  if (value instanceof Date) return value.toISOString().replace(/\.\d{3}Z$/, 'Z');
  if (isList(value)) return value.map((item) => element('member', item)).join('');
  if (typeof value !== 'object') return escapeXml(String(value));
  return Object.entries(value)
    .map(([name, inner]) => (inner === undefined ? '' : element(name, inner)))
    .join('');
}

function toJson(value: QueryValue): unknown {
  if (value instanceof Date) return value.getTime() / 1000;
  if (isList(value)) return value.map(toJson);
  if (typeof value !== 'object') return value;
  return Object.fromEntries(
    Object.entries(value).flatMap(([name, inner]) => (inner === undefined ? [] : [[name, toJson(inner)]])),
  );
}

const isList = (value: QueryValue): value is readonly QueryValue[] => Array.isArray(value);

const entities: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  '\r': '&#xD;',
};

/** Escapes markup; characters that XML 1.0 cannot hold at all become U+FFFD. */
export function escapeXml(text: string): string {
  return text
    .replace(/[&<>"\r]/g, (character) => entities[character] as string)
    .replace(/[^\t\n\r\u{20}-\u{D7FF}\u{E000}-\u{FFFD}\u{10000}-\u{10FFFF}]/gu, '\uFFFD');
}
