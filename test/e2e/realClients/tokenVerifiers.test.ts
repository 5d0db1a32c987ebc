import { JwtRsaVerifier } from 'aws-jwt-verify';
import { createRemoteJWKSet, errors, jwtVerify } from 'jose';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createPoolWithRoles, developerToken, provider, type Running, start } from '../emulator/support.ts';

const issuer = 'https://cognito-identity.amazonaws.com';
let running: Running;
let poolId: string;
let otherPoolId: string;
beforeAll(async () => {
  running = await start();
  poolId = await createPoolWithRoles(running);
  otherPoolId = await createPoolWithRoles(running);
});
afterAll(() => running.emulator.close());

const jwksUri = () => new URL('/.well-known/jwks_uri', running.url);
const claimsOf = (identityId: string, user: string) => ({
  iss: issuer,
  aud: poolId,
  sub: identityId,
  amr: ['authenticated', provider, `${provider}:${poolId}:${user}`],
});

describe('aws-jwt-verify', () => {
  // It fetches keys by https only, so the set is handed over; everything else is its own work.
  async function verifier(audience = poolId) {
    const made = JwtRsaVerifier.create({ issuer, audience, jwksUri: `${issuer}/.well-known/jwks_uri` });
    made.cacheJwks(await (await fetch(jwksUri())).json());
    return made;
  }

  it('verifies a developer token', async () => {
    const { identityId, token } = await developerToken(running, poolId, 'alice');
    const payload = await (await verifier()).verify(token);
    expect(payload).toMatchObject(claimsOf(identityId, 'alice'));
    expect(payload.exp).toBe((payload.iat ?? 0) + 900);
  });

  it("refuses another pool's token and a changed one", async () => {
    const { token } = await developerToken(running, otherPoolId, 'alice');
    await expect((await verifier()).verify(token)).rejects.toThrow(/^Audience not allowed/);
    const mine = (await developerToken(running, poolId, 'alice')).token;
    const [header, payload, signature = ''] = mine.split('.');
    const changed = `${signature.startsWith('A') ? 'B' : 'A'}${signature.slice(1)}`;
    await expect((await verifier()).verify([header, payload, changed].join('.'))).rejects.toThrow(
      'Invalid signature',
    );
  });

  it('verifies what was signed before and after the key was changed', async () => {
    const before = (await developerToken(running, poolId, 'alice')).token;
    await running.emulator.rotateSigningKey();
    const after = (await developerToken(running, poolId, 'alice')).token;
    const made = await verifier();
    await expect(made.verify(before)).resolves.toBeDefined();
    await expect(made.verify(after)).resolves.toBeDefined();
  });
});

describe('jose', () => {
  it('verifies a developer token by the key set at its AWS path', async () => {
    const { identityId, token } = await developerToken(running, poolId, 'bob');
    const { payload, protectedHeader } = await jwtVerify(token, createRemoteJWKSet(jwksUri()), {
      issuer,
      audience: poolId,
      algorithms: ['RS512'],
      requiredClaims: ['exp', 'iat', 'sub'],
    });
    expect(payload).toMatchObject(claimsOf(identityId, 'bob'));
    expect(Object.keys(protectedHeader)).toEqual(['kid', 'typ', 'alg']);
    expect(protectedHeader).toMatchObject({ typ: 'JWS', alg: 'RS512' });
  });

  it('finds the key set by discovery when the emulator is its own issuer', async () => {
    const own = await start({ issuer: 'self' });
    try {
      const pool = await createPoolWithRoles(own);
      const { identityId, token } = await developerToken(own, pool, 'alice');
      const answer = await fetch(`${own.url}/.well-known/openid-configuration`);
      const discovery = (await answer.json()) as { issuer: string; jwks_uri: string };
      expect(discovery.issuer).toBe(own.url);
      const keys = createRemoteJWKSet(new URL(discovery.jwks_uri));
      const { payload } = await jwtVerify(token, keys, { issuer: discovery.issuer, audience: pool });
      expect(payload.sub).toBe(identityId);
    } finally {
      await own.emulator.close();
    }
  });

  it('finds no key for a token of another emulator', async () => {
    const other = await start();
    try {
      const pool = await createPoolWithRoles(other);
      const { token } = await developerToken(other, pool, 'alice');
      await expect(jwtVerify(token, createRemoteJWKSet(jwksUri()))).rejects.toBeInstanceOf(
        errors.JWKSNoMatchingKey,
      );
    } finally {
      await other.emulator.close();
    }
  });

  it('sees a token end', async () => {
    const { token } = await developerToken(running, poolId, 'bob', { TokenDuration: 60 });
    const keys = createRemoteJWKSet(jwksUri());
    const verify = (currentDate: Date) => jwtVerify(token, keys, { currentDate });
    const { payload } = await verify(new Date());
    const end = (payload.exp ?? 0) * 1000;
    await expect(verify(new Date(end - 1000))).resolves.toBeDefined();
    await expect(verify(new Date(end))).rejects.toBeInstanceOf(errors.JWTExpired);
  });
});
