import { createPublicKey, type JsonWebKey } from 'node:crypto';
import { createLocalJWKSet, type JSONWebKeySet, type JWK } from 'jose';
import { checkServerUri, DocumentError, fetchJson } from './fetchJson.ts';

/** Where the keys of the issuer are found. */
export interface KeySource {
  /** The configured issuer; its discovery document is read when `jwksUri` is left out. */
  readonly issuer: string;
  readonly jwksUri?: string | undefined;
  readonly allowInsecureIssuer: boolean;
  readonly timeoutMs: number;
}

/** One version of the issuer's keys. */
export interface KeyDocument {
  readonly findKey: ReturnType<typeof createLocalJWKSet>;
  /** Equal for equal keys, whatever the order of members or white space on the wire. */
  readonly fingerprint: string;
  readonly maxAgeSeconds: number | undefined;
}

/** Real key sets have a handful of keys of a few hundred bytes (with certificate chains a few kB) each. */
export const maxDocumentBytes = 512 * 1024;
const maxKeys = 100;

/** Fetches the issuer's keys, through its discovery document where no address is configured. Rejects with DocumentError. */
export async function fetchKeyDocument(source: KeySource, signal: AbortSignal): Promise<KeyDocument> {
  const uri = source.jwksUri ?? (await discoverJwksUri(source, signal));
  const { body, maxAgeSeconds } = await fetchJson(uri, {
    timeoutMs: source.timeoutMs,
    maxBytes: maxDocumentBytes,
    what: 'key set',
    signal,
  });
  const keys = usableKeys(body['keys']);
  return {
    findKey: createLocalJWKSet({ keys } as JSONWebKeySet),
    fingerprint: fingerprintOf(keys),
    maxAgeSeconds,
  };
}

/** OpenID Connect Discovery 1.0 section 4.1: one slash at the issuer's end is dropped before the path is appended. */
export function discoveryUri(issuer: string): string {
  return `${issuer.replace(/\/$/, '')}/.well-known/openid-configuration`;
}

async function discoverJwksUri(source: KeySource, signal: AbortSignal): Promise<string> {
  const { body } = await fetchJson(discoveryUri(source.issuer), {
    timeoutMs: source.timeoutMs,
    maxBytes: maxDocumentBytes,
    what: 'discovery document',
    signal,
  });
  // Section 4.3: a document of another issuer would let that issuer sign for ours.
  if (body['issuer'] !== source.issuer) {
    throw new DocumentError('wrong', 'the discovery document names another issuer than the configured one');
  }
  const uri = body['jwks_uri'];
  if (typeof uri !== 'string') throw new DocumentError('wrong', 'the discovery document has no jwks_uri');
  try {
    checkServerUri('jwks_uri', uri, source.allowInsecureIssuer);
  } catch (error) {
    throw new DocumentError('wrong', `in the discovery document ${(error as Error).message}`);
  }
  return uri;
}

/**
 * The public signature keys of a JWK Set (RFC 7517 section 5: what is not understood is left out, not refused). A set with none
 * left is as wrong as no set at all, or one bad deployment of the issuer would drop every good key.
 */
function usableKeys(keys: unknown): JWK[] {
  if (!Array.isArray(keys)) throw new DocumentError('wrong', 'the key set has no list of keys');
  if (keys.length > maxKeys) throw new DocumentError('wrong', `the key set has more than ${maxKeys} keys`);
  const usable = keys.filter(isPublicSignatureKey);
  if (usable.length === 0) throw new DocumentError('wrong', 'the key set holds no public signature key');
  return usable;
}

function isPublicSignatureKey(key: unknown): key is JWK {
  if (typeof key !== 'object' || key === null) return false;
  const { use, d } = key as JWK;
  return d === undefined && (use === undefined || use === 'sig') && canBeImported(key as JsonWebKey);
}

/** Found out now: a key that breaks only when a token needs it would look like a bad token, and sign its user out. */
function canBeImported(key: JsonWebKey): boolean {
  try {
    const { asymmetricKeyType, asymmetricKeyDetails } = createPublicKey({ key, format: 'jwk' });
    // RFC 7518 section 3.3; jose refuses to verify with less.
    return asymmetricKeyType !== 'rsa' || (asymmetricKeyDetails?.modulusLength ?? 0) >= 2048;
  } catch {
    return false;
  }
}

function fingerprintOf(keys: readonly JWK[]): string {
  return JSON.stringify(keys.map((key) => JSON.stringify(Object.entries(key).sort(byName))).sort());
}

function byName([left]: [string, unknown], [right]: [string, unknown]): number {
  return left < right ? -1 : left > right ? 1 : 0;
}
