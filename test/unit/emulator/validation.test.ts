import { describe, expect, it } from 'vitest';
import { AwsError } from '../../../src/emulator/errors.ts';
import * as shapes from '../../../src/emulator/validation/cognitoShapes.ts';
import type { NumberShape, Shape } from '../../../src/emulator/validation/shapes.ts';
import { optional, required, structure } from '../../../src/emulator/validation/shapes.ts';
import { validate } from '../../../src/emulator/validation/validate.ts';

/** The error that validation ends with, or null. */
function problem(shape: Shape, value: unknown, isRequired = false): { name: string; message: string } | null {
  const member = isRequired ? required(shape) : optional(shape);
  try {
    validate(structure({ Field: member }), { Field: value });
    return null;
  } catch (error) {
    if (!(error instanceof AwsError)) throw error;
    return { name: error.name, message: error.message };
  }
}

const constraint = (value: string, rule: string) => ({
  name: 'ValidationException',
  message: `1 validation error detected: ${value} at 'field' failed to satisfy constraint: ${rule}`,
});

interface StringCase {
  readonly name: string;
  readonly shape: Shape;
  readonly min: number;
  readonly max: number;
  readonly pattern?: string;
  /** A valid value of this many characters. */
  readonly of: (length: number) => string;
  readonly bad?: readonly string[];
}

const letters = (length: number) => 'a'.repeat(length);
const id = (length: number) => `us-east-1:${'0'.repeat(Math.max(0, length - 10))}`;
const provider = shapes.cognitoIdentityProvider.members;
const rule = shapes.roleMappingMap.value.members.RulesConfiguration.shape.members.Rules.shape.member.members;

/** Section by section what AWS's API model says; the shapes under test are looked up, not repeated. */
const strings: readonly StringCase[] = [
  {
    name: 'DeveloperProviderName',
    shape: shapes.developerProviderName,
    min: 1,
    max: 128,
    pattern: '[\\w._-]+',
    of: letters,
    bad: ['a b', 'a/b', 'é', 'a\n'],
  },
  { name: 'DeveloperUserIdentifier', shape: shapes.developerUserIdentifier, min: 1, max: 1024, of: letters },
  { name: 'IdentityProviderName', shape: shapes.identityProviderName, min: 1, max: 128, of: letters },
  {
    name: 'PaginationKey',
    shape: shapes.paginationKey,
    min: 1,
    max: 65_535,
    pattern: '[\\S]+',
    of: letters,
    bad: ['a b'],
  },
  {
    name: 'AccountId',
    shape: shapes.accountId,
    min: 1,
    max: 15,
    pattern: '\\d+',
    of: (n) => '1'.repeat(n),
    bad: ['1a'],
  },
  { name: 'ARNString', shape: shapes.arnString, min: 20, max: 2048, of: letters },
  {
    name: 'IdentityPoolName',
    shape: shapes.identityPoolName,
    min: 1,
    max: 128,
    pattern: '[\\w\\s+=,.@-]+',
    of: letters,
    bad: ['a/b', 'a\u00a0b'],
  },
  {
    name: 'IdentityProviderId',
    shape: shapes.identityProviders.value,
    min: 1,
    max: 128,
    pattern: '[\\w.;_/-]+',
    of: letters,
    bad: ['a b'],
  },
  {
    name: 'CognitoIdentityProviderName',
    shape: provider.ProviderName.shape,
    min: 1,
    max: 128,
    pattern: '[\\w._:/-]+',
    of: letters,
    bad: ['a b'],
  },
  {
    name: 'CognitoIdentityProviderClientId',
    shape: provider.ClientId.shape,
    min: 1,
    max: 128,
    pattern: '[\\w_]+',
    of: letters,
    bad: ['a-b'],
  },
  {
    name: 'ClaimName',
    shape: rule.Claim.shape,
    min: 1,
    max: 64,
    pattern: '[\\p{L}\\p{M}\\p{S}\\p{N}\\p{P}]+',
    of: letters,
    bad: ['a b'],
  },
  { name: 'ClaimValue', shape: rule.Value.shape, min: 1, max: 128, of: letters },
  { name: 'TagKey', shape: shapes.tagKey, min: 1, max: 128, of: letters },
  { name: 'TagValue', shape: shapes.tags.value, min: 0, max: 256, of: letters },
  { name: 'PrincipalTagID', shape: shapes.principalTags.key, min: 1, max: 128, of: letters },
  { name: 'PrincipalTagValue', shape: shapes.principalTags.value, min: 1, max: 256, of: letters },
];

