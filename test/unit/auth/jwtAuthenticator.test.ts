import { createHmac, generateKeyPairSync } from 'node:crypto';
import { exportSPKI, generateKeyPair, SignJWT } from 'jose';
import { beforeAll, describe, expect, it } from 'vitest';
import { createJwtAuthenticator, type JwtAuthenticatorOptions } from '../../../src/auth/index.ts';
import {
  audience,
  bearer,
  headersOf,
  issuer,
  never,
  refusal,
  type SigningKey,
  signingKey,
  start,
  TestClock,
  withDefaults,
} from './support.ts';

const now = start / 1000;
let k1: SigningKey;
let other: SigningKey;

beforeAll(async () => {
  [k1, other] = await Promise.all([signingKey('k1'), signingKey('k1')]);
});

function authenticator(changes: Partial<JwtAuthenticatorOptions> = {}) {
  return createJwtAuthenticator({
    issuer,
    audience,
    keys: { kind: 'publicKey', key: k1.publicJwk },
    clock: new TestClock(),
    ...changes,
  });
}

const check = (token: string, changes: Partial<JwtAuthenticatorOptions> = {}) =>
  authenticator(changes).authenticate(bearer(token), never());

const segment = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');

describe('a good token', () => {
  it('makes a principal out of its claims', async () => {
    expect(await check(await k1.sign({ scope: 'openid admin' }))).toEqual({
      userId: 'u1',
      administrator: true,
      principalTags: {},
    });
  });

  it('may name the user in another claim', async () => {
    const token = await k1.sign({ 'https://idp.test/uid': 'u-77' });
    expect(await check(token, { userClaim: 'https://idp.test/uid' })).toMatchObject({ userId: 'u-77' });
  });

  it('is accepted for any of several audiences', async () => {
    const token = await k1.sign({ aud: ['x', 'app-2'] });
    expect(await check(token, { audience: ['app', 'app-2'] })).toMatchObject({ userId: 'u1' });
  });

  it.each(['RS256', 'PS256', 'ES256', 'EdDSA'])('may be signed with %s by default', async (alg) => {
    const key = await signingKey('k', alg);
    expect(await check(await key.sign(), { keys: { kind: 'publicKey', key: key.publicJwk } })).toMatchObject({
      userId: 'u1',
    });
  });

  it('may be checked with a PEM key', async () => {
    const { publicKey, privateKey } = await generateKeyPair('ES256', { extractable: true });
    const token = await new SignJWT(withDefaults({})).setProtectedHeader({ alg: 'ES256' }).sign(privateKey);
    const keys = { kind: 'publicKey', key: await exportSPKI(publicKey) } as const;
    expect(await check(token, { keys })).toMatchObject({ userId: 'u1' });
  });

  it.each(['HS256', 'HS384', 'HS512'])('may be signed with a shared secret and %s', async (alg) => {
    const secret = 's'.repeat(32);
    const token = await new SignJWT(withDefaults({}))
      .setProtectedHeader({ alg })
      .sign(new TextEncoder().encode(secret));
    expect(await check(token, { keys: { kind: 'secret', secret } })).toMatchObject({ userId: 'u1' });
  });

  it('may be up to the tolerance behind or ahead of our clock', async () => {
    expect(await check(await k1.sign({ exp: now - 4 }))).toMatchObject({ userId: 'u1' });
    expect(await check(await k1.sign({ iat: now + 5, nbf: now + 5 }))).toMatchObject({ userId: 'u1' });
  });

  it('needs no iat', async () => {
    expect(await check(await k1.sign({ iat: undefined }))).toMatchObject({ userId: 'u1' });
  });
});

describe('no token', () => {
  it('is anonymous', async () => {
    expect(await authenticator().authenticate(headersOf({}), never())).toBeNull();
  });
});

