import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  type ClaimOptions,
  type Claims,
  checkClaimOptions,
  checkLifetime,
  checkLifetimeWithoutEnd,
  toPrincipal,
} from '../../../src/auth/claims.ts';
import { refusal, start } from './support.ts';

const principalOf = (claims: Claims, options: ClaimOptions = {}) =>
  toPrincipal(claims, checkClaimOptions(options));
const refused = (claims: Claims, options: ClaimOptions = {}) =>
  refusal(Promise.resolve().then(() => principalOf(claims, options)));

const range = (min: number, max: number) => fc.integer({ min, max });

describe('the user id', () => {
  it('is every well-formed string of 1 to 1024 characters, unchanged', () => {
    const character = fc
      .oneof(range(0x20, 0x7e), range(0xa0, 0xd7ff), range(0xe000, 0x10ffff))
      .map((code) => String.fromCodePoint(code));
    const wellFormed = fc.string({ unit: character, minLength: 1, maxLength: 60 });
    fc.assert(fc.property(wellFormed, (sub) => principalOf({ sub }).userId === sub));
  });

  it.each([
    ' u1 ',
    'É',
    'É'.normalize('NFD'),
    'U1',
    '\u200bu1',
    '\ufffd',
    '👩‍💻',
    '\ufeff',
    '\u2028',
    '__proto__',
    'a'.repeat(1024),
  ])('%j is passed on as it is', (sub) => {
    expect(principalOf({ sub }).userId).toBe(sub);
  });

  it('is refused when it is not a string', async () => {
    const noString = fc.anything().filter((value) => typeof value !== 'string');
    await fc.assert(
      fc.asyncProperty(noString, async (sub) => {
        const { code, reason } = await refused({ sub });
        return code === 'UNAUTHENTICATED' && reason === 'sub must be a string';
      }),
    );
  });

  it.each([[''], ['a'.repeat(1025)], ['👩'.repeat(513)]])(
    'is refused with a length outside 1 to 1024 UTF-16 code units',
    async (sub) => {
      expect(await refused({ sub })).toMatchObject({
        code: 'UNAUTHENTICATED',
        reason: 'sub must have 1 to 1024 characters',
      });
    },
  );

  it('is refused with any control character or lone surrogate in it, wherever', async () => {
    const bad = fc.oneof(range(0, 0x1f), range(0x7f, 0x9f), range(0xd800, 0xdfff));
    await fc.assert(
      fc.asyncProperty(
        fc.stringMatching(/^[a-z]{0,20}$/),
        bad,
        fc.stringMatching(/^[a-z]{0,20}$/),
        async (left, code, right) => {
          const { reason } = await refused({ sub: left + String.fromCharCode(code) + right });
          return reason === 'sub must not hold control characters or lone surrogates';
        },
      ),
    );
  });

  it('comes from the configured claim alone', async () => {
    expect(principalOf({ sub: 'a', uid: 'b' }, { userClaim: 'uid' }).userId).toBe('b');
    expect(await refused({ sub: 'a' }, { userClaim: 'uid' })).toMatchObject({
      reason: 'uid must be a string',
    });
  });

  it('is never an inherited property', async () => {
    const claims = Object.create({ sub: 'u1' }) as Claims;
    expect(await refused(claims)).toMatchObject({ reason: 'sub must be a string' });
  });
});

