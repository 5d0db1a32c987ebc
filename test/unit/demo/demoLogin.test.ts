import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createRemoteJWKSet, decodeProtectedHeader, jwtVerify } from 'jose';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createDemoLogin, type DemoLogin } from '../../../src/demo/demoLogin.ts';

let now: number;
let login: DemoLogin;
let issuer: string;
beforeEach(async () => {
  now = Date.UTC(2026, 0, 2, 3, 4, 5, 678);
  login = createDemoLogin({ clock: { now: () => now } });
  ({ issuer } = await login.listen());
});
afterEach(() => login.close());

const seconds = () => Math.floor(now / 1000);
const post = (form: Record<string, string> | string, headers: Record<string, string> = {}) =>
  fetch(`${issuer}/token`, {
    method: 'POST',
    headers: { 'content-type': 'application/x-www-form-urlencoded', ...headers },
    body: typeof form === 'string' ? form : String(new URLSearchParams(form)),
  });

async function verify(token: string, from = issuer) {
  const discovery = (await (await fetch(`${from}/.well-known/openid-configuration`)).json()) as {
    issuer: string;
    jwks_uri: string;
  };
  expect(discovery.issuer).toBe(from);
  const keys = createRemoteJWKSet(new URL(discovery.jwks_uri));
  return jwtVerify(token, keys, {
    issuer: discovery.issuer,
    audience: 'cognito-graphql-demo',
    currentDate: new Date(now),
  });
}

describe('the demo login', () => {
  it('gives a token that verifies by discovery and JWKS', async () => {
    const answer = await post({ grant_type: 'password', username: 'alice', scope: 'admin' });
    expect(answer.status).toBe(200);
    expect(answer.headers.get('cache-control')).toBe('no-store');
    expect(answer.headers.get('access-control-allow-origin')).toBe('*');
    expect(answer.headers.get('content-type')).toBe('application/json');
    const body = (await answer.json()) as { access_token: string };
    expect(body).toEqual({
      access_token: body.access_token,
      token_type: 'Bearer',
      expires_in: 3600,
      scope: 'admin',
    });
    const { payload, protectedHeader } = await verify(body.access_token);
    expect(payload).toEqual({
      iss: issuer,
      aud: 'cognito-graphql-demo',
      sub: 'alice',
      scope: 'admin',
      iat: seconds(),
      exp: seconds() + 3600,
      jti: payload.jti,
    });
    expect(protectedHeader).toMatchObject({ alg: 'ES256', typ: 'JWT' });
  });

  it('leaves the scope out when none is asked for', async () => {
    for (const scope of [{}, { scope: '' }] as Record<string, string>[]) {
      const answer = await post({ grant_type: 'password', username: 'bob', password: 'ignored', ...scope });
      const body = (await answer.json()) as { access_token: string };
      expect(Object.keys(body)).toEqual(['access_token', 'token_type', 'expires_in']);
      expect((await verify(body.access_token)).payload['scope']).toBeUndefined();
    }
  });

  it('publishes the public key only, under a key id of its own', async () => {
    const { keys } = (await (await fetch(`${issuer}/jwks`)).json()) as { keys: Record<string, string>[] };
    expect(keys.map((key) => Object.keys(key).sort())).toEqual([
      ['alg', 'crv', 'kid', 'kty', 'use', 'x', 'y'],
    ]);
    const other = createDemoLogin();
    other.mount('http://other.test');
    const kid = decodeProtectedHeader(await other.issueToken({ user: 'alice' })).kid;
    expect(kid).toMatch(/^[\w-]{43}$/);
    expect(kid).not.toBe(keys[0]?.['kid']);
  });

  it('describes itself at the address that was bound', async () => {
    const answer = await fetch(`${issuer}/.well-known/openid-configuration`);
    expect(await answer.json()).toEqual({
      issuer,
      token_endpoint: `${issuer}/token`,
      jwks_uri: `${issuer}/jwks`,
      grant_types_supported: ['password'],
      response_types_supported: [],
      subject_types_supported: ['public'],
      id_token_signing_alg_values_supported: ['ES256'],
      token_endpoint_auth_methods_supported: ['none'],
      scopes_supported: ['admin'],
    });
    expect(issuer).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/demo-login$/);
  });

  it('passes names on byte for byte', async () => {
    for (const username of ['Ålice ü+&=%', ' alice', '🙂'.repeat(512), 'a'.repeat(1024)]) {
      const answer = await post({ grant_type: 'password', username });
      const { access_token } = (await answer.json()) as { access_token: string };
      expect((await verify(access_token)).payload.sub).toBe(username);
    }
  });

  it.each([
    ['username=alice', 'invalid_request', 'grant_type is missing.'],
    ['grant_type=client_credentials', 'unsupported_grant_type', 'The only grant type is password.'],
    ['grant_type=password', 'invalid_request', 'username is missing.'],
    ['grant_type=password&username=', 'invalid_request', 'username must have 1 to 1024 characters.'],
    [
      `grant_type=password&username=${'a'.repeat(1025)}`,
      'invalid_request',
      'username must have 1 to 1024 characters.',
    ],
    [
      'grant_type=password&username=a%00b',
      'invalid_request',
      'username must not contain control characters.',
    ],
    ['grant_type=password&username=a%FF', 'invalid_request', 'username must be UTF-8.'],
    ['grant_type=password&username=a&username=b', 'invalid_request', 'username must be given once.'],
    [
      'grant_type=password&username=a&scope=a++b',
      'invalid_scope',
      'scope must be values with one space between them.',
    ],
    [
      'grant_type=password&username=a&scope=%22',
      'invalid_scope',
      'scope must be values with one space between them.',
    ],
  ])('refuses %.60s', async (form, error, error_description) => {
    const answer = await post(form);
    expect(answer.status).toBe(400);
    expect(answer.headers.get('cache-control')).toBe('no-store');
    expect(answer.headers.get('access-control-allow-origin')).toBe('*');
    expect(await answer.json()).toEqual({ error, error_description });
  });

  it('refuses other bodies, long ones and other methods', async () => {
    const json = await post('{"grant_type":"password"}', { 'content-type': 'application/json' });
    expect([json.status, await json.json()]).toEqual([
      400,
      { error: 'invalid_request', error_description: 'The body must be application/x-www-form-urlencoded.' },
    ]);
    const long = await post({ grant_type: 'password', username: 'alice', padding: 'x'.repeat(16_384) });
    expect(long.status).toBe(413);
    const get = await fetch(`${issuer}/token`);
    expect([get.status, get.headers.get('allow')]).toEqual([405, 'POST, OPTIONS']);
    const charset = { 'content-type': 'application/x-www-form-urlencoded; charset=UTF-8' };
    expect((await post({ grant_type: 'password', username: 'alice' }, charset)).status).toBe(200);
  });

  it('answers preflights and unknown paths', async () => {
    const preflight = await fetch(`${issuer}/token`, { method: 'OPTIONS' });
    expect(preflight.status).toBe(204);
    expect(preflight.headers.get('access-control-allow-origin')).toBe('*');
    expect(preflight.headers.get('access-control-allow-methods')).toBe('POST');
    expect(preflight.headers.get('access-control-allow-headers')).toBe('authorization, content-type');
    for (const path of ['/demo-login/nothing', '/demo-login', '/', '/demo-login/__proto__']) {
      expect((await fetch(new URL(path, issuer))).status).toBe(404);
    }
    const head = await fetch(`${issuer}/jwks`, { method: 'HEAD' });
    expect([head.status, await head.text()]).toEqual([200, '']);
  });

  it('issues tokens in the process, with a life of its own', async () => {
    const token = await login.issueToken({ user: 'alice', scope: 'admin read', lifetimeSeconds: 60 });
    const { payload } = await verify(token);
    expect(payload).toMatchObject({ sub: 'alice', scope: 'admin read', exp: seconds() + 60 });
    now += 60_000;
    await expect(verify(token)).rejects.toThrow('"exp" claim timestamp check failed');
  });

  it.each([
    [{ user: '' }, 'username must have 1 to 1024 characters.'],
    [{ user: '\uD800' }, 'username must not contain control characters.'],
    [{ user: 'a', scope: ' ' }, 'scope must be values with one space between them.'],
    [{ user: 'a', lifetimeSeconds: 0 }, 'lifetimeSeconds must be a whole number from 1 to 86400.'],
    [{ user: 'a', lifetimeSeconds: 86_401 }, 'lifetimeSeconds must be a whole number from 1 to 86400.'],
  ])('issues nothing for %j', async (input, message) => {
    await expect(login.issueToken(input)).rejects.toThrow(new RangeError(message));
  });
});