describe('G07 a token without an end, or with an absurd end, is refused', () => {
  it.each<[string, Record<string, unknown>, string]>([
    ['no exp', { exp: undefined }, 'exp is missing'],
    ['exp null', { exp: null }, 'ERR_JWT_INVALID|exp'],
    ['exp as digits', { exp: String(now + 600) }, 'exp'],
    ['exp 1e300', { exp: 1e300 }, 'exp is further away than the maximum token age'],
    ['exp in ten years', { exp: now + 315_360_000 }, 'exp is further away than the maximum token age'],
    [
      'exp in ten years and no iat',
      { exp: now + 315_360_000, iat: undefined },
      'exp is further away than the maximum token age',
    ],
    [
      'exp one second beyond the maximum',
      { exp: now + 86_401 },
      'exp is further away than the maximum token age',
    ],
    ['iat in an hour', { iat: now + 3600, exp: now + 4200 }, 'iat is in the future'],
    ['iat as digits', { iat: String(now) }, 'iat'],
    ['nbf in an hour', { nbf: now + 3600 }, 'nbf'],
    ['issued longer ago than the maximum age', { iat: now - 86_400 - 6, exp: now }, 'iat is too long ago'],
    ['no sub', { sub: undefined }, 'sub must be a string'],
    ['an empty sub', { sub: '' }, 'sub must have 1 to 1024 characters'],
  ])('%s', async (_name, claims, reason) => {
    const refused = await refusal(check(await k1.sign(claims)));
    expect(refused.code).toBe('UNAUTHENTICATED');
    expect(refused.reason).toMatch(new RegExp(reason));
    expect(refused.message).toMatch(
      /^The access token (is missing required claims|is not valid|has expired); sign in again\.$/,
    );
  });

  it('a token exactly as long-lived as allowed passes', async () => {
    expect(await check(await k1.sign({ exp: now + 86_400 }))).toMatchObject({ userId: 'u1' });
  });

  it('the maximum is configurable', async () => {
    const refused = await refusal(check(await k1.sign(), { maxTokenAgeSeconds: 599 }));
    expect(refused.reason).toBe('exp is further away than the maximum token age');
  });

  it('an expired token is told so', async () => {
    expect(await refusal(check(await k1.sign({ exp: now - 5, iat: now - 600 })))).toEqual({
      code: 'UNAUTHENTICATED',
      message: 'The access token has expired; sign in again.',
      reason: 'exp is in the past',
      retryAfter: undefined,
    });
  });
});

describe('G09 a numeric sub never makes two users one', () => {
  it.each([
    ['9007199254740992', '"sub":9007199254740992'],
    ['9007199254740993', '"sub":9007199254740993'],
    ['a small number', '"sub":42'],
    ['an object', '"sub":{"Name":"sub","Value":"x"}'],
    ['a list', '"sub":["u1"]'],
    ['true', '"sub":true'],
    ['null', '"sub":null'],
  ])('%s is refused', async (_name, member) => {
    const secret = 's'.repeat(32);
    const payload = `{"iss":"${issuer}","aud":"${audience}","iat":${now},"exp":${now + 600},${member}}`;
    const input = `${segment({ alg: 'HS256' })}.${Buffer.from(payload).toString('base64url')}`;
    const token = `${input}.${createHmac('sha256', secret).update(input).digest('base64url')}`;
    expect(await refusal(check(token, { keys: { kind: 'secret', secret } }))).toEqual({
      code: 'UNAUTHENTICATED',
      message: 'The access token is missing required claims; sign in again.',
      reason: 'sub must be a string',
      retryAfter: undefined,
    });
  });

  it('bytes that are no UTF-8 do not become one replacement character', async () => {
    const secret = 's'.repeat(32);
    const text = JSON.stringify(withDefaults({ sub: 'u#' }));
    const payload = Buffer.from(text);
    payload[payload.indexOf('#')] = 0xff;
    const input = `${segment({ alg: 'HS256' })}.${payload.toString('base64url')}`;
    const token = `${input}.${createHmac('sha256', secret).update(input).digest('base64url')}`;
    expect(await refusal(check(token, { keys: { kind: 'secret', secret } }))).toMatchObject({
      code: 'UNAUTHENTICATED',
    });
  });
});

