import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { exportJWK, generateKeyPair, type JWK, SignJWT } from 'jose';

/** More than one user, so that caches have to find the right one; half sign in with RS256, half with ES256. */
export const userCount = 256;
export const issuer = 'https://login.example';
export const audience = 'cognito-graphql';

export interface Users {
  /** One bearer token a user. */
  readonly tokens: readonly string[];
  /** The same with signatures that are not right. */
  readonly badTokens: readonly string[];
  /** The bearer token of any user, by number. */
  tokenOf(index: number): Promise<string>;
  readonly jwks: { readonly keys: readonly JWK[] };
  readonly jwksUri: string;
  close(): void;
}

export async function createUsers(count = userCount): Promise<Users> {
  const keys = await Promise.all(
    ['RS256', 'ES256'].map(async (alg) => {
      const { privateKey, publicKey } = await generateKeyPair(alg);
      return {
        alg,
        privateKey,
        jwk: { ...(await exportJWK(publicKey)), kid: `bench-${alg}`, alg, use: 'sig' },
      };
    }),
  );
  const tokenOf = (index: number) => {
    const { alg, privateKey, jwk } = keys[index % keys.length] as (typeof keys)[number];
    return new SignJWT({ scope: 'openid profile' })
      .setProtectedHeader({ alg, kid: jwk.kid, typ: 'JWT' })
      .setIssuer(issuer)
      .setAudience(audience)
      .setSubject(`user-${String(index).padStart(6, '0')}`)
      .setIssuedAt()
      .setExpirationTime('2h')
      .sign(privateKey);
  };
  const tokens = await Promise.all(Array.from({ length: count }, (_, index) => tokenOf(index)));
  const jwks = { keys: keys.map(({ jwk }) => jwk) };
  const server = createServer((_, response) => {
    response.setHeader('content-type', 'application/json');
    response.end(JSON.stringify(jwks));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    tokens,
    badTokens: tokens.map(withOtherSignature),
    tokenOf,
    jwks,
    jwksUri: `http://127.0.0.1:${(server.address() as AddressInfo).port}/jwks`,
    close: () => void server.close(),
  };
}

/** A signature of the right length that is none: the work of checking it is not saved. */
function withOtherSignature(token: string): string {
  const begin = token.lastIndexOf('.') + 1;
  const signature = Buffer.from(token.slice(begin), 'base64url');
  signature[20] = (signature[20] ?? 0) ^ 1;
  return token.slice(0, begin) + signature.toString('base64url');
}

/** As the client package sends it. */
export const mainMutation = {
  query: readFileSync(`${import.meta.dirname}/../../schema/operations/cognitoCredentials.graphql`, 'utf8'),
  variables: {},
};

/** A GraphQL request as it goes over the wire. */
export function graphqlRequest(body: object, token?: string): string {
  const text = JSON.stringify(body);
  return [
    'POST /graphql HTTP/1.1',
    'Host: 127.0.0.1',
    'Content-Type: application/json',
    'Accept: application/json',
    ...(token === undefined ? [] : [`Authorization: Bearer ${token}`]),
    `Content-Length: ${Buffer.byteLength(text)}`,
    '',
    text,
  ].join('\r\n');
}
