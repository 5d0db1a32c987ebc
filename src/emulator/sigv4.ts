import { createHmac, createSecretKey, hash, type KeyObject, timingSafeEqual } from 'node:crypto';
import { LRUCache } from 'lru-cache';
import { asSent, canonicalRequest, parseQuery, type QueryParameters, redacted } from './canonicalRequest.ts';
import type { WireHeaders, WireRequest } from './wireRequest.ts';

/**
 * How far the clock of a signer may be from ours. AWS documents five minutes for most services (some allow fifteen);
 * the shorter of the two is enforced here.
 */
const maxSkewMs = 5 * 60 * 1000;
const algorithm = 'AWS4-HMAC-SHA256';
const terminator = 'aws4_request';
const week = 604_800;
/** Of a part that comes twice the first counts. */
const authorizationParts = ['Credential', 'Signature', 'SignedHeaders'].map((name) => ({
  name,
  pattern: new RegExp(`[\\s,]${name}\\s*=([^,]*)`),
}));

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
  const { headers } = request;
  const query = parseQuery(request.url);
  const authorization = headers.get('authorization');
  const claimed = authorization === undefined ? fromQuery(query) : fromHeader(authorization, headers);
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

  const seen = options.trustForwardedHost ? withForwardedHost(request) : request;
  const canonical = canonicalRequest(seen, query, claimed.signedHeaders, asSent);
  const credentialScope = claimed.credential.slice(accessKeyId.length + 1);
  const stringToSign = `${algorithm}\n${signed.basic}\n${credentialScope}\n${hash('sha256', canonical)}`;
  const key = signingKey(secret, scopeDate, region, service);
  const expected = createHmac('sha256', key).update(stringToSign).digest('hex');
  if (sameText(expected, claimed.signature)) return { ok: true, accessKeyId, region };
  return invalid(
    'The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key ' +
      'and signing method. Consult the service documentation for details.\n\n' +
      `The Canonical String for this request should have been\n'${canonicalRequest(seen, query, claimed.signedHeaders, redacted)}'\n\n` +
      `The String-to-Sign should have been\n'${stringToSign}'\n`,
  );
}

function withForwardedHost(request: WireRequest): WireRequest {
  const host = request.headers.get('x-forwarded-host');
  return host === undefined ? request : { ...request, headers: new Map(request.headers).set('host', host) };
}

function fromHeader(value: string, headers: WireHeaders): Claimed | Refusal {
  const space = value.indexOf(' ');
  const scheme = space < 0 ? value : value.slice(0, space);
  if (!scheme.startsWith('AWS')) return missingToken();
  if (scheme !== algorithm) return incomplete(`Unsupported AWS 'algorithm', expected '${algorithm}'.`);
  const given = authorizationParts.map(({ pattern }) => pattern.exec(value)?.[1]?.trim());
  const [credential, signature, signedHeaders] = given;
  const date = headers.get('x-amz-date') ?? headers.get('date');
  if (!credential || !signature || !signedHeaders || date === undefined) {
    const lacking = authorizationParts
      .filter((_part, index) => !given[index])
      .map(({ name }) => `Authorization header requires '${name}' parameter.`);
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

function fromQuery(query: QueryParameters): Claimed | Refusal {
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

/** Signing keys by what they are derived from. A signer uses one for all calls of a day, and deriving it is most of the work. */
const signingKeys = new LRUCache<string, KeyObject>({ max: 100 });

function signingKey(secret: string, ...scope: readonly [date: string, region: string, service: string]) {
  const source = [secret, ...scope].join('/'); // no part of a scope has a slash
  let key = signingKeys.get(source);
  if (!key) {
    const derived = [...scope, terminator].reduce<Buffer>(
      (before, part) => createHmac('sha256', before).update(part).digest(),
      Buffer.from(`AWS4${secret}`),
    );
    key = createSecretKey(derived);
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

function sameText(a: string, b: string): boolean {
  const [left, right] = [Buffer.from(a), Buffer.from(b)];
  return left.length === right.length && timingSafeEqual(left, right);
}
