import { createPublicKey, type KeyObject } from 'node:crypto';
import { isIP } from 'node:net';
import * as z from 'zod/mini';

/**
 * Text -> value, one schema for each kind of setting. Messages complete the sentence "NAME …" and never repeat the text, which
 * may be a secret put into the wrong place.
 */
type Check<T> = (text: string) => T | Refusal;

class Refusal {
  readonly rule: string;
  constructor(rule: string) {
    this.rule = rule;
  }
}
const must = (rule: string) => new Refusal(`must ${rule}`);

const parsed = <T>(check: Check<T>) => derived(z.string(), check);

/** What a check makes of what another schema lets through. */
function derived<From, T>(schema: z.ZodMiniType<From, string>, check: (value: From) => T | Refusal) {
  return z.pipe(
    schema,
    z.transform((value: From, { issues }): T => {
      const result = check(value);
      if (!(result instanceof Refusal)) return result;
      issues.push({ code: 'custom', message: result.rule, input: undefined });
      return z.NEVER;
    }),
  );
}

export const flag = () =>
  parsed((text) => {
    if (/^(true|1)$/i.test(text)) return true;
    return /^(false|0)$/i.test(text) ? false : must('be true or false');
  });

export const oneOf = <const T extends string>(...choices: [T, ...T[]]) =>
  z.enum(choices, { error: `must be one of ${choices.join(', ')}` });

export const matching = (pattern: RegExp, rule: string) => z.string().check(z.regex(pattern, `must ${rule}`));

export const wholeNumber = (min: number, max: number, unit = '') =>
  parsed((text) => {
    const value = /^\d{1,12}$/.test(text) ? Number(text) : Number.NaN;
    const of = unit === '' ? '' : ` of ${unit}`;
    return value >= min && value <= max ? value : must(`be a whole number${of} from ${min} to ${max}`);
  });

export const port = () => wholeNumber(0, 65535);

/** `10`, `10s`, `1500ms`, `2m`: milliseconds. A bare number is seconds. */
export const duration = (minMs: number, maxMs: number) =>
  parsed((text) => {
    const match = /^(\d{1,9}) ?(ms|s|m)?$/.exec(text);
    const unit = { ms: 1, s: 1000, m: 60_000 }[match?.[2] ?? 's'] ?? Number.NaN;
    const value = Number(match?.[1]) * unit;
    return value >= minMs && value <= maxMs
      ? value
      : must(`be a duration from ${minMs / 1000} to ${maxMs / 1000} s, such as 10 or 10s`);
  });

/** `102400`, `100kB`, `1MB`: bytes, with 1 kB = 1024 bytes. */
export const size = (min: number, max: number) =>
  parsed((text) => {
    const match = /^(\d{1,9}) ?(b|kb|mb)?$/i.exec(text);
    const unit = { b: 1, kb: 1024, mb: 1024 * 1024 }[match?.[2]?.toLowerCase() ?? 'b'] ?? Number.NaN;
    const value = Number(match?.[1]) * unit;
    return value >= min && value <= max
      ? value
      : must(`be a size from ${min} to ${max} bytes, such as 102400 or 100kB`);
  });

export const list = () =>
  parsed((text) => {
    const items = text.split(',').map((item) => item.trim());
    return items.includes('') ? must('be a list with commas between its items and none at its end') : items;
  });

