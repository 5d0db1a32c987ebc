import { createCipheriv, createDecipheriv, createHmac, hkdfSync, randomBytes } from 'node:crypto';

/** Seals what leaves this process for a store that others can read, and names it so that the name tells nothing. */
export interface TokenCipher {
  /** Encrypted and bound to `context`: opened under another context it is nothing. */
  seal(text: string, context: string): string;
  /** Null for what was not sealed with one of the keys, for this context, or was changed since. */
  open(sealed: string, context: string): string | null;
  /** Names of a thing, one per key, the key that seals first. */
  names(kind: string, text: string): readonly string[];
}

interface DerivedKey {
  readonly id: string;
  readonly sealing: Uint8Array;
  readonly naming: Uint8Array;
}

const ivBytes = 12;
const tagBytes = 16;

/**
 * AES-256-GCM (NIST SP 800-38D) with random 96-bit IVs, good for 2^32 seals per key.
 *
 * The first key seals; all of them open. To replace a key without a gap: add the new one behind the old one everywhere, then swap
 * them everywhere, then remove the old one.
 *
 * @param keys 32 bytes each, at least one
 * @throws TypeError when there is no key or one has another length
 */
export function createTokenCipher(keys: readonly Uint8Array[]): TokenCipher {
  if (keys.length === 0 || keys.some((key) => key.length !== 32)) {
    throw new TypeError('a cache key must have 32 bytes');
  }
  const derived = keys.map(derive);
  const [current] = derived as [DerivedKey];

  return {
    seal(text, context) {
      const iv = randomBytes(ivBytes);
      const cipher = createCipheriv('aes-256-gcm', current.sealing, iv);
      cipher.setAAD(Buffer.from(context));
      const body = Buffer.concat([cipher.update(text, 'utf8'), cipher.final()]);
      return `${current.id}.${Buffer.concat([iv, cipher.getAuthTag(), body]).toString('base64url')}`;
    },

    open(sealed, context) {
      const [id, encoded = ''] = sealed.split('.');
      const key = derived.find((candidate) => candidate.id === id);
      const bytes = Buffer.from(encoded, 'base64url');
      if (key === undefined || bytes.length < ivBytes + tagBytes) return null;
      try {
        const decipher = createDecipheriv('aes-256-gcm', key.sealing, bytes.subarray(0, ivBytes));
        decipher.setAAD(Buffer.from(context));
        decipher.setAuthTag(bytes.subarray(ivBytes, ivBytes + tagBytes));
        const body = bytes.subarray(ivBytes + tagBytes);
        return Buffer.concat([decipher.update(body), decipher.final()]).toString('utf8');
      } catch {
        return null;
      }
    },

    names: (kind, text) =>
      derived.map(({ naming }) =>
        createHmac('sha256', naming)
          .update(JSON.stringify([kind, text]))
          .digest('base64url'),
      ),
  };
}

/**
 * Reads keys as configured: base64 or base64url or hexadecimal, 32 bytes each, several separated by commas.
 *
 * @throws TypeError that does not repeat the value
 */
export function parseCacheKeys(text: string): readonly Uint8Array[] {
  const keys = text.split(',').map((part) => {
    const key = part.trim();
    return Buffer.from(key, /^[0-9a-f]{64}$/i.test(key) ? 'hex' : 'base64');
  });
  if (keys.some((key) => key.length !== 32)) {
    throw new TypeError('must be 32 random bytes in base64 or hexadecimal, several separated by commas');
  }
  return keys;
}

/** One key for one purpose: the names of things are not made with what encrypts them. */
function derive(key: Uint8Array): DerivedKey {
  const part = (purpose: string, bytes: number) =>
    new Uint8Array(hkdfSync('sha256', key, '', purpose, bytes));
  return {
    id: Buffer.from(part('cognito-graphql cache key id', 6)).toString('base64url'),
    sealing: part('cognito-graphql cache seal', 32),
    naming: part('cognito-graphql cache names', 32),
  };
}
