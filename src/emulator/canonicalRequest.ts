import { hash } from 'node:crypto';
import type { WireRequest } from './wireRequest.ts';

/** Decides what is written for the value of a header or of a query parameter. */
export type Show = (name: string, value: string) => string;

export const asSent: Show = (_name, value) => value;

const secretNames = new Set(['x-amz-security-token', 'authorization', 'cookie', 'webidentitytoken']);

/** Tokens and cookies blacked out, for those who may not be who they say. */
export const redacted: Show = (name, value) => (secretNames.has(name.toLowerCase()) ? 'REDACTED' : value);

/**
 * The form of a request that Signature Version 4 signs.
 *
 * @param query what `parseQuery` makes of the address
 */
export function canonicalRequest(
  { method, url, headers, body }: WireRequest,
  query: QueryParameters,
  signedHeaders: readonly string[],
  show: Show,
): string {
  let text = `${method.toUpperCase()}\n${canonicalPath(url)}\n${canonicalQuery(query, show)}\n`;
  for (const name of signedHeaders) text += `${name}:${show(name, tidy(headers.get(name) ?? ''))}\n`;
  return `${text}\n${signedHeaders.join(';')}\n${hash('sha256', body)}`;
}

export type QueryParameters = readonly (readonly [name: string, value: string])[];

export function parseQuery(url: string): QueryParameters {
  const mark = url.indexOf('?');
  return mark < 0 ? [] : [...new URLSearchParams(url.slice(mark + 1))];
}

/** Every service but S3 encodes the path that is sent once more. */
function canonicalPath(url: string): string {
  if (url === '/') return url;
  const [path] = url.split('?', 1);
  return (path || '/').split('/').map(encode).join('/');
}

const canonicalQuery = (query: QueryParameters, show: Show) =>
  query
    .filter(([name]) => name !== 'X-Amz-Signature')
    .map(([name, value]) => [encode(name), encode(show(name, value))] as const)
    .sort(([a, x], [b, y]) => compare(a, b) || compare(x, y))
    .map((pair) => pair.join('='))
    .join('&');

const compare = (a: string, b: string) => (a < b ? -1 : a > b ? 1 : 0);

const untidy = /^\s|\s\s|[^\S ]|\s$/;

/** Outer space trimmed, inner runs of it made one. */
const tidy = (value: string) => (untidy.test(value) ? value.trim().replace(/\s+/g, ' ') : value);

/** RFC 3986 with nothing but the unreserved characters left alone. */
function encode(text: string): string {
  return encodeURIComponent(text).replace(
    /[!'()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}
