import { generateKeyPairSync } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { describe, expect, it } from 'vitest';
import { ask, clock, forged, k1, k2, login, loginAt, problems, server, setUpKeySet } from './keySetSetUp.ts';
import { eventually, json, refusal, signingKey, testServer, withDefaults } from './support.ts';

const weakJwk = generateKeyPairSync('rsa', { modulusLength: 1024 }).publicKey.export({ format: 'jwk' });

setUpKeySet();

const failing = (_request: IncomingMessage, response: ServerResponse) => void response.writeHead(503).end();
const freePort = async () => {
  const probe = await testServer(failing);
  await probe.close();
  return Number(new URL(probe.url).port);
};

describe('keys by JWKS', () => {
  it('are fetched once at the start and used for every token', async () => {
    const authenticator = login();
    const tokens = await Promise.all(['u1', 'u2', 'u3'].map((sub) => k1.sign({ sub })));
    const principals = await Promise.all(tokens.map((token) => ask(authenticator, token)));
    expect(principals.map((principal) => principal?.userId)).toEqual(['u1', 'u2', 'u3']);
    expect(server.requests).toEqual(['/jwks']);
    expect(authenticator.problem()).toBeNull();
  });

  it('may have no key id, also when several fit', async () => {
    server.answer(json({ keys: [k2.publicJwk, k1.publicJwk] }));
    expect(await ask(login(), await k1.sign({}, { kid: undefined }))).toMatchObject({ userId: 'u1' });
    const ended = (withDefaults({})['iat'] as number) - 10;
    expect(
      await refusal(ask(login(), await k1.sign({ exp: ended, iat: ended - 60 }, { kid: undefined }))),
    ).toMatchObject({
      message: 'The access token has expired; sign in again.',
    });
    const stranger = await signingKey('k1');
    expect(await refusal(ask(login(), await stranger.sign({}, { kid: undefined })))).toMatchObject({
      code: 'UNAUTHENTICATED',
      reason: 'none of the keys that fit has made the signature',
    });
  });

  it('are not tried without end for a token without a key id', async () => {
    const keys = Array.from({ length: 9 }, (_, i) => ({ ...k2.publicJwk, kid: `x${i}` }));
    server.answer(json({ keys: [...keys, k1.publicJwk] }));
    expect(await refusal(ask(login(), await k1.sign({}, { kid: undefined })))).toMatchObject({
      code: 'UNAUTHENTICATED',
      reason: 'too many keys fit a token without a key id',
    });
  });

  it('leave out what is no public signature key', async () => {
    const odd = [
      { kty: 'RSA', n: 'AA', e: 'AQAB', kid: 'k1' },
      { kty: 'EC', crv: 'P-256', x: 'AA', y: 'AA', kid: 'k1' },
      null,
      7,
      { kty: 'oct', k: 'AAAA', kid: 'k1' },
      { ...k1.publicJwk, use: 'enc' },
      { kty: 'XX' },
    ];
    server.answer(json({ keys: [...odd, k1.publicJwk] }));
    expect(await ask(login(), await k1.sign())).toMatchObject({ userId: 'u1' });
  });

  it('never verify HS256 with what is public', async () => {
    server.answer(json({ keys: [{ kty: 'oct', k: 'AAAA', kid: 'k1', alg: 'HS256' }, k1.publicJwk] }));
    const parts = forged('k1').split('.');
    const header = Buffer.from(JSON.stringify({ alg: 'HS256', kid: 'k1' })).toString('base64url');
    expect(await refusal(ask(login(), [header, parts[1], parts[2]].join('.')))).toMatchObject({
      code: 'UNAUTHENTICATED',
      reason: 'alg is not one of the configured algorithms',
    });
  });
});