describe('a mounted demo login', () => {
  it("answers on another server's port and leaves all other paths to it", async () => {
    const mounted = createDemoLogin({ clock: { now: () => now } });
    expect(() => mounted.issuer).toThrow(
      'The demo login does not know its address yet: call mount or listen.',
    );
    await expect(mounted.issueToken({ user: 'alice' })).rejects.toThrow('call mount or listen');
    const server = createServer((request, response) => {
      if (!mounted.handler(request, response)) response.writeHead(418).end();
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    try {
      const base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
      expect(mounted.mount(`${base}/`)).toBe(`${base}/demo-login`);
      expect(mounted.issuer).toBe(`${base}/demo-login`);
      const token = await mounted.issueToken({ user: 'alice' });
      expect((await verify(token, mounted.issuer)).payload.sub).toBe('alice');
      expect((await fetch(`${base}/graphql`)).status).toBe(418);
      expect((await fetch(`${base}/demo-loginx`)).status).toBe(418);
    } finally {
      server.close();
      server.closeAllConnections();
    }
  });

  it('cannot listen twice, and says when a port is taken', async () => {
    await expect(login.listen()).rejects.toThrow('The demo login is listening already.');
    const port = Number(new URL(issuer).port);
    const other = createDemoLogin();
    await expect(other.listen(port)).rejects.toMatchObject({ code: 'EADDRINUSE' });
    await expect(other.listen()).resolves.toBeDefined();
    await other.close();
  });
});
