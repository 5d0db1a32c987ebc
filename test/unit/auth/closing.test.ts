import { once } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { createIntrospectionAuthenticator, createJwtAuthenticator } from '../../../src/auth/index.ts';
import {
  audience,
  bearer,
  issuer,
  never,
  refusal,
  signingKey,
  type TestServer,
  testServer,
} from './support.ts';

/** A login that takes a question and never answers. */
let server: TestServer;
let asked: Promise<ServerResponse>;
let problems: (string | null)[];
beforeEach(async () => {
  problems = [];
  let tell = (_: ServerResponse) => {};
  asked = new Promise((resolve) => {
    tell = resolve;
  });
  server = await testServer((_: IncomingMessage, response) => tell(response));
});
afterEach(() => server.close());

const common = {
  issuer,
  audience,
  // Longer than this test may take: what ends earlier was given up.
  fetchTimeoutMs: 60_000,
  onProblem: (problem: string | null) => problems.push(problem),
};
const logins = {
  'the key set of a login': async () => ({
    authenticator: createJwtAuthenticator({ ...common, keys: { kind: 'jwks', uri: `${server.url}/jwks` } }),
    token: await (await signingKey('k1')).sign(),
  }),
  'the discovery document of a login': async () => ({
    authenticator: createJwtAuthenticator({ ...common, issuer: server.url, keys: { kind: 'jwks' } }),
    token: await (await signingKey('k1')).sign(),
  }),
  'the introspection of a login': async () => ({
    authenticator: createIntrospectionAuthenticator({
      ...common,
      url: `${server.url}/introspect`,
      clientId: 'api',
      clientSecret: 'client-secret',
    }),
    token: 'opaque',
  }),
};

it.each(Object.entries(logins))('a stop gives up what is being asked: %s', async (_, create) => {
  const { authenticator, token } = await create();
  const waiting = refusal(authenticator.authenticate(bearer(token), never()));
  const question = await asked;
  const ended = once(question, 'close');
  authenticator.close();
  await ended;
  expect((await waiting).code).toBe('AUTH_UNAVAILABLE');
  expect(server.requests).toHaveLength(1);
  // A stop is no problem of the login.
  expect(problems).toEqual([]);
});
