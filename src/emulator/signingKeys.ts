import { createHash, createPrivateKey, createPublicKey, generateKeyPair, type KeyObject } from 'node:crypto';
import { promisify } from 'node:util';

export interface SigningKey {
  /** Opaque, `<region>-<number>` in form, and derived from the key: another key always has another id. */
  readonly kid: string;
  /** First segment of every token that the key signs, with the members in AWS's order. */
  readonly header: string;
  readonly privateKey: KeyObject;
  readonly publicKey: KeyObject;
}

export interface PublishedKey {
  readonly kty: 'RSA';
  readonly alg: 'RS512';
  readonly use: 'sig';
  readonly kid: string;
  readonly n: string;
  readonly e: string;
}

export interface SigningKeys {
  /** The key that signs now. */
  current(): Promise<SigningKey>;
  find(kid: string): Promise<SigningKey | undefined>;
  /** Signs with a new key from now on; tokens of the old keys stay valid, since those stay published. */
  rotate(): Promise<string>;
  published(): Promise<readonly PublishedKey[]>;
}

/** Where keys outlive the process: private keys as PKCS #8 PEM, oldest first. */
export interface KeyStorage {
  load(): readonly string[];
  save(pems: readonly string[]): Promise<void>;
}

export interface SigningKeysOptions {
  /** Region named in the `kid`. */
  readonly region: string;
  /**
   * Whether `n` starts with a zero byte, as in AWS's own published set. That is not what RFC 7518 section 6.3.1.1 asks for, so it
   * finds consumers that would fail on AWS. Chromium's WebCrypto refuses it.
   */
  readonly leadingZero: boolean;
  readonly storage?: KeyStorage;
}

const generate = promisify(generateKeyPair);

/** Starts making a key at once without holding up the start: who needs it first waits for it. */
export function createSigningKeys({ region, leadingZero, storage }: SigningKeysOptions): SigningKeys {
  const stored = (storage?.load() ?? []).map((pem) => signingKey(region, createPrivateKey(pem)));
  let keys: Promise<readonly SigningKey[]> =
    stored.length > 0 ? Promise.resolve(stored) : addTo(Promise.resolve([]));
  let newest = newestOf(keys);
  newest.catch(() => {}); // reported to whoever awaits a key

  async function addTo(existing: Promise<readonly SigningKey[]>): Promise<readonly SigningKey[]> {
    const [before, { privateKey }] = await Promise.all([existing, generate('rsa', { modulusLength: 2048 })]);
    const after = [...before, signingKey(region, privateKey)];
    await storage?.save(
      after.map((key) => key.privateKey.export({ type: 'pkcs8', format: 'pem' }) as string),
    );
    return after;
  }

  return {
    current: () => newest,
    find: async (kid) => (await keys).find((key) => key.kid === kid),
    rotate: async () => {
      keys = addTo(keys);
      newest = newestOf(keys);
      return (await newest).kid;
    },
    published: async () => (await keys).map((key) => publish(key, leadingZero)),
  };
}

const newestOf = async (keys: Promise<readonly SigningKey[]>) => (await keys).at(-1) as SigningKey;

function signingKey(region: string, privateKey: KeyObject): SigningKey {
  const publicKey = createPublicKey(privateKey);
  const { e, n } = publicKey.export({ format: 'jwk' });
  // The thumbprint of RFC 7638, cut to 48 bits and written as a number to keep AWS's form.
  const thumbprint = createHash('sha256')
    .update(JSON.stringify({ e, kty: 'RSA', n }))
    .digest();
  const kid = `${region}-${thumbprint.readUIntBE(0, 6)}`;
  const header = Buffer.from(JSON.stringify({ kid, typ: 'JWS', alg: 'RS512' })).toString('base64url');
  return { kid, header, privateKey, publicKey };
}

function publish({ kid, publicKey }: SigningKey, leadingZero: boolean): PublishedKey {
  const { e, n } = publicKey.export({ format: 'jwk' }) as { e: string; n: string };
  const modulus = Buffer.from(n, 'base64url');
  return {
    kty: 'RSA',
    alg: 'RS512',
    use: 'sig',
    kid,
    n: leadingZero ? Buffer.concat([Buffer.from([0]), modulus]).toString('base64url') : n,
    e,
  };
}
