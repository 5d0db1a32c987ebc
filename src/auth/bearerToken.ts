import { refuseToken } from './authErrors.ts';
import type { RequestHeaders } from './authenticator.ts';

/** Longest access token that is looked at, in bytes (the syntax is ASCII). */
export const maxTokenLength = 16 * 1024;

/** `credentials` of RFC 6750 section 2.1; the scheme without regard to case and one or more spaces, as RFC 9110 section 11.4 has it. */
const bearerCredentials = /^bearer +([A-Za-z0-9\-._~+/]+=*)$/i;
const token68 = /^[A-Za-z0-9\-._~+/]+=*$/;
/** `cookie-name` of RFC 6265 section 4.1.1: a token of RFC 9110. */
const cookieNameSyntax = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]{1,256}$/;

/** Throws TypeError for a name that no cookie can have. */
export function checkCookieName(name: string): void {
  if (!cookieNameSyntax.test(name)) {
    throw new TypeError('cookieName must be a cookie name of 1 to 256 characters (RFC 6265 section 4.1.1)');
  }
}

/**
 * The one access token of a request, or null when the request carries none at all.
 *
 * Whatever is present but not exactly one well-formed token throws `UNAUTHENTICATED`: proxies and this service must never
 * disagree about which of two Authorization headers counts. The cookie is looked at only when there is no Authorization
 * header, so that a bad header is not papered over by a good cookie.
 *
 * @param cookieName Cookie to take the token from; undefined: cookies are ignored.
 */
export function extractToken(headers: RequestHeaders, cookieName?: string): string | null {
  const values = headers.all('authorization');
  if (values.length === 0) return cookieName === undefined ? null : tokenFromCookie(headers, cookieName);
  if (values.length > 1) throw refuseToken('malformed', 'more than one Authorization header');
  return tokenFromAuthorization(values[0] as string);
}

function tokenFromAuthorization(value: string): string {
  // Optional white space around a field value is no part of it (RFC 9110 section 5.5). Only SP and HTAB: trim() takes more.
  const credentials = trimOptionalWhitespace(value);
  if (credentials.length > maxTokenLength + 64)
    throw refuseToken('malformed', 'the Authorization header is too long');
  const token = bearerCredentials.exec(credentials)?.[1];
  if (token === undefined)
    throw refuseToken('malformed', 'the Authorization header is not "Bearer" and one token');
  return withinLength(token);
}

function tokenFromCookie(headers: RequestHeaders, cookieName: string): string | null {
  // HTTP/2 clients may send one Cookie header per pair (RFC 9113 section 8.2.3).
  const found: string[] = [];
  for (const header of headers.all('cookie')) {
    for (const pair of header.split(';')) {
      const equals = pair.indexOf('=');
      if (equals > 0 && trimOptionalWhitespace(pair.slice(0, equals)) === cookieName) {
        found.push(trimOptionalWhitespace(pair.slice(equals + 1)));
      }
    }
  }
  if (found.length === 0) return null;
  // Two of one name: one of them was set by a neighbouring host or path, and nothing says which.
  if (found.length > 1) throw refuseToken('malformed', 'the token cookie occurs more than once');
  const value = found[0] as string;
  const token = value.length > 1 && value.startsWith('"') && value.endsWith('"') ? value.slice(1, -1) : value;
  if (!token68.test(token)) throw refuseToken('malformed', 'the token cookie does not hold one token');
  return withinLength(token);
}

function withinLength(token: string): string {
  if (token.length > maxTokenLength) throw refuseToken('malformed', 'the token is longer than 16 kB');
  return token;
}

function trimOptionalWhitespace(text: string): string {
  let start = 0;
  let end = text.length;
  while (start < end && isOptionalWhitespace(text.charCodeAt(start))) start++;
  while (end > start && isOptionalWhitespace(text.charCodeAt(end - 1))) end--;
  return text.slice(start, end);
}

function isOptionalWhitespace(code: number): boolean {
  return code === 0x20 || code === 0x09;
}
