import { describe, expect, it } from 'vitest';
import { ask, clock, forged, k1, k2, login, server, setUpKeySet } from './keySetSetUp.ts';
import { eventually, json, refusal, withDefaults } from './support.ts';

setUpKeySet();

describe('rotation', () => {
  it('is waited for by all tokens with the new key that come at a time', async () => {
    const authenticator = login();
    await ask(authenticator, await k1.sign());
    server.answer(json({ keys: [k2.publicJwk] }));
    clock.advanceSeconds(31);
    const tokens = await Promise.all(['u1', 'u2', 'u3'].map((sub) => k2.sign({ sub })));
    const principals = await Promise.all(tokens.map((token) => ask(authenticator, token)));
    expect(principals.map((principal) => principal?.userId)).toEqual(['u1', 'u2', 'u3']);
    expect(server.requests).toHaveLength(2);
  });

  it('forgets tokens verified with a key that is gone', async () => {
    const authenticator = login();
    const token = await k1.sign({ exp: (withDefaults({})['exp'] as number) + 3600 });
    await ask(authenticator, token);
    server.answer(json({ keys: [k2.publicJwk] }));
    clock.advanceSeconds(31);
    expect(await ask(authenticator, await k2.sign())).toMatchObject({ userId: 'u1' });
    expect(await refusal(ask(authenticator, token))).toMatchObject({
      code: 'UNAUTHENTICATED',
      reason: 'no key of the issuer fits the token',
    });
  });

  it('is noticed when only remembered tokens come in', async () => {
    const authenticator = login();
    const token = await k1.sign({ exp: (withDefaults({})['exp'] as number) + 3600 });
    await ask(authenticator, token);
    server.answer(json({ keys: [k2.publicJwk] }));
    clock.advanceSeconds(601);
    expect(await ask(authenticator, token)).toMatchObject({ userId: 'u1' });
    await eventually(async () => (await ask(authenticator, token).catch(() => null)) === null);
    expect(server.requests).toHaveLength(2);
  });

  it('after a long silence is noticed before the first token is accepted', async () => {
    const authenticator = login();
    const token = await k1.sign({ exp: (withDefaults({})['exp'] as number) + 3600 });
    await ask(authenticator, token);
    server.answer(json({ keys: [k2.publicJwk] }));
    clock.advanceSeconds(600 + 60);
    expect((await refusal(ask(authenticator, token))).code).toBe('UNAUTHENTICATED');
  });

  it('is no rotation when the same keys come in another order', async () => {
    server.answer(json({ keys: [k1.publicJwk, k2.publicJwk] }));
    const authenticator = login();
    const token = await k1.sign({ exp: (withDefaults({})['exp'] as number) + 3600 });
    const principal = await ask(authenticator, token);
    const reordered = Object.fromEntries(Object.entries(k1.publicJwk).reverse());
    server.answer(json({ keys: [k2.publicJwk, reordered] }));
    clock.advanceSeconds(700);
    expect(await refusal(ask(authenticator, forged('x')))).toMatchObject({ code: 'UNAUTHENTICATED' });
    expect(server.requests).toHaveLength(2);
    expect(await ask(authenticator, token)).toBe(principal);
  });
});

describe('freshness', () => {
  it('is restored in the background: no token waits for a routine refresh', async () => {
    const authenticator = login({ fetchTimeoutMs: 60_000 });
    await ask(authenticator, await k1.sign());
    server.answer(() => {});
    clock.advanceSeconds(601);
    const exp = (withDefaults({})['exp'] as number) + 600;
    expect(await ask(authenticator, await k1.sign({ sub: 'u2', exp }))).toMatchObject({ userId: 'u2' });
    await eventually(() => server.requests.length === 2);
  });

  it.each([
    ['max-age=300', 300],
    ['public, MAX-AGE="300"', 300],
    ['max-age=1', 60],
    ['no-store', 60],
    ['max-age=99999999', 86_400],
    ['private', 600],
  ])('Cache-Control: %s keeps the keys for %i seconds', async (header, seconds) => {
    server.answer(json({ keys: [k1.publicJwk] }, { 'cache-control': header }));
    const authenticator = login({ maxTokenAgeSeconds: 200_000 });
    const token = await k1.sign({ exp: (withDefaults({})['exp'] as number) + 150_000 });
    await ask(authenticator, token);
    clock.advanceSeconds(seconds - 1);
    await ask(authenticator, token);
    expect(server.requests).toHaveLength(1);
    clock.advanceSeconds(1);
    await ask(authenticator, token);
    await eventually(() => server.requests.length === 2);
  });
});
