import { getEventListeners } from 'node:events';
import { describe, expect, it } from 'vitest';
import { type CognitoGraphQLOptions } from '../../../src/client/index.ts';
import { gate, until, useBackend } from './clientStage.ts';
import {
  cognitoError,
  exchanged,
  failureOf,
  fakeTime,
  identityOf,
  issued,
  loginOf,
  refused,
  userOf,
} from './testServers.ts';

const { backend, providerFor } = useBackend();

describe('a login token that is refused (F03)', () => {
  function counting() {
    const forced: boolean[] = [];
    const getToken: CognitoGraphQLOptions['getToken'] = ({ force }) => {
      forced.push(force);
      return loginOf('alice', force ? 2 : 1);
    };
    return { forced, getToken };
  }

  it.each([
    ['a 401', 401],
    ['a 200 with an error', 200],
  ])('is replaced once and sent again after %s', async (_, status) => {
    const { forced, getToken } = counting();
    backend.api.reply = (request, count) =>
      count === 1 ? refused('UNAUTHENTICATED', status) : issued(userOf(request));
    expect((await providerFor({ getToken })()).identityId).toBe(identityOf('alice'));
    expect(forced).toEqual([false, true]);
    expect(backend.api.seen.map(({ headers }) => headers.authorization)).toEqual([
      `Bearer ${loginOf('alice', 1)}`,
      `Bearer ${loginOf('alice', 2)}`,
    ]);
  });

  it.each([
    ['a 401', () => refused('UNAUTHENTICATED', 401)],
    ['a 200 with an error', () => refused('UNAUTHENTICATED', 200)],
    ['the bare 401 of a proxy', () => ({ status: 401, body: '' })],
  ])('ends in SIGN_IN_REQUIRED after a second time of %s', async (_, reply) => {
    const { forced, getToken } = counting();
    backend.api.reply = reply;
    expect(await failureOf(providerFor({ getToken })())).toMatchObject({
      name: 'CognitoGraphQLError',
      code: 'SIGN_IN_REQUIRED',
    });
    expect(forced).toEqual([false, true]);
    expect(backend.api.seen).toHaveLength(2);
  });

  it('is not sent again for a while, nor is the login opened again, however often credentials are asked for', async () => {
    const { forced, getToken } = counting();
    const time = fakeTime();
    backend.api.reply = () => refused('UNAUTHENTICATED', 401);
    const provider = providerFor({ getToken, environment: time.environment });
    for (let i = 0; i < 5; i++)
      expect(await failureOf(provider())).toMatchObject({ code: 'SIGN_IN_REQUIRED' });
    expect(forced.filter(Boolean)).toHaveLength(1);
    expect(backend.api.seen).toHaveLength(2);
    time.offsetMs = 11_000;
    await failureOf(provider());
    expect(backend.api.seen).toHaveLength(4);
  });

  it('is not sent again for a while either when the app keeps the new one', async () => {
    let version = 1;
    backend.api.reply = () => refused('UNAUTHENTICATED', 401);
    const provider = providerFor({
      getToken: ({ force }) => {
        if (force) version++;
        return loginOf('alice', version);
      },
    });
    await failureOf(provider());
    expect(await failureOf(provider())).toMatchObject({ code: 'SIGN_IN_REQUIRED' });
    expect([version, backend.api.seen.length]).toEqual([2, 2]);
  });

  it('is forgotten once the user has signed in again', async () => {
    let version = 1;
    backend.api.reply = () => refused('UNAUTHENTICATED', 401);
    const provider = providerFor({ getToken: () => loginOf('alice', version) });
    await failureOf(provider());
    version = 3;
    backend.api.reply = (request) => issued(userOf(request));
    expect((await provider()).identityId).toBe(identityOf('alice'));
  });

  it('is noticed among other errors', async () => {
    const errors = ['FORBIDDEN', 'UNAUTHENTICATED'].map((code) => ({ message: 'No.', extensions: { code } }));
    backend.api.reply = (request, count) => (count === 1 ? { body: { errors } } : issued(userOf(request)));
    expect((await providerFor()()).identityId).toBe(identityOf('alice'));
  });

  it('ends in SIGN_IN_REQUIRED when there is no other token', async () => {
    backend.api.reply = () => refused('UNAUTHENTICATED', 401);
    const provider = providerFor({ getToken: ({ force }) => (force ? null : loginOf('alice')) });
    expect(await failureOf(provider())).toMatchObject({ code: 'SIGN_IN_REQUIRED' });
    expect(backend.api.seen).toHaveLength(1);
  });
});