describe.each(strings)('$name', ({ shape, min, max, pattern, of, bad = [] }) => {
  it(`accepts ${min} and ${max} characters`, () => {
    expect(problem(shape, of(min))).toBeNull();
    expect(problem(shape, of(max))).toBeNull();
  });

  it('refuses one character less than its least', () => {
    // Nothing is shorter than an empty text.
    if (min === 0) return;
    const rule = `Member must have length greater than or equal to ${min}`;
    const short = of(min - 1);
    // An empty text breaks a pattern as well.
    const expected =
      pattern !== undefined && short === ''
        ? {
            name: 'ValidationException',
            message: `2 validation errors detected: Value '' at 'field' failed to satisfy constraint: ${rule}; Value '' at 'field' failed to satisfy constraint: Member must satisfy regular expression pattern: ${pattern}`,
          }
        : constraint(`Value '${short}'`, rule);
    expect(problem(shape, short)).toEqual(expected);
  });

  it(`refuses ${max + 1} characters`, () => {
    const value = of(max + 1);
    expect(problem(shape, value)).toEqual(
      constraint(`Value '${value}'`, `Member must have length less than or equal to ${max}`),
    );
  });

  it('refuses exactly the characters outside its pattern', () => {
    if (pattern === undefined) expect(problem(shape, ' é/😀\n'.padEnd(min))).toBeNull();
    for (const value of bad) {
      expect(problem(shape, value)).toEqual(
        constraint(`Value '${value}'`, `Member must satisfy regular expression pattern: ${pattern}`),
      );
    }
  });

  it('refuses other JSON types before it looks at constraints', () => {
    const message = (text: string) => ({ name: 'SerializationException', message: text });
    expect(problem(shape, 1)).toEqual(message('NUMBER_VALUE can not be converted to a String'));
    expect(problem(shape, true)).toEqual(message('BOOLEAN_VALUE can not be converted to a String'));
    expect(problem(shape, {})).toEqual(message('Start of structure or map found where not expected.'));
    expect(problem(shape, ['a'])).toEqual(
      message('Unexpected list found where a different type was expected.'),
    );
  });

  it('takes null for absent', () => {
    expect(problem(shape, null)).toBeNull();
    expect(problem(shape, null, true)).toEqual(constraint('Value null', 'Member must not be null'));
  });
});

describe('identity and pool ids', () => {
  it('have 1 to 55 characters in the form region:hex', () => {
    expect(problem(shapes.identityId, 'a:0')).toBeNull();
    expect(problem(shapes.identityPoolId, id(55))).toBeNull();
    expect(problem(shapes.identityPoolId, '')?.message).toMatch(/^2 validation errors detected: /);
    expect(problem(shapes.identityPoolId, id(56))).toEqual(
      constraint(`Value '${id(56)}'`, 'Member must have length less than or equal to 55'),
    );
    for (const value of ['us-east-1', 'us-east-1:', ':0', 'us-east-1:ABC', 'us-east-1:0\n', 'us east:0']) {
      expect(problem(shapes.identityPoolId, value)).toEqual(
        constraint(`Value '${value}'`, 'Member must satisfy regular expression pattern: [\\w-]+:[0-9a-f-]+'),
      );
    }
  });
});

