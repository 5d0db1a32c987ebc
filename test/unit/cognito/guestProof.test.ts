import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type CryptoKey, exportJWK, generateKeyPair, type JWTPayload, SignJWT } from 'jose';
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createGuestProofVerifier, type GuestProofOptions } from '../../../src/cognito/guestProof.ts';

const pool = 'us-east-1:11111111-2222-4333-8444-555555555555';
const guest = 'us-east-1:cccccccc-2222-4333-8444-555555555555';
const other = 'us-east-1:bbbbbbbb-2222-4333-8444-555555555555';
const issuer = 'https://cognito-identity.amazonaws.com';
const now = 1_795_563_000;
const clock = { now: () => now * 1000 };
const never = new AbortController().signal;

let keys: { privateKey: CryptoKey; publicKey: CryptoKey };
let strangers: { privateKey: CryptoKey };
let jwks: { status: number; body: string };
let fetches = 0;
let server: ReturnType<typeof createServer>;

beforeAll(async () => {
  keys = await generateKeyPair('RS512', { extractable: true });
  strangers = await generateKeyPair('RS512');
});

beforeEach(async () => {
  const jwk = await exportJWK(keys.publicKey);
  // As AWS publishes it: a zero byte in front of the modulus.
  const n = Buffer.concat([Buffer.from([0]), Buffer.from(jwk.n ?? '', 'base64url')]).toString('base64url');
  jwks = {
    status: 200,
    body: JSON.stringify({ keys: [{ ...jwk, n, kid: 'us-east-1-7', alg: 'RS512', use: 'sig' }] }),
  };
  fetches = 0;
  server = createServer((_request, response) => {
    fetches += 1;
    if (jwks.status !== 0) response.writeHead(jwks.status).end(jwks.body);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
});
afterEach(() => {
  server.close();
  server.closeAllConnections();
});

function verifier(options: Partial<GuestProofOptions> = {}) {
  const jwksUri = `http://127.0.0.1:${(server.address() as AddressInfo).port}/.well-known/jwks_uri`;
  return createGuestProofVerifier({ issuer, jwksUri, identityPoolId: pool, clock, ...options });
}

interface Changes {
  readonly claims?: JWTPayload;
  readonly alg?: string;
  readonly kid?: string;
  readonly key?: CryptoKey | Uint8Array;
}

function proof({ claims = {}, alg = 'RS512', kid = 'us-east-1-7', key = keys.privateKey }: Changes = {}) {
  const payload = { sub: guest, aud: pool, amr: ['unauthenticated'], iss: issuer, exp: now + 600, iat: now };
  const merged = { ...payload, ...claims };
  return new SignJWT(JSON.parse(JSON.stringify(merged)))
    .setProtectedHeader({ kid, typ: 'JWS', alg })
    .sign(key);
}

describe('a guest token', () => {
  it('proves its own identity, with a key whose modulus begins with a zero byte', async () => {
    await expect(verifier()(guest, await proof(), never)).resolves.toBeUndefined();
  });

  it('proves no other identity', async () => {
    await expect(verifier()(other, await proof(), never)).rejects.toMatchObject({ code: 'FORBIDDEN' });
  });

  it('proves nothing when it belongs to a signed-in user, even among other references', async () => {
    for (const amr of [
      ['authenticated', 'login.demo'],
      ['unauthenticated', 'authenticated'],
    ]) {
      await expect(verifier()(guest, await proof({ claims: { amr } }), never)).rejects.toMatchObject({
        code: 'FORBIDDEN',
      });
    }
  });

  it.each<[string, JWTPayload]>([
    ['has expired', { exp: now - 10 }],
    ['has no end', { exp: undefined }],
    ['has no subject', { sub: undefined }],
    ['is of another pool', { aud: other }],
    ['is for several pools', { aud: [pool, other] } as JWTPayload],
    ['is of another issuer', { iss: 'https://evil.test' }],
    ['has no references', { amr: undefined }],
    ['has a text in place of references', { amr: 'unauthenticated' }],
    ['has only strange references', { amr: ['unauthenticated2'] }],
  ])('that %s is refused', async (_name, claims) => {
    await expect(verifier()(guest, await proof({ claims }), never)).rejects.toMatchObject({
      code: 'GUEST_IDENTITY_UNUSABLE',
    });
  });

  it('does not choose its algorithm', async () => {
    const pem = new TextEncoder().encode(jwks.body);
    const { privateKey } = await generateKeyPair('RS256');
    const unsigned = [{ alg: 'none' }, { sub: guest, aud: pool, amr: ['unauthenticated'], exp: now + 9 }]
      .map((part) => Buffer.from(JSON.stringify(part)).toString('base64url'))
      .join('.');
    const tokens = [
      await proof({ alg: 'HS512', key: pem }),
      await proof({ alg: 'RS256', key: privateKey }),
      `${unsigned}.`,
    ];
    for (const token of tokens) {
      await expect(verifier()(guest, token, never)).rejects.toMatchObject({
        code: 'GUEST_IDENTITY_UNUSABLE',
      });
    }
  });

  it('is not accepted with an algorithm that only its key would allow', async () => {
    const pair = await generateKeyPair('RS256', { extractable: true });
    const { alg: _alg, ...jwk } = await exportJWK(pair.publicKey);
    jwks = { status: 200, body: JSON.stringify({ keys: [{ ...jwk, kid: 'us-east-1-7' }] }) };

    await expect(
      verifier()(guest, await proof({ alg: 'RS256', key: pair.privateKey }), never),
    ).rejects.toMatchObject({ code: 'GUEST_IDENTITY_UNUSABLE' });
  });

  it.each(['', 'abc', 'a.b.c', `${'a'.repeat(50_001)}.b.c`])('is not just any text', async (token) => {
    await expect(verifier()(guest, token, never)).rejects.toMatchObject({ code: 'GUEST_IDENTITY_UNUSABLE' });
    expect(fetches).toBe(0);
  });

  it('signed by a stranger is refused, and the error repeats nothing of it', async () => {
    const token = await proof({ key: strangers.privateKey });
    const error = await verifier()(guest, token, never).catch((reason) => reason);

    expect(error).toMatchObject({
      code: 'GUEST_IDENTITY_UNUSABLE',
      message: 'The guest identity cannot be adopted with this token. Continue without it.',
    });
    expect(JSON.stringify([error, error.cause]) + String(error.cause)).not.toContain(guest);
  });
});

describe('the keys of Cognito', () => {
  it('are fetched once for many proofs at a time', async () => {
    const verify = verifier();
    const token = await proof();
    await Promise.all(Array.from({ length: 20 }, () => verify(guest, token, never)));
    expect(fetches).toBe(1);
  });

  it('are not fetched again and again for key ids that nobody knows', async () => {
    const verify = verifier();
    for (let attempt = 0; attempt < 10; attempt += 1) {
      await expect(verify(guest, await proof({ kid: `k${attempt}` }), never)).rejects.toMatchObject({
        code: 'GUEST_IDENTITY_UNUSABLE',
      });
    }
    expect(fetches).toBe(1);
  });

  it('are fetched again for a new key once the cool-down is over', async () => {
    const verify = verifier({ cooldownMs: 0 });
    await verify(guest, await proof(), never);
    jwks = { ...jwks, body: jwks.body.replace('us-east-1-7', 'us-east-1-8') };
    await expect(verify(guest, await proof({ kid: 'us-east-1-8' }), never)).resolves.toBeUndefined();
    expect(fetches).toBe(2);
  });

  it.each([
    ['an error', 500, ''],
    ['a page', 200, '<html>'],
    ['something else', 200, '{"keys":"none"}'],
    ['nothing', 0, ''],
  ])('that come as %s are trouble upstream, and the next proof succeeds', async (_name, status, body) => {
    const good = jwks;
    const verify = verifier({ timeoutMs: 100 });
    jwks = { status, body };
    await expect(verify(guest, await proof(), never)).rejects.toMatchObject({
      code: 'UPSTREAM_UNAVAILABLE',
      retryAfter: 1,
    });
    jwks = good;
    await expect(verify(guest, await proof(), never)).resolves.toBeUndefined();
  });

  it('are not waited for by a caller who has gone', async () => {
    const caller = new AbortController();
    jwks = { status: 0, body: '' };
    const pending = verifier()(guest, await proof(), caller.signal);
    caller.abort(new Error('gone'));
    await expect(pending).rejects.toThrow('gone');
  });
});
