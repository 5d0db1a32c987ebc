import { createPublicKey, type JsonWebKey, type KeyObject, webcrypto } from 'node:crypto';

const { subtle } = webcrypto;

/** How the signature of a token is checked. Exactly one kind, chosen by configuration and never by the token. */
export type KeyOptions =
  | {
      readonly kind: 'jwks';
      /** Address of the JWK Set; left out: taken from the issuer's discovery document. */
      readonly uri?: string;
    }
  | {
      readonly kind: 'publicKey';
      /** PEM (SubjectPublicKeyInfo or X.509 certificate) or a JWK. RSA of at least 2048 bits, EC on P-256/384/521, Ed25519. */
      readonly key: string | JsonWebKey;
    }
  | {
      readonly kind: 'secret';
      /** Shared secret of at least 32 bytes; a string counts in UTF-8. */
      readonly secret: string | Uint8Array;
    };

const rsaAlgorithms = ['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512'];
const asymmetricAlgorithms = [...rsaAlgorithms, 'ES256', 'ES384', 'ES512', 'EdDSA', 'Ed25519'];
const secretAlgorithms = ['HS256', 'HS384', 'HS512'];
const defaultAlgorithms = ['RS256', 'ES256', 'PS256', 'EdDSA'];

/**
 * The algorithms that are accepted. The lists for public keys and for secrets are disjoint, so that a public key, which
 * everybody has, is never taken for a secret (RFC 8725 sections 2.1 and 3.1). Throws TypeError.
 */
export function checkAlgorithms(
  kind: KeyOptions['kind'],
  algorithms: readonly string[] | undefined,
): string[] {
  const allowed = kind === 'secret' ? secretAlgorithms : asymmetricAlgorithms;
  const chosen = algorithms ?? (kind === 'secret' ? secretAlgorithms : defaultAlgorithms);
  if (chosen.length === 0) throw new TypeError('algorithms must not be empty');
  for (const algorithm of chosen) {
    if (allowed.includes(algorithm)) continue;
    if (/^none$/i.test(algorithm))
      throw new TypeError('algorithms must not contain none: such tokens are not signed');
    const why = secretAlgorithms.includes(algorithm)
      ? 'HS* is for a shared secret only'
      : asymmetricAlgorithms.includes(algorithm)
        ? 'a shared secret is for HS* only'
        : 'unknown algorithm';
    throw new TypeError(`algorithms must be out of ${allowed.join(', ')}: ${why}`);
  }
  return [...new Set(chosen)];
}

/** The bytes of a shared secret. Throws TypeError when it is too short to resist guessing (RFC 7518 section 3.2). */
export function importSecret(secret: string | Uint8Array): Uint8Array {
  const bytes = typeof secret === 'string' ? new TextEncoder().encode(secret) : new Uint8Array(secret);
  if (bytes.byteLength < 32) throw new TypeError('the shared secret must have at least 32 bytes');
  return bytes;
}

/** The secret as a key for HS256, HS384 or HS512, imported once for each: of bytes, jose makes a key for every token. */
export function secretKeys(secret: Uint8Array): (algorithm: string) => Promise<webcrypto.CryptoKey> {
  const keys = new Map<string, Promise<webcrypto.CryptoKey>>();
  return (algorithm) => {
    const hash = `SHA-${algorithm.slice(2)}`;
    const key =
      keys.get(algorithm) ?? subtle.importKey('raw', secret, { name: 'HMAC', hash }, false, ['verify']);
    keys.set(algorithm, key);
    return key;
  };
}

/** One public key, and those of the algorithms that it can be used with. Throws TypeError. */
export function importPublicKey(
  key: string | JsonWebKey,
  algorithms: readonly string[],
): { key: KeyObject; algorithms: string[] } {
  const publicKey = parsePublicKey(key);
  const fitting = algorithms.filter((algorithm) => algorithmsOf(publicKey).includes(algorithm));
  if (fitting.length === 0) throw new TypeError('none of the algorithms can be used with the public key');
  return { key: publicKey, algorithms: fitting };
}

function parsePublicKey(key: string | JsonWebKey): KeyObject {
  // createPublicKey would silently derive the public half; a private key has no business in this configuration.
  const isPrivate =
    typeof key === 'string' ? key.includes('PRIVATE KEY') : key.d !== undefined || key.kty === 'oct';
  if (isPrivate) throw new TypeError('the public key must not be a private key or a secret');
  try {
    return typeof key === 'string' ? createPublicKey(key) : createPublicKey({ key, format: 'jwk' });
  } catch {
    // Node's message can quote the input.
    throw new TypeError('the public key must be PEM or a JWK');
  }
}

function algorithmsOf({ asymmetricKeyType, asymmetricKeyDetails }: KeyObject): readonly string[] {
  switch (asymmetricKeyType) {
    case 'rsa':
      if ((asymmetricKeyDetails?.modulusLength ?? 0) < 2048)
        throw new TypeError('the RSA key must have at least 2048 bits');
      return rsaAlgorithms;
    case 'ec':
      return (
        { prime256v1: ['ES256'], secp384r1: ['ES384'], secp521r1: ['ES512'] }[
          asymmetricKeyDetails?.namedCurve ?? ''
        ] ?? []
      );
    case 'ed25519':
      return ['EdDSA', 'Ed25519'];
    default:
      return [];
  }
}