export const url = (...schemes: [string, ...string[]]) =>
  parsed((text) => {
    const parts = URL.canParse(text) ? new URL(text) : undefined;
    if (parts === undefined || !schemes.includes(parts.protocol.slice(0, -1)) || parts.hostname === '') {
      return must(`be an address that begins with ${schemes.map((scheme) => `${scheme}://`).join(' or ')}`);
    }
    return text;
  });

/** IP addresses, and networks in CIDR form. */
export const networks = () => derived(list(), (items) => firstRefusal(items, networkProblem) ?? items);

function firstRefusal(items: readonly string[], problemOf: (item: string) => Refusal | undefined) {
  for (const item of items) {
    const problem = problemOf(item);
    if (problem !== undefined) return problem;
  }
  return undefined;
}

function networkProblem(item: string): Refusal | undefined {
  const [, address = '', prefix] = /^([^/]+)(?:\/(\d{1,3}))?$/.exec(item) ?? [];
  const bits = { 4: 32, 6: 128 }[isIP(address)];
  if (bits === undefined || address.includes('%') || Number(prefix ?? bits) > bits)
    return must('hold addresses and networks such as 10.0.0.7 or 10.0.0.0/8');
  return prefix !== undefined && Number(prefix) === 0
    ? must('not hold every address: then anybody could say to be anybody')
    : undefined;
}

/** An address without user name and password, which logs would keep. */
export const plainUrl = () =>
  derived(url('https', 'http'), (text) =>
    new URL(text).username === '' && new URL(text).password === ''
      ? text
      : must('not hold a user name or password'),
  );

/** Exact origins as browsers send them: a wildcard would let any page use the user's token. */
export const origins = () =>
  derived(list(), (items) => firstRefusal(items, originProblem) ?? [...new Set(items)]);

function originProblem(item: string): Refusal | undefined {
  if (item.includes('*')) return must('name each origin in full: a wildcard is refused');
  if (item === 'null') return must('not hold the origin null, which any sandboxed page has');
  const form = must('hold origins such as https://app.example.com, without path or final slash');
  if (!/^[a-z][a-z0-9+.-]*:\/\/[^/?#\s@]+$/.test(item) || !URL.canParse(item)) return form;
  const { origin } = new URL(item);
  return origin === 'null' || origin === item ? undefined : form;
}

/** Bytes of the text in UTF-8. */
export const secretBytes = (min: number) =>
  parsed((text) => {
    const bytes = new TextEncoder().encode(text);
    return bytes.length >= min ? bytes : must(`have at least ${min} bytes`);
  });

/** `tag=claim,…`. STS compares tag keys without regard to case and keeps `aws:` to itself. */
export const principalTags = () =>
  derived(list(), (items): Record<string, string> | Refusal => {
    if (items.length > 50) return must('hold at most 50 tags');
    const tags = new Map<string, string>();
    const seen = new Set<string>();
    for (const item of items) {
      const equals = item.indexOf('=');
      const tag = item.slice(0, Math.max(equals, 0)).trim();
      const claim = item.slice(equals + 1).trim();
      if (tag === '' || claim === '') return must('be pairs tag=claim with commas between them');
      if (!/^[\p{L}\p{Z}\p{N}_.:/+\-@]{1,128}$/u.test(tag) || /^aws:/i.test(tag)) {
        return must(
          'use tag names of 1 to 128 letters, digits, spaces and _ . : / + - @, not beginning with aws:',
        );
      }
      if (seen.has(tag.toLowerCase())) return must('name each tag once, whatever its case');
      seen.add(tag.toLowerCase());
      tags.set(tag, claim);
    }
    return Object.fromEntries(tags);
  });

/** `KEY` or `id:KEY,id:KEY`: 32 bytes each, in hexadecimal or base64. */
export const cacheKeys = () =>
  derived(list(), (items) => {
    const keys = items.map((item, index) => {
      const [, id = index === 0 ? 'k1' : undefined, text = ''] = /^(?:([\w-]{1,32}):)?(.*)$/.exec(item) ?? [];
      return { id, key: decode32(text) };
    });
    const ids = keys.map(({ id }) => id);
    const whole = keys.flatMap(({ id, key }) => (id === undefined || key === undefined ? [] : [{ id, key }]));
    if (whole.length < keys.length || new Set(ids).size < ids.length) {
      return must(
        'be 32 bytes in base64 or hexadecimal; several as id:key,id:key with different ids, the newest first',
      );
    }
    return whole;
  });

function decode32(text: string): Uint8Array | undefined {
  if (/^[0-9a-f]{64}$/i.test(text)) return new Uint8Array(Buffer.from(text, 'hex'));
  if (!/^[\w+/-]{43}=?$/.test(text)) return undefined;
  const bytes = new Uint8Array(Buffer.from(text, 'base64'));
  return bytes.length === 32 ? bytes : undefined;
}

/** A public key in PEM; line ends may be written as `\n` where the environment has no other way. */
export const publicKey = () =>
  parsed((text): { pem: string; algorithms: readonly string[] } | Refusal => {
    const pem = text.replaceAll('\\n', '\n');
    if (pem.includes('PRIVATE KEY')) return must('be the public key: it holds a private one');
    if (!/^-----BEGIN (RSA )?(PUBLIC KEY|CERTIFICATE)-----/.test(pem))
      return must('be a public key in PEM form');
    let key: KeyObject;
    try {
      key = createPublicKey(pem);
    } catch {
      return must('be a public key in PEM form that can be read');
    }
    const algorithms = algorithmsOf(key);
    return algorithms.length > 0
      ? { pem, algorithms }
      : must('be an RSA key of at least 2048 bits, an EC key on P-256, P-384 or P-521, or an Ed25519 key');
  });

function algorithmsOf(key: KeyObject): readonly string[] {
  const { modulusLength = 0, namedCurve = '' } = key.asymmetricKeyDetails ?? {};
  switch (key.asymmetricKeyType) {
    case 'rsa':
      return modulusLength >= 2048 ? ['RS256', 'PS256', 'RS384', 'PS384', 'RS512', 'PS512'] : [];
    case 'ec': {
      const curves: Record<string, string> = { prime256v1: 'ES256', secp384r1: 'ES384', secp521r1: 'ES512' };
      const algorithm = curves[namedCurve];
      return algorithm === undefined ? [] : [algorithm];
    }
    case 'ed25519':
      return ['EdDSA'];
    default:
      return [];
  }
}

const asymmetric = 'RS256 RS384 RS512 PS256 PS384 PS512 ES256 ES384 ES512 EdDSA'.split(' ');
export const secretAlgorithms: readonly string[] = ['HS256', 'HS384', 'HS512'];

/** Names of RFC 7518 and RFC 8037. `none` is not among them: it would accept tokens that nobody signed. */
export const algorithms = () =>
  derived(list(), (items) =>
    items.every((item) => asymmetric.includes(item) || secretAlgorithms.includes(item))
      ? items
      : must(`be a list of ${[...asymmetric, ...secretAlgorithms].join(', ')}; none is refused`),
  );
