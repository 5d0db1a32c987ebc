import type { IncomingMessage, ServerResponse } from 'node:http';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  createIntrospectionAuthenticator,
  type IntrospectionAuthenticatorOptions,
} from '../../../src/auth/index.ts';
import {
  bearer,
  headersOf,
  json,
  never,
  refusal,
  start,
  TestClock,
  type TestServer,
  testServer,
} from './support.ts';

const now = start / 1000;
const active = { active: true, sub: 'u1', scope: 'admin', exp: now + 600 };

interface Question {
  readonly authorization: string | undefined;
  readonly contentType: string | undefined;
  readonly form: Record<string, string>;
}

let server: TestServer;
let clock: TestClock;
let questions: Question[];
let problems: (string | null)[];
let answer: (request: IncomingMessage, response: ServerResponse) => void;

beforeEach(async () => {
  clock = new TestClock();
  questions = [];
  problems = [];
  answer = json(active);
  server = await testServer(async (request, response) => {
    let body = '';
    for await (const chunk of request) body += chunk;
    questions.push({
      authorization: request.headers.authorization,
      contentType: request.headers['content-type'],
      form: Object.fromEntries(new URLSearchParams(body)),
    });
    answer(request, response);
  });
});
afterEach(() => server.close());

const login = (changes: Partial<IntrospectionAuthenticatorOptions> = {}) =>
  createIntrospectionAuthenticator({
    url: `${server.url}/introspect`,
    clientId: 'api',
    clientSecret: 'client-secret',
    clock,
    onProblem: (problem) => problems.push(problem),
    ...changes,
  });
const ask = (authenticator: ReturnType<typeof login>, token = 'opaque-1') =>
  authenticator.authenticate(bearer(token), never());

describe('an opaque token', () => {
  it('is asked about with the client credentials of this service', async () => {
    expect(await ask(login())).toEqual({ userId: 'u1', administrator: true, principalTags: {} });
    expect(questions).toEqual([
      {
        authorization: `Basic ${Buffer.from('api:client-secret').toString('base64')}`,
        contentType: 'application/x-www-form-urlencoded',
        form: { token: 'opaque-1', token_type_hint: 'access_token' },
      },
    ]);
  });

  it('form-encodes the client credentials, so that a colon in them is no separator', async () => {
    await ask(login({ clientId: 'a:b', clientSecret: 'c d%ü' }));
    expect(questions[0]?.authorization).toBe(`Basic ${Buffer.from('a%3Ab:c+d%25%C3%BC').toString('base64')}`);
  });

  it('is not asked about without one: the request is anonymous', async () => {
    expect(await login().authenticate(headersOf({}), never())).toBeNull();
    expect(questions).toEqual([]);
  });

  it('may come in a cookie', async () => {
    const authenticator = login({ cookieName: 'sid' });
    expect(await authenticator.authenticate(headersOf({ cookie: 'sid=opaque-9' }), never())).toMatchObject({
      userId: 'u1',
    });
    expect(questions[0]?.form['token']).toBe('opaque-9');
  });

  it('that is not active is refused, and not asked about again at once', async () => {
    answer = json({ active: false, sub: 'u1' });
    const authenticator = login();
    const expected = {
      code: 'UNAUTHENTICATED',
      message: 'The access token is not valid; sign in again.',
      reason: 'the authorization server says that the token is not active',
      retryAfter: undefined,
    };
    expect(await refusal(ask(authenticator))).toEqual(expected);
    expect(await refusal(ask(authenticator))).toEqual(expected);
    expect(questions).toHaveLength(1);
    expect(authenticator.problem()).toBeNull();
    clock.advanceSeconds(10);
    await refusal(ask(authenticator));
    expect(questions).toHaveLength(2);
  });

  it('of a wrong form is refused without a question', async () => {
    expect(
      (await refusal(login().authenticate(headersOf({ authorization: 'Bearer a b' }), never()))).code,
    ).toBe('UNAUTHENTICATED');
    expect(questions).toEqual([]);
  });

  it.each<[string, Record<string, unknown>, string]>([
    ['no sub', { sub: undefined }, 'sub must be a string'],
    ['a numeric sub', { sub: 42 }, 'sub must be a string'],
    ['exp in the past', { exp: now - 6 }, 'exp is in the past'],
    ['exp null', { exp: null }, 'exp must be a number'],
    ['exp in ten years', { exp: now + 315_360_000 }, 'exp is further away than the maximum token age'],
    ['iat in the future', { iat: now + 6 }, 'iat is in the future'],
    ['nbf in the future', { nbf: now + 6 }, 'nbf is in the future'],
    ['nbf in the future and no exp', { nbf: now + 6, exp: undefined }, 'nbf is in the future'],
    ['an age beyond the maximum and no exp', { iat: now - 86_406, exp: undefined }, 'iat is too long ago'],
  ])('that is active with %s is refused', async (_name, changes, reason) => {
    answer = json({ ...active, ...changes });
    expect(await refusal(ask(login()))).toMatchObject({ code: 'UNAUTHENTICATED', reason });
  });

  it('is held against issuer and audience where they are configured', async () => {
    const strict = { issuer: 'https://idp.test/', audience: ['app', 'app-2'] };
    for (const [claims, reason] of [
      [{ iss: 'https://idp.test', aud: 'app' }, 'claim iss: check failed'],
      [{ aud: 'app' }, 'claim iss: check failed'],
      [{ iss: 'https://idp.test/', aud: 'other' }, 'claim aud: check failed'],
      [{ iss: 'https://idp.test/' }, 'claim aud: check failed'],
      [{ iss: 'https://idp.test/', aud: [['app']] }, 'claim aud: check failed'],
    ] as const) {
      answer = json({ ...active, ...claims });
      expect(await refusal(ask(login(strict)))).toMatchObject({ code: 'UNAUTHENTICATED', reason });
    }
    answer = json({ ...active, iss: 'https://idp.test/', aud: ['x', 'app-2'] });
    expect(await ask(login(strict))).toMatchObject({ userId: 'u1' });
    answer = json({ ...active, iss: 'https://idp.test/', aud: 'app' });
    expect(await ask(login({ ...strict, audience: 'app' }))).toMatchObject({ userId: 'u1' });
  });
});