describe('an administrator', () => {
  it.each<[string, Claims]>([
    ['scope', { scope: 'admin' }],
    ['scope among others', { scope: 'openid admin profile' }],
    ['scp as a string', { scp: 'openid admin' }],
    ['scp as a list', { scp: ['openid', 'admin'] }],
    ['roles', { roles: ['user', 'admin'] }],
  ])('is named by %s', (_name, claims) => {
    expect(principalOf({ sub: 'u1', ...claims }).administrator).toBe(true);
  });

  it.each<[string, Claims]>([
    ['no claim', {}],
    ['a longer word', { scope: 'administrator', scp: ['administrator'], roles: ['administrator'] }],
    ['a word that ends so', { scope: 'not-admin', roles: ['not-admin'] }],
    ['another case', { scope: 'Admin ADMIN', roles: ['Admin'] }],
    ['other white space', { scope: 'openid\tadmin', scp: 'openid\nadmin' }],
    ['a comma', { scope: 'openid,admin' }],
    ['a joined list member', { scp: ['openid admin'], roles: ['openid admin'] }],
    ['roles as a string', { roles: 'admin' }],
    ['scope as a list', { scope: ['admin'] }],
    ['nested lists', { scp: [['admin']], roles: [['admin']] }],
    ['objects', { scope: { admin: true }, scp: { 0: 'admin', length: 1 }, roles: { admin: true } }],
    ['booleans', { admin: true, administrator: true, scope: true }],
    ['a role in another claim', { role: 'admin', groups: ['admin'], permissions: ['admin'] }],
  ])('is not made by %s', (_name, claims) => {
    expect(principalOf({ sub: 'u1', ...claims }).administrator).toBe(false);
  });

  it('has whatever scope is configured', () => {
    const options = { adminScope: 'https://idp.test/scopes/ops:write' };
    expect(
      principalOf({ sub: 'u1', scope: 'a https://idp.test/scopes/ops:write' }, options).administrator,
    ).toBe(true);
    expect(principalOf({ sub: 'u1', scope: 'admin' }, options).administrator).toBe(false);
  });

  it('is made by exact membership only, whatever the words', () => {
    const word = fc.stringMatching(/^[a-z\-:.]{1,8}$/);
    fc.assert(
      fc.property(fc.array(fc.oneof(word, fc.constant('admin'))), (words) => {
        const expected = words.includes('admin');
        return (
          principalOf({ sub: 'u', scope: words.join(' ') }).administrator === expected &&
          principalOf({ sub: 'u', scp: words }).administrator === expected &&
          principalOf({ sub: 'u', roles: words }).administrator === expected
        );
      }),
    );
  });

  it('is never made by a claim of an unexpected type', () => {
    const scope = fc.anything().filter((value) => typeof value !== 'string');
    const roles = fc.anything().filter((value) => !Array.isArray(value));
    fc.assert(
      fc.property(
        scope,
        roles,
        (odd, odder) => !principalOf({ sub: 'u', scope: odd, roles: odder }).administrator,
      ),
    );
  });
});

describe('session tags', () => {
  const principalTags = [
    { tag: 'tenant', claim: 'org' },
    { tag: 'beta', claim: 'beta' },
  ];

  it('are made of strings, safe integers and booleans', () => {
    expect(principalOf({ sub: 'u1', org: 'acme', beta: true }, { principalTags }).principalTags).toEqual({
      tenant: 'acme',
      beta: 'true',
    });
    expect(principalOf({ sub: 'u1', org: 42, beta: false }, { principalTags }).principalTags).toEqual({
      tenant: '42',
      beta: 'false',
    });
    expect(principalOf({ sub: 'u1', org: 'x'.repeat(256) }, { principalTags }).principalTags).toEqual({
      tenant: 'x'.repeat(256),
    });
  });

  it('are left out where the claim is missing or null', () => {
    expect(principalOf({ sub: 'u1', beta: null }, { principalTags }).principalTags).toEqual({});
  });

  it.each<[string, unknown, string]>([
    ['empty', '', 'must have 1 to 256 characters'],
    ['257 characters', 'S'.repeat(257), 'must have 1 to 256 characters'],
    ['a number beyond 2^53', 2 ** 53, 'must be a string, a boolean or a safe integer'],
    ['a fraction', 1.5, 'must be a string, a boolean or a safe integer'],
    ['a list', ['S'], 'must be a string, a boolean or a safe integer'],
    ['an object', { S: 1 }, 'must be a string, a boolean or a safe integer'],
    ['a control character', 'S\n', 'must not hold control characters or lone surrogates'],
  ])('%s is refused with the name of the tag and without the value', async (_name, org, rule) => {
    expect(await refused({ sub: 'u1', org }, { principalTags })).toEqual({
      code: 'UNAUTHENTICATED',
      message: `The access token cannot be used: session tag "tenant" ${rule}.`,
      reason: `session tag "tenant" ${rule}`,
      retryAfter: undefined,
    });
  });

  it('may be called like a member of every object', () => {
    const principal = principalOf(
      { sub: 'u1', org: 'acme' },
      { principalTags: [{ tag: '__proto__', claim: 'org' }] },
    );
    expect(Object.entries(principal.principalTags)).toEqual([['__proto__', 'acme']]);
  });

  it.each<[string, ClaimOptions['principalTags'], string]>([
    [
      '51 of them',
      Array.from({ length: 51 }, (_, i) => ({ tag: `t${i}`, claim: 'c' })),
      'principalTags must have at most 50 entries',
    ],
    ['an empty tag', [{ tag: '', claim: 'c' }], 'must have 1 to 128 letters'],
    ['a tag of 129 characters', [{ tag: 't'.repeat(129), claim: 'c' }], 'must have 1 to 128 letters'],
    ['a tag with a comma', [{ tag: 'a,b', claim: 'c' }], 'must have 1 to 128 letters'],
    ['a tag of AWS', [{ tag: 'AWS:x', claim: 'c' }], 'not begin with aws:'],
    ['no claim', [{ tag: 'a', claim: '' }], 'needs a claim'],
    [
      'the same tag twice',
      [
        { tag: 'a', claim: 'c' },
        { tag: 'A', claim: 'd' },
      ],
      'is given twice',
    ],
  ])('%s cannot be configured', (_name, tags, message) => {
    const construct = () => checkClaimOptions(tags === undefined ? {} : { principalTags: tags });
    expect(construct).toThrow(TypeError);
    expect(construct).toThrow(message);
  });

  it('50 of them can be configured', () => {
    const tags = Array.from({ length: 50 }, (_, i) => ({ tag: `t${i}`, claim: 'c' }));
    expect(
      Object.keys(principalOf({ sub: 'u1', c: 'x' }, { principalTags: tags }).principalTags),
    ).toHaveLength(50);
  });
});