describe('failures that pass', () => {
  it.each([
    ['TOO_MANY_REQUESTS', refused('TOO_MANY_REQUESTS', 429)],
    ['UPSTREAM_THROTTLED', refused('UPSTREAM_THROTTLED', 503)],
    ['UPSTREAM_UNAVAILABLE', refused('UPSTREAM_UNAVAILABLE', 503)],
    ['AUTH_UNAVAILABLE', refused('AUTH_UNAVAILABLE', 503)],
    ['UPSTREAM_THROTTLED with status 200', refused('UPSTREAM_THROTTLED')],
    ['a bare 429', { status: 429, body: '' }],
    ['a bare 503', { status: 503, body: '' }],
    ['an HTML 502', { status: 502, headers: { 'content-type': 'text/html' }, body: '<html>' }],
    ['an HTML 504', { status: 504, headers: { 'content-type': 'text/html' }, body: '<html>' }],
  ])('are sent again with growing waits: %s', async (_, reply) => {
    const time = fakeTime();
    backend.api.reply = (_, count) => (count < 3 ? reply : issued('alice'));
    expect((await providerFor({ environment: time.environment })()).identityId).toBe(identityOf('alice'));
    expect(time.waits).toEqual([250, 500]);
  });

  it('are given up after three times', async () => {
    const time = fakeTime();
    backend.api.reply = () => refused('UPSTREAM_UNAVAILABLE', 503);
    expect(await failureOf(providerFor({ environment: time.environment })())).toMatchObject({
      code: 'UPSTREAM_UNAVAILABLE',
      status: 503,
    });
    expect(backend.api.seen).toHaveLength(3);
  });

  it.each([
    ['of the error', refused('TOO_MANY_REQUESTS', 429, { retryAfter: 4 }), 4250],
    ['of the header', { ...refused('TOO_MANY_REQUESTS', 429), headers: { 'retry-after': '3' } }, 3250],
  ])('wait at least as long as the retryAfter %s says', async (_, reply, wait) => {
    const time = fakeTime();
    backend.api.reply = (_, count) => (count < 2 ? reply : issued('alice'));
    await providerFor({ environment: time.environment })();
    expect(time.waits).toEqual([wait]);
  });

  it('are reported at once when the wait would be long, and nobody is asked before it is over', async () => {
    const time = fakeTime();
    backend.api.reply = () => refused('TOO_MANY_REQUESTS', 429, { retryAfter: 60 });
    const provider = providerFor({ environment: time.environment });
    expect(await failureOf(provider())).toMatchObject({ code: 'TOO_MANY_REQUESTS', retryAfter: 60 });
    expect(await failureOf(provider())).toMatchObject({ code: 'TOO_MANY_REQUESTS' });
    expect(await failureOf(provider.refresh())).toMatchObject({ code: 'TOO_MANY_REQUESTS' });
    time.offsetMs = 50_000;
    expect(await failureOf(provider())).toMatchObject({ code: 'TOO_MANY_REQUESTS' });
    expect(backend.api.seen).toHaveLength(1);
    time.offsetMs = 61_000;
    backend.api.reply = () => issued('alice');
    expect((await provider()).identityId).toBe(identityOf('alice'));
  });

  it('of Cognito are sent again without a new mutation', async () => {
    const time = fakeTime();
    backend.cognito.reply = ({ body }, count) =>
      count < 3
        ? cognitoError('TooManyRequestsException', 'Rate exceeded')
        : exchanged(body.IdentityId, count);
    await providerFor({ environment: time.environment })();
    expect(backend.api.seen).toHaveLength(1);
    expect(backend.cognito.seen).toHaveLength(3);
  });

  it('of the network are sent again, and reported with their cause', async () => {
    const time = fakeTime();
    let calls = 0;
    const cause = new TypeError('fetch failed');
    const environment = {
      ...time.environment,
      fetch: () => {
        calls++;
        return Promise.reject(cause);
      },
    };
    expect(await failureOf(providerFor({ environment })())).toMatchObject({ code: 'NETWORK_ERROR', cause });
    expect(calls).toBe(3);
  });
});

describe('failures that stay', () => {
  it.each([
    'FORBIDDEN',
    'BAD_USER_INPUT',
    'UPSTREAM_MISCONFIGURED',
    'UPSTREAM_FORBIDDEN',
    'INTERNAL_SERVER_ERROR',
  ])('are sent once and keep their code: %s', async (code) => {
    backend.api.reply = () => refused(code);
    expect(await failureOf(providerFor()())).toMatchObject({ code, message: `Refused: ${code}.` });
    expect(backend.api.seen).toHaveLength(1);
  });

  it('are sent once whatever their status', async () => {
    backend.api.reply = () => refused('UPSTREAM_MISCONFIGURED', 503);
    expect(await failureOf(providerFor()())).toMatchObject({ code: 'UPSTREAM_MISCONFIGURED' });
    expect(backend.api.seen).toHaveLength(1);
  });

  it('are not remembered', async () => {
    backend.api.reply = () => refused('UPSTREAM_MISCONFIGURED');
    const provider = providerFor();
    await failureOf(provider());
    backend.api.reply = () => issued('alice');
    expect((await provider()).identityId).toBe(identityOf('alice'));
  });

  it('reach all who wait', async () => {
    backend.api.reply = () => refused('FORBIDDEN');
    const provider = providerFor();
    const failures = await Promise.all([1, 2, 3].map(() => failureOf(provider())));
    expect(failures.map(({ code }) => code)).toEqual(['FORBIDDEN', 'FORBIDDEN', 'FORBIDDEN']);
    expect(backend.api.seen).toHaveLength(1);
  });
});

