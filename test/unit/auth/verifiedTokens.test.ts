import { describe, expect, it } from 'vitest';
import { digestOf, VerifiedTokens } from '../../../src/auth/verifiedTokens.ts';

const alice = { userId: 'alice', administrator: false, principalTags: {} };
const bob = { userId: 'bob', administrator: true, principalTags: {} };

describe('VerifiedTokens', () => {
  it('answers what was stored until the moment it ends', () => {
    const tokens = new VerifiedTokens(10);
    tokens.set('a', alice, 1000, 1);
    tokens.set('b', bob, 2000, 1);
    expect(tokens.get('a', 1, 999)).toBe(alice);
    expect(tokens.get('b', 1, 999)).toBe(bob);
    expect(tokens.get('a', 1, 1000)).toBeUndefined();
    expect(tokens.get('c', 1, 0)).toBeUndefined();
  });

  it('forgets everything when the keys change', () => {
    const tokens = new VerifiedTokens(10);
    tokens.set('a', alice, 1000, 1);
    expect(tokens.get('a', 2, 0)).toBeUndefined();
    expect(tokens.size).toBe(0);
  });

  it('does not store what was verified with keys that are gone, and keeps what was not', () => {
    const tokens = new VerifiedTokens(10);
    tokens.set('b', bob, 1000, 2);
    tokens.set('a', alice, 1000, 1);
    expect(tokens.get('a', 2, 0)).toBeUndefined();
    expect(tokens.get('b', 2, 0)).toBe(bob);
    expect(tokens.size).toBe(1);
  });

  it('holds no more than it was told to', () => {
    const tokens = new VerifiedTokens(3);
    for (let i = 0; i < 100; i++) tokens.set(`t${i}`, alice, 1000, 1);
    expect(tokens.size).toBe(3);
    expect(tokens.get('t99', 1, 0)).toBe(alice);
  });

  it('holds nothing when it is off', () => {
    const tokens = new VerifiedTokens(0);
    tokens.set('a', alice, 1000, 1);
    expect(tokens.get('a', 1, 0)).toBeUndefined();
  });

  it('knows tokens by SHA-256', () => {
    expect(digestOf('abc')).toBe('ungWv48Bz-pBQUDeXa4iI7ADYaOWF3qctBD_YfIAFa0');
  });
});
