import { afterEach, beforeAll, beforeEach } from 'vitest';
import { createJwtAuthenticator, type JwtAuthenticatorOptions } from '../../../src/auth/index.ts';
import type { JwtAuthenticator } from '../../../src/auth/jwtAuthenticator.ts';
import {
  audience,
  bearer,
  issuer,
  json,
  never,
  type SigningKey,
  signingKey,
  TestClock,
  type TestServer,
  testServer,
  withDefaults,
} from './support.ts';

/** Two keys of a login, of which its server publishes the first, and authenticators that are closed after each test. */
export let k1: SigningKey;
export let k2: SigningKey;
/** Anew for each test. */
export let server: TestServer;
export let clock: TestClock;
export let problems: (string | null)[];
const open: JwtAuthenticator[] = [];

/** For the top of a test file. */
export function setUpKeySet(): void {
  beforeAll(async () => {
    [k1, k2] = await Promise.all([signingKey('k1'), signingKey('k2')]);
  });
  beforeEach(async () => {
    clock = new TestClock();
    problems = [];
    server = await testServer(json({ keys: [k1.publicJwk] }));
  });
  afterEach(async () => {
    for (const login of open.splice(0)) login.close();
    await server.close();
  });
}

export function loginAt(
  uri: string | undefined,
  changes: Partial<JwtAuthenticatorOptions> = {},
): JwtAuthenticator {
  const login = createJwtAuthenticator({
    issuer,
    audience,
    keys: uri === undefined ? { kind: 'jwks' } : { kind: 'jwks', uri },
    clock,
    onProblem: (problem) => problems.push(problem),
    ...changes,
  });
  open.push(login);
  return login;
}

export const login = (changes: Partial<JwtAuthenticatorOptions> = {}) =>
  loginAt(`${server.url}/jwks`, changes);
export const ask = (authenticator: JwtAuthenticator, token: string) =>
  authenticator.authenticate(bearer(token), never());
/** A token that is well-formed, signed by nobody, and names a key of its own. */
export const forged = (kid: unknown) =>
  [{ alg: 'RS256', kid }, withDefaults({ nonce: kid })]
    .map((part) => Buffer.from(JSON.stringify(part)).toString('base64url'))
    .concat('AAAA')
    .join('.');