describe('bad options', () => {
  it.each<[ClaimOptions, string]>([
    [{ userClaim: '' }, 'userClaim must not be empty'],
    [{ adminScope: '' }, 'adminScope must be one scope token'],
    [{ adminScope: 'a b' }, 'adminScope must be one scope token'],
    [{ clockToleranceSeconds: 301 }, 'clockToleranceSeconds must be a number from 0 to 300'],
    [
      { clockToleranceSeconds: '5' as unknown as number },
      'clockToleranceSeconds must be a number from 0 to 300',
    ],
    [{ maxTokenAgeSeconds: 59 }, 'maxTokenAgeSeconds must be a number from 60 to 31536000'],
  ])('%j', (options, message) => {
    expect(() => checkClaimOptions(options)).toThrow(TypeError);
    expect(() => checkClaimOptions(options)).toThrow(message);
  });
});

it('a principal cannot be changed', () => {
  const principal = principalOf(
    { sub: 'u1', org: 'a' },
    { principalTags: [{ tag: 'tenant', claim: 'org' }] },
  );
  expect(Object.isFrozen(principal)).toBe(true);
  expect(Object.isFrozen(principal.principalTags)).toBe(true);
});

describe('lifetime', () => {
  const now = start / 1000;
  const rules = checkClaimOptions({});

  it.each<[Claims, string]>([
    [{}, 'exp is missing'],
    [{ exp: null }, 'exp must be a number'],
    [{ exp: String(now + 600) }, 'exp must be a number'],
    [{ exp: Number.POSITIVE_INFINITY }, 'exp must be a number'],
    [{ exp: 1e300 }, 'exp is further away than the maximum token age'],
    [{ exp: now - 5 }, 'exp is in the past'],
    [{ exp: now + 86_401 }, 'exp is further away than the maximum token age'],
    [{ exp: now + 86_401, iat: now }, 'exp is further away than the maximum token age'],
    [{ exp: now + 600, iat: now + 6 }, 'iat is in the future'],
    [{ exp: now + 600, iat: now - 86_406 }, 'iat is too long ago'],
    [{ exp: now + 600, iat: [now] }, 'iat must be a number'],
    [{ exp: now + 600, nbf: now + 6 }, 'nbf is in the future'],
    [{ exp: now + 600, nbf: null }, 'nbf must be a number'],
  ])('of %j is refused: %s', async (claims, reason) => {
    const work = Promise.resolve().then(() => checkLifetime(claims, rules, start));
    expect(await refusal(work)).toMatchObject({ code: 'UNAUTHENTICATED', reason });
  });

  it.each<[Claims]>([
    [{ exp: now - 4.9 }],
    [{ exp: now + 86_400 }],
    [{ exp: now + 86_400, iat: now }],
    [{ exp: now + 5, iat: now + 5, nbf: now + 5 }],
    [{ exp: now - 4, iat: now - 86_404 }],
  ])('of %j is just allowed', (claims) => {
    expect(checkLifetime(claims, rules, start)).toBe((claims['exp'] as number) * 1000);
  });

  it('ends at exp', () => {
    expect(checkLifetime({ exp: now + 600, iat: now }, rules, start)).toBe(start + 600_000);
  });

  it('of any exp, iat and nbf is refused or within the maximum age', async () => {
    const date = fc.oneof(
      fc.double(),
      fc.integer({ min: now - 200_000, max: now + 200_000 }),
      fc.constant(undefined),
      fc.anything(),
    );
    await fc.assert(
      fc.asyncProperty(date, date, date, async (exp, iat, nbf) => {
        const end = await Promise.resolve()
          .then(() => checkLifetime({ exp, iat, nbf }, rules, start))
          .catch((error: { code?: string }) => error.code);
        return (
          end === 'UNAUTHENTICATED' ||
          (typeof end === 'number' && end > start - 5_001 && end <= start + 86_405_000)
        );
      }),
      { numRuns: 2000 },
    );
  });

  it('without exp ends with the greatest age, where that is allowed', () => {
    expect(checkLifetimeWithoutEnd({}, rules, start)).toBe(Number.POSITIVE_INFINITY);
    expect(checkLifetimeWithoutEnd({ iat: now }, rules, start)).toBe(start + 86_400_000);
  });
});