describe('answers that are not what the protocol promises (F08)', () => {
  const html = { 'content-type': 'text/html; charset=utf-8' };

  it.each([
    ['HTML of a proxy', { status: 502, headers: html, body: '<html>\n<p>secret' }, '502 "<html>"'],
    ['HTML with status 200', { headers: html, body: '<!doctype html>' }, '200 "<!doctype html>"'],
    ['an empty body', { body: '' }, '200 with no body'],
    ['a JSON string', { body: '"ok"' }, '200 ""ok""'],
    ['neither data nor errors', { body: {} }, '200 "{}"'],
    ['no data', { body: { data: null } }, '200 "{"data":null}"'],
  ])('are named by status and first line: %s', async (_, reply, summary) => {
    const time = fakeTime();
    backend.api.reply = () => reply;
    expect(await failureOf(providerFor({ environment: time.environment })())).toMatchObject({
      code: 'INVALID_ANSWER',
      message: `The API answered ${summary}.`,
    });
  });

  it('are not credentials when the status is that of a failure', async () => {
    backend.api.reply = () => ({ ...issued('alice'), status: 500 });
    expect(await failureOf(providerFor()())).toMatchObject({ code: 'INVALID_ANSWER', status: 500 });
    expect(backend.cognito.seen).toEqual([]);
  });

  it.each([
    ['HTML', { status: 403, headers: html, body: '<html>' }, 'Cognito answered 403 "<html>".'],
    ['an empty body', { body: '' }, 'Cognito answered 200 with no body.'],
    ['no credentials', { body: { IdentityId: 'x' } }, 'Cognito answered 200 "{"IdentityId":"x"}".'],
  ])('are named also when they come from Cognito: %s', async (_, reply, message) => {
    backend.cognito.reply = () => reply;
    expect(await failureOf(providerFor()())).toMatchObject({ code: 'INVALID_ANSWER', message });
  });

  it('end with a time-out when they do not come, once', async () => {
    backend.api.reply = () => new Promise(() => {});
    expect(await failureOf(providerFor({ timeoutMs: 50 })())).toMatchObject({
      code: 'TIMEOUT',
      message: 'The API did not answer in 50 ms.',
    });
    expect(backend.api.seen).toHaveLength(1);
  });

  it('are waited for fifteen seconds by default', async () => {
    const waits: number[] = [];
    let running = 0;
    const environment = {
      setTimer: (_: () => void, milliseconds: number) => {
        waits.push(milliseconds);
        running++;
        return () => {
          running--;
        };
      },
    };
    await providerFor({ environment })();
    expect(waits).toEqual([60_000, 15_000, 15_000]);
    expect(running).toBe(0);
  });

  it('are not waited for any longer once the caller has aborted', async () => {
    backend.api.reply = () => new Promise(() => {});
    const controller = new AbortController();
    const reason = new Error('navigated away');
    const failure = failureOf(providerFor()({ signal: controller.signal }));
    await until(() => backend.api.seen.length > 0);
    controller.abort(reason);
    expect(await failure).toBe(reason);
    await until(() => backend.api.seen[0]?.cut() === true);
  });

  it('still come for the others when one caller has aborted', async () => {
    const { opened: answered, open: answer } = gate();
    backend.api.reply = async () => {
      await answered;
      return issued('alice');
    };
    const provider = providerFor();
    const controller = new AbortController();
    const impatient = failureOf(provider({ signal: controller.signal }));
    const patient = provider();
    await until(() => backend.api.seen.length > 0);
    controller.abort();
    await impatient;
    answer();
    expect((await patient).identityId).toBe(identityOf('alice'));
    expect(backend.api.seen).toHaveLength(1);
  });

  it('leave no listener on the signal of the caller', async () => {
    const { signal } = new AbortController();
    const provider = providerFor();
    for (let i = 0; i < 3; i++) await provider({ signal, forceRefresh: true });
    expect(getEventListeners(signal, 'abort')).toEqual([]);
  });

  it('are not asked for when the caller has aborted before', async () => {
    const reason = new Error('too late');
    expect(await failureOf(providerFor()({ signal: AbortSignal.abort(reason) }))).toBe(reason);
    expect(backend.api.seen).toEqual([]);
  });
});
