import { createHmac, createSecretKey, hash, type KeyObject, timingSafeEqual } from 'node:crypto';
import { LRUCache } from 'lru-cache';

/**
 * How far the clock of a signer may be from ours. AWS documents five minutes for most services (some allow fifteen);
 * the shorter of the two is enforced here.
 */
const maxSkewMs = 5 * 60 * 1000;
const algorithm = 'AWS4-HMAC-SHA256';
const terminator = 'aws4_request';
const week = 604_800;
const authorizationParts = ['Credential', 'Signature', 'SignedHeaders'];

/** A request as it came over the wire: nothing rebuilt from configuration, header names in any case, in order. */
export interface WireRequest {
  readonly method: string;
  /** Path and query as in the request line. */
  readonly url: string;
  readonly headers: readonly (readonly [string, string])[];
  readonly body: Buffer;
}

export interface VerifyOptions {
  /** Service name of the credential scope, for example `cognito-identity`. */
  readonly service: string;
  /** The secret of an access key, `undefined` for a key that is not ours, `'expired'` for temporary keys past their end. */
  secretOf(accessKeyId: string, sessionToken: string | undefined): string | undefined | 'expired';
  /** Milliseconds since the epoch. */
  readonly now: number;
  /** Take the signed host from `X-Forwarded-Host` when that header is there. Only behind a proxy that sets it. Default false. */
  readonly trustForwardedHost?: boolean;
  /** `false` takes the caller's word: an Authorization has to be there and readable, nothing in it is checked. Default true. */
  readonly checkSignature?: boolean;
}

export type SignatureResult =
  | { readonly ok: true; readonly accessKeyId: string; readonly region: string }
  | { readonly ok: false; readonly name: string; readonly message: string; readonly status: number };

type Refusal = Extract<SignatureResult, { ok: false }>;

interface Claimed {
  readonly credential: string;
  readonly signedHeaders: readonly string[];
  readonly signature: string;
  readonly date: string;
  readonly sessionToken: string | undefined;
  /** Seconds a presigned address is good for; undefined for a signed header. */
  readonly expires: number | undefined;
}

const refuse = (name: string, message: string, status = 400): Refusal => ({
  ok: false,
  name,
  message,
  status,
});
const incomplete = (message: string) => refuse('IncompleteSignatureException', message);
const invalid = (message: string) => refuse('InvalidSignatureException', message);

/**
 * Verifies AWS Signature Version 4 in the Authorization header or, for presigned addresses, in the query.
 *
 * The payload hash is that of the body received, whatever `x-amz-content-sha256` says, so a changed body never passes.
 * The answer to a wrong signature shows the canonical request, as AWS does, with tokens and cookies blacked out.
 *
 * @see https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html
 */
export function verifySignature(request: WireRequest, options: VerifyOptions): SignatureResult {
  const headers = collectHeaders(request.headers);
  const query = parseQuery(request.url);
  const claimed = headers.has('authorization') ? fromHeader(headers) : fromQuery(query);
  if ('ok' in claimed) return claimed;

  const scope = claimed.credential.split('/');
  const [accessKeyId, scopeDate, region, service, end] = scope;
  if (scope.length !== 5 || !accessKeyId || !scopeDate || !region || !service || !end) {
    return incomplete(
      'Credential must have exactly 5 slash-delimited elements, e.g. keyid/date/region/service/term',
    );
  }
  if (options.checkSignature === false) return { ok: true, accessKeyId, region };
  const signed = parseDate(claimed.date);
  if (!signed) {
    return incomplete("Date must be in ISO-8601 'basic format', for example 20150830T123600Z.");
  }

  const secret = options.secretOf(accessKeyId, claimed.sessionToken);
  if (secret === undefined) {
    return refuse('UnrecognizedClientException', 'The security token included in the request is invalid.');
  }
  if (secret === 'expired') {
    return refuse('ExpiredTokenException', 'The security token included in the request is expired');
  }

  if (end !== terminator) {
    return invalid(`Credential should be scoped with a valid terminator: '${terminator}'.`);
  }
  if (service !== options.service) {
    return invalid(`Credential should be scoped to correct service: '${options.service}'.`);
  }
  if (scopeDate !== signed.basic.slice(0, 8)) {
    return invalid(
      'Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP.',
    );
  }
  if (!claimed.signedHeaders.includes('host')) {
    return invalid("'Host' must be a 'SignedHeader' in the AWS Authorization.");
  }
  const age = checkAge(signed.at, claimed.expires, options.now);
  if (age) return age;

  if (options.trustForwardedHost && headers.has('x-forwarded-host')) {
    headers.set('host', headers.get('x-forwarded-host') as string);
  }
  const canonical = canonicalRequest(request, headers, query, claimed, (_, value) => value);
  const stringToSign = (text: string) =>
    [algorithm, signed.basic, claimed.credential.slice(accessKeyId.length + 1), sha256(text)].join('\n');
  const key = signingKey(secret, scopeDate, region, service);
  const expected = hmac(key, stringToSign(canonical)).toString('hex');
  if (sameText(expected, claimed.signature)) return { ok: true, accessKeyId, region };
  return invalid(
    'The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key ' +
      'and signing method. Consult the service documentation for details.\n\n' +
      `The Canonical String for this request should have been\n'${canonicalRequest(request, headers, query, claimed, redact)}'\n\n` +
      `The String-to-Sign should have been\n'${stringToSign(canonical)}'\n`,
  );
}