describe('discovery', () => {
  const discovery =
    (changes: Record<string, unknown> = {}) =>
    (request: IncomingMessage, response: ServerResponse) =>
      request.url === '/realm/.well-known/openid-configuration'
        ? json({ issuer: `${server.url}/realm`, jwks_uri: `${server.url}/keys`, ...changes })(
            request,
            response,
          )
        : json({ keys: [k1.publicJwk] })(request, response);

  it('finds the keys through the issuer', async () => {
    server.answer(discovery());
    const iss = `${server.url}/realm`;
    expect(await ask(loginAt(undefined, { issuer: iss }), await k1.sign({ iss }))).toMatchObject({
      userId: 'u1',
    });
    expect(server.requests).toEqual(['/realm/.well-known/openid-configuration', '/keys']);
  });

  it('drops one slash at the end of the issuer, and only there', async () => {
    const iss = `${server.url}/realm/`;
    server.answer(discovery({ issuer: iss }));
    expect(await ask(loginAt(undefined, { issuer: iss }), await k1.sign({ iss }))).toMatchObject({
      userId: 'u1',
    });
  });

  it.each<[string, () => Record<string, unknown>, string]>([
    [
      'another issuer',
      () => ({ issuer: `${server.url}/realm/` }),
      'the discovery document names another issuer than the configured one',
    ],
    [
      'no issuer',
      () => ({ issuer: undefined }),
      'the discovery document names another issuer than the configured one',
    ],
    ['no jwks_uri', () => ({ jwks_uri: undefined }), 'the discovery document has no jwks_uri'],
    [
      'keys over http elsewhere',
      () => ({ jwks_uri: 'http://keys.test/' }),
      'in the discovery document jwks_uri must be an https: URI (http: is accepted for loopback hosts only)',
    ],
    [
      'keys in a file',
      () => ({ jwks_uri: 'file:///etc/passwd' }),
      'in the discovery document jwks_uri must be an https: URI (http: is accepted for loopback hosts only)',
    ],
  ])('refuses a document with %s', async (_name, changes, problem) => {
    server.answer(discovery(changes()));
    const iss = `${server.url}/realm`;
    const authenticator = loginAt(undefined, { issuer: iss });
    expect(await refusal(ask(authenticator, await k1.sign({ iss })))).toMatchObject({
      code: 'AUTH_UNAVAILABLE',
      reason: problem,
    });
    expect(authenticator.problem()).toBe(problem);
    expect(server.requests).toEqual(['/realm/.well-known/openid-configuration']);
  });
});