describe('what the server said', () => {
  it('is believed for a minute by default', async () => {
    const authenticator = login();
    const first = await ask(authenticator);
    clock.advanceSeconds(59);
    expect(await ask(authenticator)).toBe(first);
    expect(questions).toHaveLength(1);
    answer = json({ active: false });
    clock.advanceSeconds(1);
    expect((await refusal(ask(authenticator))).code).toBe('UNAUTHENTICATED');
    expect(questions).toHaveLength(2);
  });

  it('is never believed past exp', async () => {
    answer = json({ ...active, exp: now + 20 });
    const authenticator = login({ cacheSeconds: 3600 });
    await ask(authenticator);
    clock.advanceSeconds(19);
    await ask(authenticator);
    expect(questions).toHaveLength(1);
    clock.advanceSeconds(7);
    expect(await refusal(ask(authenticator))).toMatchObject({ reason: 'exp is in the past' });
  });

  it('is believed for as long as configured, also without exp', async () => {
    answer = json({ active: true, sub: 'u1' });
    const authenticator = login({ cacheSeconds: 5 });
    await ask(authenticator);
    clock.advanceSeconds(4);
    await ask(authenticator);
    expect(questions).toHaveLength(1);
    clock.advanceSeconds(1);
    await ask(authenticator);
    expect(questions).toHaveLength(2);
  });

  it('is not remembered with a cache time of 0', async () => {
    const authenticator = login({ cacheSeconds: 0 });
    await ask(authenticator);
    await ask(authenticator);
    expect(questions).toHaveLength(2);
  });

  it('G16 about one token is never used for another', async () => {
    const authenticator = login();
    const pending: (() => void)[] = [];
    answer = (request, response) => {
      const token = questions.at(-1)?.form['token'];
      pending.push(() => json({ active: true, sub: `user-of-${token}` })(request, response));
      if (pending.length === 2) for (const send of pending.reverse()) send();
    };
    const [one, two] = await Promise.all([ask(authenticator, 'a'), ask(authenticator, 'b')]);
    expect([one?.userId, two?.userId]).toEqual(['user-of-a', 'user-of-b']);
  });

  it('is asked once for equal requests at a time, and an impatient one stops nobody', async () => {
    const authenticator = login();
    const impatient = new AbortController();
    const lost = authenticator.authenticate(bearer('opaque-1'), impatient.signal);
    const others = Promise.all(Array.from({ length: 20 }, () => ask(authenticator)));
    impatient.abort(new Error('gone'));
    await expect(lost).rejects.toThrow('gone');
    expect((await others).map((principal) => principal?.userId)).toEqual(Array(20).fill('u1'));
    expect(questions).toHaveLength(1);
  });

  it('does not let guesses displace good tokens', async () => {
    const authenticator = login({ maxCachedTokens: 1 });
    await ask(authenticator, 'good');
    answer = json({ active: false });
    await Promise.all(Array.from({ length: 20 }, (_, i) => refusal(ask(authenticator, `guess-${i}`))));
    expect(await ask(authenticator, 'good')).toMatchObject({ userId: 'u1' });
    expect(questions.filter(({ form }) => form['token'] === 'good')).toHaveLength(1);
  });
});