describe('G12 the token does not choose how it is verified', () => {
  it.each(['none', 'nOnE', 'NONE'])('alg %s with an empty signature is refused', async (alg) => {
    const token = `${segment({ alg, kid: 'k1' })}.${segment(withDefaults({}))}.`;
    expect(await refusal(check(token))).toMatchObject({
      code: 'UNAUTHENTICATED',
      reason: expect.stringMatching(/Authorization header|alg is not one/),
    });
    expect(await refusal(check(`${token}AAAA`))).toMatchObject({
      code: 'UNAUTHENTICATED',
      reason: 'alg is not one of the configured algorithms',
    });
  });

  it('HS256 signed with the PEM of the public key is refused', async () => {
    const { publicKey } = generateKeyPairSync('rsa', {
      modulusLength: 2048,
      publicKeyEncoding: { type: 'spki', format: 'pem' },
      privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
    });
    const input = `${segment({ alg: 'HS256' })}.${segment(withDefaults({}))}`;
    const token = `${input}.${createHmac('sha256', publicKey).update(input).digest('base64url')}`;
    expect(await refusal(check(token, { keys: { kind: 'publicKey', key: publicKey } }))).toMatchObject({
      code: 'UNAUTHENTICATED',
      reason: 'alg is not one of the configured algorithms',
    });
  });

  it('an RS256 token is refused when only ES256 is configured', async () => {
    const es = await signingKey('e1', 'ES256');
    const refused = await refusal(
      check(await k1.sign(), { keys: { kind: 'publicKey', key: es.publicJwk }, algorithms: ['ES256'] }),
    );
    expect(refused).toMatchObject({
      code: 'UNAUTHENTICATED',
      reason: 'alg is not one of the configured algorithms',
    });
  });

  it('a key in the header is refused, even the right one', async () => {
    const token = await k1.sign({}, { jwk: k1.publicJwk });
    expect(await refusal(check(token))).toMatchObject({
      code: 'UNAUTHENTICATED',
      reason: 'the header brings a key of its own (jwk)',
    });
  });

  it('extensions that are not understood are refused', async () => {
    const token = await k1.sign();
    const [, payload, signature] = token.split('.');
    const forged = `${segment({ alg: 'RS256', crit: ['x'], x: 1 })}.${payload}.${signature}`;
    expect(await refusal(check(forged))).toMatchObject({
      code: 'UNAUTHENTICATED',
      reason: 'the header asks for extensions (crit)',
    });
  });

  it('a signature by another key of the same id is refused', async () => {
    expect(await refusal(check(await other.sign()))).toEqual({
      code: 'UNAUTHENTICATED',
      message: 'The access token is not valid; sign in again.',
      reason: 'ERR_JWS_SIGNATURE_VERIFICATION_FAILED',
      retryAfter: undefined,
    });
  });

  it.each(['iss', 'aud'])('a token with another %s is refused', async (claim) => {
    expect(await refusal(check(await k1.sign({ [claim]: 'https://idp.test' })))).toMatchObject({
      code: 'UNAUTHENTICATED',
      reason: `claim ${claim}: check failed`,
    });
    expect(await refusal(check(await k1.sign({ [claim]: undefined })))).toMatchObject({
      reason: `claim ${claim}: missing`,
    });
  });

  it('a token of another type is refused where a type is configured', async () => {
    expect(await refusal(check(await k1.sign({}, { typ: 'JWT' }), { tokenType: 'at+jwt' }))).toMatchObject({
      reason: 'claim typ: check failed',
    });
    expect(await check(await k1.sign({}, { typ: 'at+jwt' }), { tokenType: 'at+jwt' })).toMatchObject({
      userId: 'u1',
    });
  });
});