describe('G10 a key server that is down', () => {
  it('keeps nothing from starting: 503 with a time to wait, and the next request after recovery succeeds', async () => {
    const port = await freePort();
    const token = await k1.sign();
    const authenticator = loginAt(`http://127.0.0.1:${port}/jwks`);
    expect(authenticator.problem()).toBe('the keys have not been loaded yet');
    expect(await refusal(ask(authenticator, token))).toEqual({
      code: 'AUTH_UNAVAILABLE',
      message: 'Sign-in cannot be checked at the moment; try again shortly.',
      reason: 'the key set cannot be fetched (ECONNREFUSED)',
      retryAfter: 1,
    });
    expect(authenticator.problem()).toBe('the key set cannot be fetched (ECONNREFUSED)');
    const late = await testServer(json({ keys: [k1.publicJwk] }), port);
    try {
      expect(await ask(authenticator, token)).toMatchObject({ userId: 'u1' });
      expect(authenticator.problem()).toBeNull();
      expect(problems).toEqual(['the key set cannot be fetched (ECONNREFUSED)', null]);
    } finally {
      await late.close();
    }
  });

  it('is asked again by itself, without any request', async () => {
    const port = await freePort();
    const authenticator = loginAt(`http://127.0.0.1:${port}/jwks`);
    await eventually(() => authenticator.problem()?.includes('ECONNREFUSED') ?? false);
    const late = await testServer(json({ keys: [k1.publicJwk] }), port);
    try {
      await eventually(() => authenticator.problem() === null);
    } finally {
      await late.close();
    }
  });

  it('does not turn what can never be a good token into 503', async () => {
    server.answer(failing);
    const authenticator = login();
    const fiveParts = `${forged('k1')}.AAAA.AAAA`;
    expect((await refusal(ask(authenticator, 'garbage'))).code).toBe('UNAUTHENTICATED');
    expect((await refusal(ask(authenticator, fiveParts))).code).toBe('UNAUTHENTICATED');
    expect((await refusal(ask(authenticator, await k1.sign()))).code).toBe('AUTH_UNAVAILABLE');
  });

  it('after a good start: the last good keys serve for a bounded time', async () => {
    server.answer(json({ keys: [k1.publicJwk] }, { 'cache-control': 'max-age=300' }));
    const authenticator = login({ maxKeyOutageSeconds: 3600, maxTokenAgeSeconds: 100_000 });
    const token = await k1.sign({ exp: (withDefaults({})['exp'] as number) + 50_000 });
    await ask(authenticator, token);
    await server.close();
    clock.advanceSeconds(301);
    expect(await ask(authenticator, token)).toMatchObject({ userId: 'u1' });
    await eventually(() => authenticator.problem() !== null);
    expect(authenticator.problem()).toMatch(/^the key set cannot be fetched \([A-Z_]+\)$/);
    clock.advanceSeconds(3598);
    expect(await ask(authenticator, token)).toMatchObject({ userId: 'u1' });
    expect(
      await ask(
        authenticator,
        await k1.sign({ sub: 'u2', exp: (withDefaults({})['exp'] as number) + 50_000 }),
      ),
    ).toMatchObject({ userId: 'u2' });
    clock.advanceSeconds(2);
    expect(await refusal(ask(authenticator, token))).toMatchObject({ code: 'AUTH_UNAVAILABLE' });
  });

  it('an unknown key id during an outage is 503, because the issuer may have rotated', async () => {
    const authenticator = login();
    await ask(authenticator, await k1.sign());
    server.answer(failing);
    clock.advanceSeconds(31);
    expect(await refusal(ask(authenticator, await k2.sign()))).toMatchObject({
      code: 'AUTH_UNAVAILABLE',
      reason: 'the key set was answered with status 503',
    });
    expect(await ask(authenticator, await k1.sign({ sub: 'u3' }))).toMatchObject({ userId: 'u3' });
  });

  it('that hangs is given up after the time-out', async () => {
    server.answer(() => {});
    const authenticator = login({ fetchTimeoutMs: 100 });
    expect(await refusal(ask(authenticator, await k1.sign()))).toMatchObject({
      code: 'AUTH_UNAVAILABLE',
      reason: 'the key set did not arrive within 100 ms',
    });
  });

  it('that hangs in the middle of its answer is given up too', async () => {
    server.answer((_request, response) => void response.writeHead(200).write('{"keys":['));
    const authenticator = login({ fetchTimeoutMs: 100 });
    expect(await refusal(ask(authenticator, await k1.sign()))).toMatchObject({
      reason: 'the key set did not arrive within 100 ms',
    });
  });
});

