import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { extractToken, maxTokenLength } from '../../../src/auth/bearerToken.ts';
import { headersOf, refusal } from './support.ts';

const extract = (fields: Record<string, string | readonly string[]>, cookie?: string) =>
  extractToken(headersOf(fields), cookie);
const refused = (fields: Record<string, string | readonly string[]>, cookie?: string) =>
  refusal(Promise.resolve().then(() => extract(fields, cookie)));

describe('G08 the Bearer scheme is matched without regard to case and spacing', () => {
  it.each(['Bearer abc', 'bearer abc', 'BEARER  abc', 'Bearer abc ', 'bEaReR    abc \t', '\t Bearer abc'])(
    '%j is accepted',
    (value) => {
      expect(extract({ authorization: value })).toBe('abc');
    },
  );

  it.each([
    'Basic abc',
    'Bearer',
    'Bearer ',
    'Bearer abc def',
    'Bearer abc, Bearer def',
    'Bearer abc,def',
    'Token abc',
    'Bearerabc',
    'Bearer\tabc',
    'Bearer =',
    'Bearer a=b',
    'Bearer "abc"',
    'Bearer abc\u00a0',
    'XBearer abc',
    '',
    ' ',
    'abc',
  ])('%j is refused', async (value) => {
    expect(await refused({ authorization: value })).toEqual({
      code: 'UNAUTHENTICATED',
      message: 'The request does not carry exactly one well-formed bearer token; sign in again.',
      reason: 'the Authorization header is not "Bearer" and one token',
      retryAfter: undefined,
    });
  });

  it('every token68 is taken as it is', () => {
    const token68 = fc.stringMatching(/^[A-Za-z0-9\-._~+/]{1,60}={0,2}$/);
    fc.assert(fc.property(token68, (token) => extract({ authorization: `Bearer ${token}` }) === token));
  });
});

describe('an Authorization header', () => {
  it('is refused when there are two, even equal ones', async () => {
    expect(await refused({ authorization: ['Bearer abc', 'Bearer abc'] })).toMatchObject({
      code: 'UNAUTHENTICATED',
      reason: 'more than one Authorization header',
    });
  });

  it('may hold a token of 16 kB and no more', async () => {
    const longest = 'a'.repeat(maxTokenLength);
    expect(extract({ authorization: `Bearer ${longest}` })).toBe(longest);
    expect(await refused({ authorization: `Bearer ${longest}a` })).toMatchObject({
      reason: 'the token is longer than 16 kB',
    });
    expect(await refused({ authorization: `Bearer ${'a'.repeat(10_000_000)}` })).toMatchObject({
      reason: 'the Authorization header is too long',
    });
  });

  it('counts and not the cookie when both are there', async () => {
    const cookie = 'session=good';
    expect(extract({ authorization: 'Bearer abc', cookie }, 'session')).toBe('abc');
    expect((await refused({ authorization: 'Basic abc', cookie }, 'session')).code).toBe('UNAUTHENTICATED');
  });
});

describe('a request without credentials', () => {
  it('has no token', () => {
    expect(extract({})).toBeNull();
    expect(extract({ cookie: 'session=abc' })).toBeNull();
    expect(extract({ cookie: 'other=abc; sessions=x; Session=y; session' }, 'session')).toBeNull();
  });
});

describe('the token cookie', () => {
  it.each([
    ['session=abc'],
    ['a=b; session=abc; c=d'],
    ['a=b;session=abc'],
    ['session="abc"'],
    [' session = abc '],
    ['a="x; session=abc'],
  ])('is found in %j', (cookie) => {
    expect(extract({ cookie }, 'session')).toBe('abc');
  });

  it('is found in one of several Cookie headers', () => {
    expect(extract({ cookie: ['a=b', 'session=abc'] }, 'session')).toBe('abc');
  });

  it.each([['session=abc; session=def'], ['session=abc; session=abc']])(
    'is refused when it occurs twice: %j',
    async (cookie) => {
      expect(await refused({ cookie }, 'session')).toMatchObject({
        code: 'UNAUTHENTICATED',
        reason: 'the token cookie occurs more than once',
      });
    },
  );

  it('is refused when it occurs in two headers', async () => {
    expect((await refused({ cookie: ['session=abc', 'session=abc'] }, 'session')).code).toBe(
      'UNAUTHENTICATED',
    );
  });

  it.each([
    'session=',
    'session=""',
    'session="abc',
    'session=a b',
    'session=%41',
    'session=a,b',
    'session="',
  ])('%j is refused', async (cookie) => {
    expect(await refused({ cookie }, 'session')).toMatchObject({
      code: 'UNAUTHENTICATED',
      reason: 'the token cookie does not hold one token',
    });
  });

  it('may be as long as a header token', async () => {
    expect(await refused({ cookie: `session=${'a'.repeat(maxTokenLength + 1)}` }, 'session')).toMatchObject({
      reason: 'the token is longer than 16 kB',
    });
  });
});

it('whatever the headers hold, the answer is a token, null or UNAUTHENTICATED', async () => {
  const value = fc.oneof(
    fc.string({ unit: fc.integer({ min: 0, max: 0xff }).map((code) => String.fromCharCode(code)) }),
    fc.string().map((text) => `Bearer ${text}`),
  );
  await fc.assert(
    fc.asyncProperty(
      fc.array(value, { maxLength: 2 }),
      fc.array(value, { maxLength: 2 }),
      async (authorization, cookie) => {
        const outcome = await Promise.resolve()
          .then(() => extract({ authorization, cookie }, 'session'))
          .catch((error: { code?: string }) => error.code);
        return (
          outcome === null ||
          outcome === 'UNAUTHENTICATED' ||
          (typeof outcome === 'string' && /^[\w\-.~+/]+=*$/.test(outcome))
        );
      },
    ),
    { numRuns: 500 },
  );
});
