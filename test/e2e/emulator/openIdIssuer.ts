import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { exportJWK, generateKeyPair, type JWTPayload, SignJWT } from 'jose';

export interface OpenIdIssuer {
  /** Provider name of the issuer: host, port and path, without the scheme. */
  readonly provider: string;
  sign(
    claims: JWTPayload,
    options?: { issuer?: string; expiresIn?: number | null; key?: 'foreign' },
  ): Promise<string>;
  close(): void;
}

/** An ordinary OpenID issuer with a discovery document and one key. */
export async function startIssuer(path = ''): Promise<OpenIdIssuer> {
  const { privateKey, publicKey } = await generateKeyPair('ES256');
  const foreign = await generateKeyPair('ES256');
  const jwk = { ...(await exportJWK(publicKey)), kid: 'one', alg: 'ES256', use: 'sig' };
  const server = createServer((request, response) => {
    response.setHeader('content-type', 'application/json');
    if (request.url === `${path}/.well-known/openid-configuration`) {
      response.end(JSON.stringify({ issuer, jwks_uri: `${issuer}/jwks` }));
    } else if (request.url === `${path}/jwks`) response.end(JSON.stringify({ keys: [jwk] }));
    else response.writeHead(404).end('{}');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const provider = `127.0.0.1:${(server.address() as AddressInfo).port}${path}`;
  const issuer = `http://${provider}`;
  return {
    provider,
    sign: (claims, options = {}) => {
      const token = new SignJWT(claims)
        .setProtectedHeader({ alg: 'ES256', kid: 'one' })
        .setIssuer(options.issuer ?? issuer)
        .setIssuedAt();
      const { expiresIn = 300 } = options;
      if (expiresIn !== null) token.setExpirationTime(Math.floor(Date.now() / 1000) + expiresIn);
      return token.sign(options.key === 'foreign' ? foreign.privateKey : privateKey);
    },
    close: () => {
      server.close();
      server.closeAllConnections();
    },
  };
}
