import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type CryptoKey, exportJWK, generateKeyPair, type JWK, SignJWT } from 'jose';

interface SigningKey {
  readonly kid: string;
  readonly privateKey: CryptoKey;
  readonly published: JWK;
}

export interface TokenClaims {
  readonly user: string;
  readonly scope?: string;
  readonly issuer?: string;
  readonly audience?: string;
  /** Seconds from now. Default 600. */
  readonly life?: number;
}

/** A login as others run it: it publishes a new key well before it signs with it, and the old one until the next change. */
export interface RotatingLogin {
  readonly issuer: string;
  readonly audience: string;
  /** Changes with the key that signs. */
  readonly kid: string;
  token(claims: TokenClaims): Promise<string>;
  /** A token of this login's form by a key that it has never published. */
  forgedToken(claims: TokenClaims, kid: string): Promise<string>;
  publishNextKey(): Promise<void>;
  signWithNextKey(): void;
  close(): Promise<void>;
}

export async function startRotatingLogin(): Promise<RotatingLogin> {
  let made = 0;
  const makeKey = async (): Promise<SigningKey> => {
    const kid = `key-${++made}`;
    const { privateKey, publicKey } = await generateKeyPair('ES256', { extractable: true });
    return { kid, privateKey, published: { ...(await exportJWK(publicKey)), kid, alg: 'ES256', use: 'sig' } };
  };
  let previous: SigningKey | undefined;
  let present = await makeKey();
  let next: SigningKey | undefined;
  const stranger = await makeKey();

  const server = createServer((_, response) => {
    const keys = [previous, present, next].flatMap((key) => key?.published ?? []);
    response.setHeader('content-type', 'application/json');
    response.end(JSON.stringify({ keys }));
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const audience = 'soak';

  const sign = (claims: TokenClaims, { privateKey }: SigningKey, kid: string) =>
    new SignJWT(claims.scope === undefined ? {} : { scope: claims.scope })
      .setProtectedHeader({ alg: 'ES256', kid })
      .setIssuer(claims.issuer ?? issuer)
      .setAudience(claims.audience ?? audience)
      .setSubject(claims.user)
      .setIssuedAt()
      .setExpirationTime(Math.floor(Date.now() / 1000) + (claims.life ?? 600))
      .sign(privateKey);

  return {
    issuer,
    audience,
    get kid() {
      return present.kid;
    },
    token: (claims) => sign(claims, present, present.kid),
    forgedToken: (claims, kid) => sign(claims, stranger, kid),
    async publishNextKey() {
      previous = undefined;
      next = await makeKey();
    },
    signWithNextKey() {
      previous = present;
      present = next ?? present;
      next = undefined;
    },
    async close() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}