function fromHeader(headers: Map<string, string>): Claimed | Refusal {
  const value = headers.get('authorization') as string;
  const space = value.indexOf(' ');
  const scheme = space < 0 ? value : value.slice(0, space);
  if (!scheme.startsWith('AWS')) return missingToken();
  if (scheme !== algorithm) return incomplete(`Unsupported AWS 'algorithm', expected '${algorithm}'.`);
  const parts = new Map<string, string>();
  for (const part of value.slice(scheme.length).split(',')) {
    const equals = part.indexOf('=');
    if (equals > 0) parts.set(part.slice(0, equals).trim(), part.slice(equals + 1).trim());
  }
  const [credential, signature, signedHeaders] = authorizationParts.map((name) => parts.get(name));
  const date = headers.get('x-amz-date') ?? headers.get('date');
  if (!credential || !signature || !signedHeaders || date === undefined) {
    const lacking = authorizationParts
      .filter((name) => !parts.get(name))
      .map((name) => `Authorization header requires '${name}' parameter.`);
    if (date === undefined) {
      lacking.push("Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header.");
    }
    return incomplete(lacking.join(' '));
  }
  return {
    credential,
    signature,
    signedHeaders: signedHeaders.toLowerCase().split(';'),
    date,
    sessionToken: headers.get('x-amz-security-token'),
    expires: undefined,
  };
}

function fromQuery(query: readonly (readonly [string, string])[]): Claimed | Refusal {
  const value = (name: string) => query.find(([key]) => key === name)?.[1];
  if (value('X-Amz-Algorithm') === undefined && value('X-Amz-Signature') === undefined) return missingToken();
  const names = [
    'X-Amz-Algorithm',
    'X-Amz-Credential',
    'X-Amz-Signature',
    'X-Amz-SignedHeaders',
    'X-Amz-Date',
  ];
  const lacking = names.filter((name) => !value(name));
  if (lacking.length > 0) {
    return incomplete(lacking.map((name) => `AWS query-string parameters must include '${name}'.`).join(' '));
  }
  if (value('X-Amz-Algorithm') !== algorithm) {
    return incomplete(`Unsupported AWS 'algorithm', expected '${algorithm}'.`);
  }
  const expires = Number(value('X-Amz-Expires') ?? maxSkewMs / 1000);
  if (!Number.isInteger(expires) || expires < 1 || expires > week) {
    return incomplete(`X-Amz-Expires must be a number of seconds between 1 and ${week}.`);
  }
  return {
    credential: value('X-Amz-Credential') as string,
    signature: value('X-Amz-Signature') as string,
    signedHeaders: (value('X-Amz-SignedHeaders') as string).toLowerCase().split(';'),
    date: value('X-Amz-Date') as string,
    sessionToken: value('X-Amz-Security-Token'),
    expires,
  };
}

function missingToken(): Refusal {
  return refuse('MissingAuthenticationTokenException', 'Missing Authentication Token');
}

function checkAge(signedAt: number, expires: number | undefined, now: number): Refusal | undefined {
  if (signedAt > now + maxSkewMs) {
    return invalid(
      `Signature not yet current: ${basicDate(signedAt)} is still later than ${basicDate(now + maxSkewMs)} (${basicDate(now)} + 5 min.)`,
    );
  }
  if (expires !== undefined) {
    const end = signedAt + expires * 1000;
    return now > end
      ? invalid(`Signature expired: ${basicDate(end)} is now earlier than ${basicDate(now)}`)
      : undefined;
  }
  if (signedAt < now - maxSkewMs) {
    return invalid(
      `Signature expired: ${basicDate(signedAt)} is now earlier than ${basicDate(now - maxSkewMs)} (${basicDate(now)} - 5 min.)`,
    );
  }
  return undefined;
}