describe('an authorization server that cannot be asked', () => {
  it.each<[string, (request: IncomingMessage, response: ServerResponse) => void, string]>([
    ['503', json({}, {}, 503), 'the introspection answer was answered with status 503'],
    [
      '401, because our own client is refused',
      json({}, {}, 401),
      'the introspection answer was answered with status 401',
    ],
    [
      'a redirect',
      (_request, response) => void response.writeHead(307, { location: '/' }).end(),
      'the introspection answer was answered with a redirect, which is not followed',
    ],
    ['HTML', (_request, response) => void response.end('<html>'), 'the introspection answer is not JSON'],
    ['no active', json({ sub: 'u1' }), 'the introspection answer does not say whether the token is active'],
    [
      'active as text',
      json({ active: 'true', sub: 'u1' }),
      'the introspection answer does not say whether the token is active',
    ],
    [
      'too much',
      json({ ...active, filler: 'x'.repeat(65_536) }),
      'the introspection answer is larger than 65536 bytes',
    ],
    [
      'a closed connection',
      (request) => void request.socket.destroy(),
      'the introspection answer cannot be fetched (ECONNRESET)',
    ],
    ['nothing', () => {}, 'the introspection answer did not arrive within 1000 ms'],
  ])('because of %s gives 503 and is reported until it works again', async (_name, handler, problem) => {
    answer = handler;
    const authenticator = login({ fetchTimeoutMs: problem.endsWith('1000 ms') ? 1_000 : 5_000 });
    expect(await refusal(ask(authenticator))).toEqual({
      code: 'AUTH_UNAVAILABLE',
      message: 'Sign-in cannot be checked at the moment; try again shortly.',
      reason: problem,
      retryAfter: 1,
    });
    expect(authenticator.problem()).toBe(problem);
    answer = json(active);
    expect(await ask(login())).toMatchObject({ userId: 'u1' });
    expect(await ask(authenticator)).toMatchObject({ userId: 'u1' });
    expect(authenticator.problem()).toBeNull();
    expect(problems).toEqual([problem, null]);
  });

  it('is no longer reported half a minute after the last failure, so that requests come in again', async () => {
    answer = json({}, {}, 500);
    const authenticator = login();
    await refusal(ask(authenticator));
    clock.advanceSeconds(29);
    expect(authenticator.problem()).toBe('the introspection answer was answered with status 500');
    clock.advanceSeconds(1);
    expect(authenticator.problem()).toBeNull();
  });

  it('is not asked more questions at a time than configured', async () => {
    answer = () => {};
    const authenticator = login({ maxConcurrent: 2, fetchTimeoutMs: 200 });
    const reasons = await Promise.all(['a', 'b', 'c'].map((token) => refusal(ask(authenticator, token))));
    expect(reasons.map(({ code, reason }) => `${code} ${reason}`)).toEqual([
      'AUTH_UNAVAILABLE the introspection answer did not arrive within 200 ms',
      'AUTH_UNAVAILABLE the introspection answer did not arrive within 200 ms',
      'AUTH_UNAVAILABLE too many introspection requests at a time',
    ]);
    answer = json(active);
    expect(await ask(authenticator, 'c')).toMatchObject({ userId: 'u1' });
  });
});

describe('bad options', () => {
  it.each<[string, Partial<IntrospectionAuthenticatorOptions>, string]>([
    ['an http endpoint elsewhere', { url: 'http://idp.test/introspect' }, 'url must be an https: URI'],
    ['no client id', { clientId: '' }, 'clientId and clientSecret must not be empty'],
    ['no client secret', { clientSecret: '' }, 'clientId and clientSecret must not be empty'],
    ['an empty issuer', { issuer: '' }, 'issuer must be left out or not be empty'],
    ['no audience in the list', { audience: [] }, 'audience must be left out'],
    ['an empty audience', { audience: '' }, 'audience must be left out'],
    ['an endless cache', { cacheSeconds: 3601 }, 'cacheSeconds must be a number from 0 to 3600'],
    ['a bad cookie name', { cookieName: 'a b' }, 'cookieName must be a cookie name'],
    ['no concurrency', { maxConcurrent: 0 }, 'maxConcurrent must be a number from 1 to 1000'],
    ['no time', { fetchTimeoutMs: 0 }, 'fetchTimeoutMs must be a number from 100 to 60000'],
  ])('%s', (_name, changes, message) => {
    expect(() => login(changes)).toThrow(TypeError);
    expect(() => login(changes)).toThrow(message);
  });
});
