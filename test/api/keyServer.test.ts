import { afterEach, expect, it } from 'vitest';
import { type Stack, startStack } from '../support/stack.ts';
import {
  issuer,
  type SigningKey,
  signingKey,
  TestClock,
  type TestServer,
  testServer,
} from '../unit/auth/support.ts';

let stack: Stack | undefined;
let server: TestServer | undefined;
afterEach(async () => {
  await stack?.stop();
  await server?.close();
});

const answering = (...keys: SigningKey[]) => JSON.stringify({ keys: keys.map(({ publicJwk }) => publicJwk) });
const startWith = (url: string, clock: TestClock) =>
  startStack({
    env: { AUTH_ISSUER: issuer, AUTH_AUDIENCE: 'app', AUTH_JWKS_URI: `${url}/jwks` },
    parts: { clock },
  });
const ask = (running: Stack, token: string) =>
  running.send({ query: '{ me { userId } }', headers: { authorization: `Bearer ${token}` } });
const forged = (kid: string) => {
  const part = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');
  return `${part({ alg: 'RS256', kid })}.${part({ iss: issuer, aud: 'app', sub: 'u1', exp: 9e9 })}.c2lnbmF0dXJl`;
};

it('G10 a key server that is down keeps nothing from starting; sign-in is 503 until it is back, and then works', async () => {
  const k1 = await signingKey('k1');
  const down = await testServer(() => undefined);
  await down.close();
  const running = await startWith(down.url, new TestClock());
  stack = running;
  expect((await fetch(`${running.app.url}/livez`)).status).toBe(200);
  const readiness = await fetch(`${running.app.url}/readyz`);
  expect([readiness.status, await readiness.json()]).toEqual([
    503,
    {
      status: 'not ready',
      problems: [
        {
          check: 'login',
          problem: expect.stringMatching(/^the key set cannot be fetched|^the keys have not been loaded yet/),
        },
      ],
    },
  ]);
  const token = await k1.sign();
  const refused = await ask(running, token);
  expect([refused.status, Number(refused.headers.get('retry-after')) >= 1]).toEqual([503, true]);
  expect(refused.errors?.map(({ extensions }) => extensions['code'])).toEqual(['AUTH_UNAVAILABLE']);

  server = await testServer((_, response) => response.end(answering(k1)), Number(new URL(down.url).port));
  await expect
    .poll(async () => (await ask(running, token)).data, { timeout: 10_000 })
    .toEqual({ me: { userId: 'u1' } });
  expect((await fetch(`${running.app.url}/readyz`)).status).toBe(200);
});

it('G11 a flood of made-up key ids costs the key server one request, and no user notices', async () => {
  const clock = new TestClock();
  const [k1, k2] = [await signingKey('k1'), await signingKey('k2')];
  const keyServer = await testServer((_, response) => response.end(answering(k1)));
  server = keyServer;
  const running = await startWith(keyServer.url, clock);
  stack = running;
  const good = await k1.sign();
  expect((await ask(running, good)).status).toBe(200);
  expect(keyServer.requests).toHaveLength(1);
  clock.advanceSeconds(31);

  const flood = Array.from({ length: 200 }, (_, i) => ask(running, forged(`kid-${i}\n../${'x'.repeat(i)}`)));
  const users = Array.from({ length: 20 }, (_, i) =>
    k1.sign({ sub: `u${i}` }).then((token) => ask(running, token)),
  );
  expect(new Set((await Promise.all(flood)).map(({ status }) => status))).toEqual(new Set([401]));
  expect(new Set((await Promise.all(users)).map(({ status }) => status))).toEqual(new Set([200]));
  expect(keyServer.requests).toEqual(['/jwks', '/jwks']);

  keyServer.answer((_, response) => response.end(answering(k2)));
  clock.advanceSeconds(1);
  const rotated = await k2.sign();
  expect((await ask(running, rotated)).status).toBe(401);
  clock.advanceSeconds(30);
  expect((await ask(running, rotated)).data).toEqual({ me: { userId: 'u1' } });
  expect(keyServer.requests).toHaveLength(3);
});