describe('G10 an answer that is no key set', () => {
  it.each<[string, (request: IncomingMessage, response: ServerResponse) => void, string]>([
    ['404', json({ keys: [] }, {}, 404), 'the key set was answered with status 404'],
    ['HTML', (_request, response) => void response.end('<html></html>'), 'the key set is not JSON'],
    ['an empty body', (_request, response) => void response.end(), 'the key set is not JSON'],
    ['a list', json([]), 'the key set is not a JSON object'],
    ['null', json(null), 'the key set is not a JSON object'],
    ['no keys', json({}), 'the key set has no list of keys'],
    ['an empty list of keys', json({ keys: [] }), 'the key set holds no public signature key'],
    [
      'only secrets',
      json({ keys: [{ kty: 'oct', k: 'AAAA' }] }),
      'the key set holds no public signature key',
    ],
    [
      'only an encryption key',
      (request, response) => json({ keys: [{ ...k1.publicJwk, use: 'enc' }] })(request, response),
      'the key set holds no public signature key',
    ],
    [
      'only broken keys',
      json({ keys: [{ kty: 'RSA', n: 'AA' }, { kty: 'EC', crv: 'P-256', x: 'AA', y: 'AA' }, { kty: 'XX' }] }),
      'the key set holds no public signature key',
    ],
    ['only an RSA key of 1024 bits', json({ keys: [weakJwk] }), 'the key set holds no public signature key'],
    [
      'a private key',
      json({ keys: [generateKeyPairSync('ed25519').privateKey.export({ format: 'jwk' })] }),
      'the key set holds no public signature key',
    ],
    [
      '101 keys',
      json({ keys: Array.from({ length: 101 }, () => ({ kty: 'RSA' })) }),
      'the key set has more than 100 keys',
    ],
    [
      'more than 512 kB',
      json({ keys: [], filler: 'x'.repeat(512 * 1024) }),
      'the key set is larger than 524288 bytes',
    ],
    [
      'a redirect',
      (_request, response) => void response.writeHead(302, { location: '/other' }).end(),
      'the key set was answered with a redirect, which is not followed',
    ],
  ])('%s is reported, and not asked for again before the cool-down', async (_name, handler, problem) => {
    server.answer(handler);
    const authenticator = login();
    const token = await k1.sign();
    expect(await refusal(ask(authenticator, token))).toEqual({
      code: 'AUTH_UNAVAILABLE',
      message: 'Sign-in cannot be checked at the moment; try again shortly.',
      reason: problem,
      retryAfter: 30,
    });
    expect(authenticator.problem()).toBe(problem);
    expect(problems).toEqual([problem]);
    await Promise.all(Array.from({ length: 50 }, (_, i) => refusal(ask(authenticator, forged(`x${i}`)))));
    expect(server.requests).toEqual(['/jwks']);
  });

  it('never replaces good keys', async () => {
    const authenticator = login();
    await ask(authenticator, await k1.sign());
    server.answer(json({ keys: [] }));
    clock.advanceSeconds(31);
    expect((await refusal(ask(authenticator, await k2.sign()))).code).toBe('AUTH_UNAVAILABLE');
    expect(authenticator.problem()).toBe('the key set holds no public signature key');
    expect(await ask(authenticator, await k1.sign({ sub: 'u4' }))).toMatchObject({ userId: 'u4' });
  });

  it('is noticed to be repaired without a request', async () => {
    server.answer(json({ keys: [] }));
    const authenticator = login({ keyCooldownSeconds: 0.1 });
    await eventually(() => server.requests.length >= 4);
    server.answer(json({ keys: [k1.publicJwk] }));
    await eventually(() => authenticator.problem() === null);
    expect(await ask(authenticator, await k1.sign())).toMatchObject({ userId: 'u1' });
    expect(problems).toEqual(['the key set holds no public signature key', null]);
  });
});