const numbers: readonly { name: string; shape: NumberShape; max: number; type: string }[] = [
  { name: 'TokenDuration', shape: shapes.tokenDuration, max: 86_400, type: 'Long' },
  { name: 'QueryLimit', shape: shapes.queryLimit, max: 60, type: 'Integer' },
];

describe.each(numbers)('$name', ({ shape, max, type }) => {
  it(`is 1 to ${max}`, () => {
    expect(problem(shape, 1)).toBeNull();
    expect(problem(shape, max)).toBeNull();
    expect(problem(shape, 0)).toEqual(
      constraint("Value '0'", 'Member must have value greater than or equal to 1'),
    );
    expect(problem(shape, max + 1)).toEqual(
      constraint(`Value '${max + 1}'`, `Member must have value less than or equal to ${max}`),
    );
  });

  it('is a whole number', () => {
    const message = (json: string) => ({
      name: 'SerializationException',
      message: `${json} can not be converted to a ${type}`,
    });
    expect(problem(shape, '1')).toEqual(message('STRING_VALUE'));
    expect(problem(shape, 1.5)).toEqual(message('NUMBER_VALUE'));
    expect(problem(shape, true)).toEqual(message('BOOLEAN_VALUE'));
    expect(problem(shape, null)).toBeNull();
  });
});

const entries = (count: number, value = 'v') =>
  Object.fromEntries(Array.from({ length: count }, (_, index) => [`k${index}`, value]));

describe('maps', () => {
  it.each([
    ['LoginsMap', shapes.loginsMap, 10],
    ['IdentityProviders', shapes.identityProviders, 10],
    ['PrincipalTags', shapes.principalTags, 50],
  ] as const)('%s has a largest size', (_name, shape, max) => {
    expect(problem(shape, {})).toBeNull();
    expect(problem(shape, entries(max))).toBeNull();
    expect(problem(shape, entries(max + 1))?.message).toContain(
      `at 'field' failed to satisfy constraint: Member must have length less than or equal to ${max}`,
    );
    expect(problem(shape, [])?.name).toBe('SerializationException');
    expect(problem(shape, 'a')?.name).toBe('SerializationException');
    expect(problem(shape, { k: 1 })?.name).toBe('SerializationException');
  });

  it('never repeats a login token', () => {
    const token = 's'.repeat(50_001);
    expect(problem(shapes.loginsMap, { p: 's'.repeat(50_000) })).toBeNull();
    expect(problem(shapes.loginsMap, { p: token })).toEqual(
      constraint(
        'Value',
        'Map value must satisfy constraint: [Member must have length less than or equal to 50000, Member must have length greater than or equal to 1, Member must not be null]',
      ),
    );
  });

  it('checks keys and values', () => {
    expect(
      problem(shapes.rolesMap, { authenticated: 'a'.repeat(20), unauthenticated: 'a'.repeat(20) }),
    ).toBeNull();
    expect(problem(shapes.rolesMap, { other: 'a'.repeat(20) })).toEqual(
      constraint(
        `Value '{other=${'a'.repeat(20)}}'`,
        'Map keys must satisfy constraint: [Member must have length less than or equal to 128, Member must have length greater than or equal to 1, Member must satisfy regular expression pattern: (un)?authenticated, Member must not be null]',
      ),
    );
    expect(problem(shapes.principalTags, { k: null })?.message).toContain(
      'Map value must satisfy constraint',
    );
    expect(problem(shapes.principalTags, { k: '' })?.message).toContain('Map value must satisfy constraint');
  });

  it('keeps a key named like a property of every object', () => {
    const request = validate(
      structure({ Field: optional(shapes.principalTags) }),
      JSON.parse('{"Field":{"__proto__":"x","constructor":"y"}}'),
    );
    expect(Object.entries(request['Field'] as object)).toEqual([
      ['__proto__', 'x'],
      ['constructor', 'y'],
    ]);
  });
});