type Show = (name: string, value: string) => string;

/** The six parts of the canonical request; `show` decides what is written for a header or query value. */
function canonicalRequest(
  request: WireRequest,
  headers: Map<string, string>,
  query: readonly (readonly [string, string])[],
  claimed: Claimed,
  show: Show,
): string {
  const [path = '/'] = request.url.split('?', 1);
  return [
    request.method.toUpperCase(),
    // Every service but S3 encodes the path that is sent once more.
    (path || '/').split('/').map(encode).join('/'),
    query
      .filter(([key]) => key !== 'X-Amz-Signature')
      .map(([key, value]) => [encode(key), encode(show(key, value))] as const)
      .sort(([a, x], [b, y]) => compare(a, b) || compare(x, y))
      .map((pair) => pair.join('='))
      .join('&'),
    ...claimed.signedHeaders.map((name) => `${name}:${show(name, headers.get(name) ?? '')}`),
    '',
    claimed.signedHeaders.join(';'),
    hash('sha256', request.body),
  ].join('\n');
}

const secretNames = new Set(['x-amz-security-token', 'authorization', 'cookie', 'webidentitytoken']);
const redact: Show = (name, value) => (secretNames.has(name.toLowerCase()) ? 'REDACTED' : value);

/** Names in lower case; repeated headers joined by a comma, outer space trimmed, inner runs of space made one. */
function collectHeaders(headers: WireRequest['headers']): Map<string, string> {
  const collected = new Map<string, string>();
  for (const [name, value] of headers) {
    const key = name.toLowerCase();
    const tidy = untidy.test(value) ? value.trim().replace(/\s+/g, ' ') : value;
    const before = collected.get(key);
    collected.set(key, before === undefined ? tidy : `${before},${tidy}`);
  }
  return collected;
}

const untidy = /^\s|\s\s|[^\S ]|\s$/;

function parseQuery(url: string): [string, string][] {
  const mark = url.indexOf('?');
  return mark < 0 ? [] : [...new URLSearchParams(url.slice(mark + 1))];
}

/** RFC 3986 with nothing but the unreserved characters left alone. */
function encode(text: string): string {
  return encodeURIComponent(text).replace(
    /[!'()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}

/** Signing keys by what they are derived from. A signer uses one for all calls of a day, and deriving it is most of the work. */
const signingKeys = new LRUCache<string, KeyObject>({ max: 100 });

function signingKey(secret: string, ...scope: readonly [date: string, region: string, service: string]) {
  const source = [secret, ...scope].join('/'); // no part of a scope has a slash
  let key = signingKeys.get(source);
  if (!key) {
    key = createSecretKey([...scope, terminator].reduce<Buffer>(hmac, Buffer.from(`AWS4${secret}`)));
    signingKeys.set(source, key);
  }
  return key;
}

interface SigningTime {
  /** Milliseconds since the epoch. */
  readonly at: number;
  /** The same in ISO 8601's basic format: a part of what is signed. */
  readonly basic: string;
}

function parseDate(text: string): SigningTime | undefined {
  const match = /^(\d{4})(\d{2})(\d{2})T(\d{2})(\d{2})(\d{2})Z$/.exec(text);
  if (match) {
    const [, year, month, day, hour, minute, second] = match;
    const at = Date.parse(`${year}-${month}-${day}T${hour}:${minute}:${second}Z`);
    return Number.isNaN(at) ? undefined : { at, basic: text };
  }
  // A plain `Date` header (RFC 9110 section 5.6.7) may stand in for X-Amz-Date.
  const at = text.endsWith('GMT') ? Date.parse(text) : Number.NaN;
  return Number.isNaN(at) ? undefined : { at, basic: basicDate(at) };
}

const basicDate = (ms: number) => new Date(ms).toISOString().replace(/[-:]|\.\d{3}/g, '');
const sha256 = (text: string) => hash('sha256', text);
const hmac = (key: Buffer | KeyObject, text: string) => createHmac('sha256', key).update(text).digest();
const compare = (a: string, b: string) => (a < b ? -1 : a > b ? 1 : 0);

function sameText(a: string, b: string): boolean {
  const [left, right] = [Buffer.from(a), Buffer.from(b)];
  return left.length === right.length && timingSafeEqual(left, right);
}
