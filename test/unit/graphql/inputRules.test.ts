import { describe, expect, it } from 'vitest';
import {
  assertInput,
  check,
  developerUserIdentifierRule,
  identityIdListRule,
  identityIdRule,
  openIdTokenRule,
  pageSizeRule,
  tokenDurationRule,
} from '../../../src/graphql/inputRules.ts';

const id = 'us-east-1:11111111-2222-4333-8444-555555555555';
const ids = (count: number) => Array.from({ length: count }, (_, index) => `us-east-1:${index.toString(16)}`);

describe('input rules', () => {
  it.each([
    [id, true],
    [`us-east-1:${'a'.repeat(45)}`, true],
    [`us-east-1:${'a'.repeat(46)}`, false],
    ['us-east-1:ABCDEF', false],
    [`${id}\n`, false],
    ['us-east-1:', false],
    [':1111', false],
    ['', false],
    ['no-colon', false],
  ])('take %j for an identity id: %s', (value, expected) => {
    expect(identityIdRule.holds(value)).toBe(expected);
  });

  it.each([
    ['u', true],
    ['ü/🦊 with spaces', true],
    ['x'.repeat(1024), true],
    ['x'.repeat(1025), false],
    ['', false],
    ['a\u0000b', false],
    ['a\u007f', false],
    ['a\u0085', false],
    ['\ud800', false],
  ])('take %j for a developer user identifier: %s', (value, expected) => {
    expect(developerUserIdentifierRule.holds(value)).toBe(expected);
  });

  it.each([
    [0, false],
    [1, true],
    [60, true],
    [61, false],
    [-1, false],
  ])('take %d for a page size: %s', (value, expected) => expect(pageSizeRule.holds(value)).toBe(expected));

  it.each([
    [59, false],
    [60, true],
    [900, true],
    [901, false],
  ])('take %d for a duration of at most 900: %s', (value, expected) =>
    expect(tokenDurationRule(900).holds(value)).toBe(expected),
  );

  it.each([
    [[], false],
    [ids(1), true],
    [ids(60), true],
    [ids(61), false],
    [[id, id], false],
    [[id, 'nope'], false],
  ])(
    'take a list of ids for deletion only when it is short, distinct and well-formed (%#)',
    (value, expected) => expect(identityIdListRule.holds(value)).toBe(expected),
  );

  it.each([
    ['a.b.c', true],
    ['a.b', false],
    ['a.b.c.d', false],
    [`${'a'.repeat(20_000)}.b.c`, false],
    ['a.b.c\n', false],
  ])('take %.20s for an OpenID token: %s', (value, expected) =>
    expect(openIdTokenRule.holds(value)).toBe(expected),
  );

  it('name every broken field at once and no value', () => {
    const broken = () =>
      assertInput(
        check('input.a', 'secret-value', identityIdRule),
        check('first', 61, pageSizeRule),
        check('b', id, identityIdRule),
      );
    expect(broken).toThrow(
      'Invalid input: input.a must be an identity id such as us-east-1:01234567-89ab-cdef-0123-456789abcdef; first must be between 1 and 60.',
    );
  });

  it('let a field pass that was left out', () => {
    expect(check('a', null, pageSizeRule)).toBeNull();
    expect(check('a', undefined, pageSizeRule)).toBeNull();
    expect(() => assertInput()).not.toThrow();
  });
});