describe('G13 a token that is present but bad is never anonymous', () => {
  it.each(['garbage', 'a.b', 'a.b.c', 'a.b.c.d', '..', 'e30.e30.e30', 'e30.e30.e30.e30.e30'])(
    '%s',
    async (token) => {
      const refused = await refusal(check(token));
      expect(refused.code).toBe('UNAUTHENTICATED');
      expect(refused.message).toBe('The access token is not valid; sign in again.');
    },
  );
});

describe('refusals', () => {
  it('hold neither the token nor a claim value, in the message or in the cause', async () => {
    const token = await k1.sign({ sub: 'user-secret\u0007', email: 'mail-secret' });
    const error = await authenticator()
      .authenticate(bearer(token), never())
      .catch((reason: Error) => reason);
    const shown =
      JSON.stringify(error, Object.getOwnPropertyNames(error)) +
      String((error as Error).cause) +
      JSON.stringify((error as Error).cause);
    expect(shown).not.toContain('secret');
    expect(shown).not.toContain(token.slice(0, 20));
    const wrongAudience = await k1.sign({ aud: 'aud-secret' });
    const second = (await authenticator()
      .authenticate(bearer(wrongAudience), never())
      .catch((reason: Error) => reason)) as Error;
    expect(Object.keys(second.cause as object)).toEqual([]);
    expect(String(second.cause)).not.toContain('secret');
  });

  it('reject with the reason of the signal when the request is gone', async () => {
    const gone = new AbortController();
    gone.abort(new Error('gone'));
    await expect(authenticator().authenticate(bearer(await k1.sign()), gone.signal)).rejects.toThrow('gone');
  });
});

describe('verified tokens', () => {
  it('are remembered, but never past exp', async () => {
    const clock = new TestClock();
    const login = authenticator({ clock });
    const token = await k1.sign();
    const first = await login.authenticate(bearer(token), never());
    expect(await login.authenticate(bearer(token), never())).toBe(first);
    clock.advanceSeconds(599);
    expect(await login.authenticate(bearer(token), never())).toBe(first);
    clock.advanceSeconds(6);
    expect(await refusal(login.authenticate(bearer(token), never()))).toMatchObject({
      reason: 'exp is in the past',
    });
  });

  it('G16 of two users are never mixed up', async () => {
    const login = authenticator();
    const tokens = await Promise.all(Array.from({ length: 50 }, (_, i) => k1.sign({ sub: `u${i}` })));
    const asked = Array.from({ length: 1000 }, (_, i) => i % 50);
    const answers = await Promise.all(
      asked.map((i) => login.authenticate(bearer(tokens[i] as string), never())),
    );
    expect(answers.map((principal) => principal?.userId)).toEqual(asked.map((i) => `u${i}`));
  });

  it('are not remembered when the cache is off', async () => {
    const login = authenticator({ maxCachedTokens: 0 });
    const token = await k1.sign();
    const first = await login.authenticate(bearer(token), never());
    expect(await login.authenticate(bearer(token), never())).not.toBe(first);
  });
});

