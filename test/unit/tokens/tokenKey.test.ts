import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { tokenKey } from '../../../src/tokens/tokenKey.ts';

const scope = { identityPoolId: 'us-east-1:1', developerProviderName: 'login.demo' };
const request = (user: string, principalTags: Record<string, string> = {}, tokenDuration = 900) => ({
  developerUserIdentifier: user,
  principalTags,
  tokenDuration,
});

describe('tokenKey', () => {
  it('is the same for the same tags in another order', () => {
    expect(tokenKey(scope, request('u', { a: '1', b: '2' }))).toBe(
      tokenKey(scope, request('u', { b: '2', a: '1' })),
    );
  });

  it('differs for everything that changes the token', () => {
    const keys = [
      tokenKey(scope, request('u')),
      tokenKey(scope, request('U')),
      tokenKey(scope, request('u', {}, 901)),
      tokenKey(scope, request('u', { a: '1' })),
      tokenKey(scope, request('u', { a: '2' })),
      tokenKey(scope, request('u', { b: '1' })),
      tokenKey({ ...scope, identityPoolId: 'us-east-1:2' }, request('u')),
      tokenKey({ ...scope, developerProviderName: 'login.other' }, request('u')),
    ];
    expect(new Set(keys).size).toBe(keys.length);
  });

  it('does not let a separator move from one part to the next', () => {
    const key = (provider: string, user: string) =>
      tokenKey({ ...scope, developerProviderName: provider }, request(user));
    expect(key('a:b', 'c')).not.toBe(key('a', 'b:c'));
    expect(key('a","b', 'c')).not.toBe(key('a', 'b","c'));
  });

  it('is equal exactly when the requests are', () => {
    const requests = fc.record({
      developerUserIdentifier: fc.string({
        minLength: 1,
        maxLength: 3,
        unit: fc.constantFrom('a', '"', ',', '[', 'ä'),
      }),
      tokenDuration: fc.integer({ min: 60, max: 62 }),
      principalTags: fc.dictionary(fc.constantFrom('a', 'b', '__proto__x'), fc.constantFrom('1', '","2')),
    });
    const canonical = (r: ReturnType<typeof request>) =>
      `${r.developerUserIdentifier.length}|${r.developerUserIdentifier}|${r.tokenDuration}|${Object.entries(
        r.principalTags,
      )
        .map(([name, value]) => `${name.length}|${name}|${value.length}|${value}`)
        .sort()
        .join()}`;
    fc.assert(
      fc.property(requests, requests, (one, two) => {
        expect(tokenKey(scope, one) === tokenKey(scope, two)).toBe(canonical(one) === canonical(two));
      }),
    );
  });
});