describe('lists', () => {
  const item = 'us-east-1:0';

  it('IdentityIdList has 1 to 60 items', () => {
    expect(problem(shapes.identityIdList, [item])).toBeNull();
    expect(problem(shapes.identityIdList, Array(60).fill(item))).toBeNull();
    expect(problem(shapes.identityIdList, [])).toEqual(
      constraint("Value '[]'", 'Member must have length greater than or equal to 1'),
    );
    expect(problem(shapes.identityIdList, Array(61).fill(item))?.message).toContain(
      'Member must have length less than or equal to 60',
    );
    expect(problem(shapes.identityIdList, {})?.name).toBe('SerializationException');
  });

  it('names all rules of an item when one breaks any', () => {
    const rules =
      'Member must satisfy constraint: [Member must have length less than or equal to 55, Member must have length greater than or equal to 1, Member must satisfy regular expression pattern: [\\w-]+:[0-9a-f-]+, Member must not be null]';
    expect(problem(shapes.identityIdList, [item, 'x'])).toEqual(constraint(`Value '[${item}, x]'`, rules));
    expect(problem(shapes.identityIdList, [null])).toEqual(constraint("Value '[null]'", rules));
  });
});

describe('structures in maps and lists', () => {
  const mapping = (rules: unknown) => ({ p: { Type: 'Rules', RulesConfiguration: { Rules: rules } } });
  const one = { Claim: 'c', MatchType: 'Equals', Value: 'v', RoleARN: 'a'.repeat(20) };

  it('are addressed by key and position', () => {
    expect(problem(shapes.roleMappingMap, mapping([one]))).toBeNull();
    expect(problem(shapes.roleMappingMap, mapping([one, { ...one, MatchType: 'Like' }]))?.message).toBe(
      "1 validation error detected: Value 'Like' at 'field.p.member.rulesConfiguration.rules.2.member.matchType' failed to satisfy constraint: Member must satisfy enum value set: [Equals, Contains, StartsWith, NotEqual]",
    );
    expect(problem(shapes.roleMappingMap, { p: {} })?.message).toBe(
      "1 validation error detected: Value null at 'field.p.member.type' failed to satisfy constraint: Member must not be null",
    );
  });

  it('hold 1 to 400 rules', () => {
    expect(problem(shapes.roleMappingMap, mapping(Array(400).fill(one)))).toBeNull();
    expect(problem(shapes.roleMappingMap, mapping(Array(401).fill(one)))?.message).toContain(
      'Member must have length less than or equal to 400',
    );
    expect(problem(shapes.roleMappingMap, mapping([]))?.message).toContain(
      'Member must have length greater than or equal to 1',
    );
  });
});

describe('a request', () => {
  it('reports all its errors in one message, in the order of the model', () => {
    let message = '';
    try {
      validate(shapes.inputs.GetOpenIdTokenForDeveloperIdentity, { IdentityPoolId: 'x', TokenDuration: 0 });
    } catch (error) {
      message = (error as Error).message;
    }
    expect(message).toBe(
      "3 validation errors detected: Value 'x' at 'identityPoolId' failed to satisfy constraint: Member must satisfy regular expression pattern: [\\w-]+:[0-9a-f-]+; Value null at 'logins' failed to satisfy constraint: Member must not be null; Value '0' at 'tokenDuration' failed to satisfy constraint: Member must have value greater than or equal to 1",
    );
  });

  it('drops members that the operation does not have', () => {
    expect(validate(shapes.inputs.DescribeIdentity, { IdentityId: 'a:0', Other: 1 })).toEqual({
      IdentityId: 'a:0',
    });
  });

  it('must be an object', () => {
    for (const body of [null, [], 'a', 1]) {
      expect(() => validate(shapes.inputs.DescribeIdentity, body)).toThrowError(
        expect.objectContaining({ name: 'SerializationException' }),
      );
    }
  });
});