describe('bad options', () => {
  const rsa = () => ({ kind: 'publicKey', key: k1.publicJwk }) as const;
  it.each<[string, () => Partial<JwtAuthenticatorOptions>, string]>([
    ['an empty issuer', () => ({ issuer: '' }), 'issuer must not be empty'],
    [
      'no audience',
      () => ({ audience: undefined as unknown as string, keys: { kind: 'jwks' } }),
      'audience must be one or more non-empty strings',
    ],
    [
      'an empty audience',
      () => ({ audience: '', keys: { kind: 'jwks' } }),
      'audience must be one or more non-empty strings',
    ],
    [
      'an empty list of audiences',
      () => ({ audience: [], keys: { kind: 'jwks' } }),
      'audience must be one or more non-empty strings',
    ],
    [
      'a short secret',
      () => ({ keys: { kind: 'secret', secret: 's'.repeat(31) } }),
      'the shared secret must have at least 32 bytes',
    ],
    [
      'none',
      () => ({ keys: rsa(), algorithms: ['RS256', 'nOne'] }),
      'algorithms must not contain none: such tokens are not signed',
    ],
    [
      'HS256 with a public key',
      () => ({ keys: rsa(), algorithms: ['HS256'] }),
      'HS* is for a shared secret only',
    ],
    [
      'HS256 with a JWKS',
      () => ({ keys: { kind: 'jwks' }, algorithms: ['RS256', 'HS256'] }),
      'HS* is for a shared secret only',
    ],
    [
      'RS256 with a secret',
      () => ({ keys: { kind: 'secret', secret: 's'.repeat(32) }, algorithms: ['RS256'] }),
      'a shared secret is for HS* only',
    ],
    ['an unknown algorithm', () => ({ algorithms: ['XX256'] }), 'unknown algorithm'],
    ['no algorithm', () => ({ algorithms: [] }), 'algorithms must not be empty'],
    [
      'an algorithm that does not fit the key',
      () => ({ keys: rsa(), algorithms: ['ES256'] }),
      'none of the algorithms can be used with the public key',
    ],
    [
      'a public key that is none',
      () => ({ keys: { kind: 'publicKey', key: 'nonsense' } }),
      'the public key must be PEM or a JWK',
    ],
    [
      'a secret as public key',
      () => ({ keys: { kind: 'publicKey', key: { kty: 'oct', k: 'AAAA' } } }),
      'the public key must not be a private key or a secret',
    ],
    [
      'a private PEM',
      () => ({
        keys: {
          kind: 'publicKey',
          key: generateKeyPairSync('ed25519').privateKey.export({ type: 'pkcs8', format: 'pem' }) as string,
        },
      }),
      'the public key must not be a private key or a secret',
    ],
    [
      'an RSA key of 1024 bits',
      () => ({
        keys: {
          kind: 'publicKey',
          key: generateKeyPairSync('rsa', { modulusLength: 1024 }).publicKey.export({
            type: 'spki',
            format: 'pem',
          }) as string,
        },
      }),
      'the RSA key must have at least 2048 bits',
    ],
    [
      'a negative tolerance',
      () => ({ clockToleranceSeconds: -1 }),
      'clockToleranceSeconds must be a number from 0 to 300',
    ],
    [
      'a tolerance that is no number',
      () => ({ clockToleranceSeconds: Number.NaN }),
      'clockToleranceSeconds must be a number from 0 to 300',
    ],
    [
      'an endless age',
      () => ({ maxTokenAgeSeconds: Number.POSITIVE_INFINITY }),
      'maxTokenAgeSeconds must be a number from 60 to 31536000',
    ],
    ['an empty user claim', () => ({ userClaim: '' }), 'userClaim must not be empty'],
    ['an admin scope with a space', () => ({ adminScope: 'a b' }), 'adminScope must be one scope token'],
    ['an impossible cookie name', () => ({ cookieName: 'a;b' }), 'cookieName must be a cookie name'],
    [
      'an http issuer elsewhere',
      () => ({ issuer: 'http://idp.test', keys: { kind: 'jwks' } }),
      'issuer must be an https: URI',
    ],
    [
      'an http JWKS elsewhere',
      () => ({ keys: { kind: 'jwks', uri: 'http://127.0.0.1.idp.test/jwks' } }),
      'keys.uri must be an https: URI',
    ],
    [
      'a JWKS that is no URI',
      () => ({ keys: { kind: 'jwks', uri: '/jwks' } }),
      'keys.uri must be an absolute URI',
    ],
    [
      'a JWKS with a password',
      () => ({ keys: { kind: 'jwks', uri: 'https://a:b@idp.test/jwks' } }),
      'keys.uri must hold neither user information nor a fragment',
    ],
    [
      'a cache without end',
      () => ({ maxCachedTokens: 1e9 }),
      'maxCachedTokens must be a number from 0 to 10000000',
    ],
  ])('%s', (_name, changes, message) => {
    const construct = () => authenticator(changes());
    expect(construct).toThrow(TypeError);
    expect(construct).toThrow(message);
  });
});