describe('G11 random key ids', () => {
  it('cause at most one fetch per cool-down, and disturb no valid token', async () => {
    const authenticator = login();
    await ask(authenticator, await k1.sign());
    const burst = async (round: string) => {
      const valid = await Promise.all(Array.from({ length: 20 }, (_, i) => k1.sign({ sub: `${round}${i}` })));
      const [bad, good] = await Promise.all([
        Promise.all(
          Array.from({ length: 200 }, (_, i) => refusal(ask(authenticator, forged(`${round}-${i}`)))),
        ),
        Promise.all(valid.map((token) => ask(authenticator, token))),
      ]);
      expect(new Set(bad.map(({ code, reason }) => `${code} ${reason}`))).toEqual(
        new Set(['UNAUTHENTICATED no key of the issuer fits the token']),
      );
      expect(good.map((principal) => principal?.userId)).toEqual(
        Array.from({ length: 20 }, (_, i) => `${round}${i}`),
      );
    };
    await burst('a');
    expect(server.requests).toHaveLength(1);
    clock.advanceSeconds(30);
    await burst('b');
    await burst('c');
    expect(server.requests).toHaveLength(2);
  });

  it('do not hide a real rotation for longer than one cool-down', async () => {
    const authenticator = login();
    await ask(authenticator, await k1.sign());
    clock.advanceSeconds(30);
    await refusal(ask(authenticator, forged('x')));
    server.answer(json({ keys: [k1.publicJwk, k2.publicJwk] }));
    clock.advanceSeconds(1);
    const rotated = await k2.sign();
    expect(await refusal(ask(authenticator, rotated))).toMatchObject({ code: 'UNAUTHENTICATED' });
    clock.advanceSeconds(29);
    expect(await ask(authenticator, rotated)).toMatchObject({ userId: 'u1' });
    expect(server.requests).toHaveLength(3);
  });

  it.each([['a\nb'], ['../../admin'], ['x'.repeat(1024)]])(
    'appear neither in a path nor in a reason: %j',
    async (kid) => {
      const authenticator = login();
      await ask(authenticator, await k1.sign());
      clock.advanceSeconds(31);
      expect((await refusal(ask(authenticator, forged(kid)))).reason).toBe(
        'no key of the issuer fits the token',
      );
      expect(server.requests).toEqual(['/jwks', '/jwks']);
    },
  );

  it.each([['x'.repeat(1025)], [7], [['k1']], [{ k: 1 }], [null]])(
    'of a wrong form cause no fetch: %j',
    async (kid) => {
      const authenticator = login();
      await ask(authenticator, await k1.sign());
      clock.advanceSeconds(31);
      expect((await refusal(ask(authenticator, forged(kid)))).reason).toBe(
        'kid must be a string of at most 1024 characters',
      );
      expect(server.requests).toEqual(['/jwks']);
    },
  );
});

it.each(['jku', 'x5u'])('G12 a %s in the header is never fetched', async (parameter) => {
  const attacker = await signingKey('evil', 'ES256');
  const trap = await testServer(json({ keys: [attacker.publicJwk] }));
  try {
    const authenticator = login();
    const token = await attacker.sign({}, { [parameter]: `${trap.url}/keys` });
    expect((await refusal(ask(authenticator, token))).code).toBe('UNAUTHENTICATED');
    expect(trap.requests).toEqual([]);
  } finally {
    await trap.close();
  }
});

it('a key server that is slow, but has not failed, is waited for', async () => {
  server.answer((request, response) => {
    setTimeout(() => json({ keys: [k1.publicJwk] })(request, response), 2_300);
  });
  expect(await ask(login(), await k1.sign())).toMatchObject({ userId: 'u1' });
});

it('a log that cannot be written keeps nobody from signing in', async () => {
  server.answer(json({ keys: [] }));
  const authenticator = login({
    keyCooldownSeconds: 0.1,
    onProblem: () => {
      throw new Error('disk full');
    },
  });
  await eventually(() => authenticator.problem() === 'the key set holds no public signature key');
  server.answer(json({ keys: [k1.publicJwk] }));
  await eventually(() => authenticator.problem() === null);
  expect(await ask(authenticator, await k1.sign())).toMatchObject({ userId: 'u1' });
});

it('after close() nothing is fetched any more', async () => {
  server.answer(json({ keys: [] }));
  const authenticator = login({ keyCooldownSeconds: 0.1 });
  await eventually(() => authenticator.problem() === 'the key set holds no public signature key');
  authenticator.close();
  const before = server.requests.length;
  expect((await refusal(ask(authenticator, await k1.sign()))).code).toBe('AUTH_UNAVAILABLE');
  await new Promise((resolve) => setTimeout(resolve, 300));
  expect(server.requests).toHaveLength(before);
});
