import { describe, expect, it } from 'vitest';
import {
  evaluateTrustPolicy,
  type TrustRequest,
  validatePermissionsPolicy,
  validateTrustPolicy,
} from '../../../src/emulator/policy.ts';
import { matchesWildcard } from '../../../src/emulator/policyCondition.ts';

const principal = 'cognito-identity.amazonaws.com';
const pool = 'us-east-1:11111111-2222-4333-8444-555555555555';
const assume = 'sts:AssumeRoleWithWebIdentity';

const request: TrustRequest = {
  principal,
  actions: [assume],
  context: {
    [`${principal}:aud`]: [pool],
    [`${principal}:amr`]: ['authenticated', 'login.demo', `login.demo:${pool}:alice`],
    [`${principal}:sub`]: ['us-east-1:id'],
  },
};

const statement = {
  Effect: 'Allow',
  Principal: { Federated: principal },
  Action: assume,
  Condition: {
    StringEquals: { [`${principal}:aud`]: pool },
    'ForAnyValue:StringLike': { [`${principal}:amr`]: 'authenticated' },
  },
};

const policy = (...statements: object[]) => JSON.stringify({ Version: '2012-10-17', Statement: statements });
const allows = (changes: object, ask: Partial<TrustRequest> = {}) =>
  evaluateTrustPolicy(policy({ ...statement, ...changes }), { ...request, ...ask });

/** Whether an Allow with just this condition applies, and whether a Deny with it does. */
function holds(
  operator: string,
  key: string,
  value: unknown,
  context: TrustRequest['context'] = request.context,
) {
  const Condition = { [operator]: { [key]: value } };
  const allow = { ...statement, Condition };
  const deny = { ...allow, Effect: 'Deny' };
  const ask = { ...request, context };
  return {
    allow: evaluateTrustPolicy(policy(allow), ask),
    deny: !evaluateTrustPolicy(policy({ ...statement, Condition: undefined }, deny), ask),
  };
}
const yes = { allow: true, deny: true };
const no = { allow: false, deny: false };
const undecided = { allow: false, deny: true };

describe('a trust policy', () => {
  it("allows what the reference's example allows", () => {
    expect(allows({})).toBe(true);
    expect(evaluateTrustPolicy(JSON.stringify({ Statement: statement }), request)).toBe(true);
  });

  it('refuses another pool, principal or action', () => {
    expect(allows({}, { context: { ...request.context, [`${principal}:aud`]: ['us-east-1:other'] } })).toBe(
      false,
    );
    expect(allows({}, { principal: 'accounts.google.com' })).toBe(false);
    expect(allows({}, { actions: ['sts:AssumeRole'] })).toBe(false);
    expect(allows({}, { actions: [] })).toBe(false);
  });

  it('has to allow every action asked for', () => {
    const tagged = { actions: [assume, 'sts:TagSession'] };
    expect(allows({}, tagged)).toBe(false);
    expect(allows({ Action: [assume, 'sts:TagSession'] }, tagged)).toBe(true);
    expect(
      evaluateTrustPolicy(policy(statement, { ...statement, Action: 'sts:TagSession' }), {
        ...request,
        ...tagged,
      }),
    ).toBe(true);
  });

  it('matches actions without regard to case and with wildcards', () => {
    expect(allows({ Action: 'STS:assumerolewithwebidentity' })).toBe(true);
    expect(allows({ Action: 'sts:AssumeRoleWith*' })).toBe(true);
    expect(allows({ Action: 'sts:AssumeRole' })).toBe(false);
    expect(allows({ Action: undefined, NotAction: 'sts:AssumeRole' })).toBe(true);
    expect(allows({ Action: undefined, NotAction: 'sts:*' })).toBe(false);
  });

  it('takes one federated principal or several, and no other kind', () => {
    expect(allows({ Principal: { Federated: ['accounts.google.com', principal] } })).toBe(true);
    expect(allows({ Principal: { Service: principal } })).toBe(false);
    expect(allows({ Principal: '*' })).toBe(false);
    expect(allows({ Principal: { Federated: 'cognito-identity*' } })).toBe(false);
    expect(allows({ Principal: undefined, NotPrincipal: { Federated: 'other' } })).toBe(false);
  });

  it.each([
    [{ Federated: principal }, false],
    ['*', false],
    [{ AWS: '*' }, false],
    [{ Federated: 'accounts.google.com' }, true],
  ])('lets a Deny for %j win over any Allow: allowed is %s', (Principal, expected) => {
    const deny = { Effect: 'Deny', Principal, Action: 'sts:*' };
    expect(evaluateTrustPolicy(policy(statement, deny), request)).toBe(expected);
    expect(evaluateTrustPolicy(policy(deny, statement), request)).toBe(expected);
  });

  it('denies everybody but those of NotPrincipal', () => {
    const deny = (Federated: string) => ({ Effect: 'Deny', NotPrincipal: { Federated }, Action: 'sts:*' });
    expect(evaluateTrustPolicy(policy(statement, deny(principal)), request)).toBe(true);
    expect(evaluateTrustPolicy(policy(statement, deny('accounts.google.com')), request)).toBe(false);
  });

  it('that cannot be read refuses', () => {
    for (const document of ['', 'null', '[]', '{}', '{"Statement":[1]}', '{"Statement":[]}']) {
      expect(evaluateTrustPolicy(document, request)).toBe(false);
    }
  });
});

describe('a condition', () => {
  const aud = `${principal}:aud`;
  const amr = `${principal}:amr`;

  it('needs every operator and key, and one value of each', () => {
    expect(allows({ Condition: { StringEquals: { [aud]: pool, [`${principal}:sub`]: 'x' } } })).toBe(false);
    expect(allows({ Condition: { StringEquals: { [aud]: ['x', pool] } } })).toBe(true);
    expect(allows({ Condition: { StringEquals: { [aud]: pool }, StringLike: { [aud]: 'eu-*' } } })).toBe(
      false,
    );
    expect(allows({ Condition: { StringEquals: { [aud.toUpperCase()]: pool } } })).toBe(true);
  });

  it.each([
    ['StringEquals', pool, yes],
    ['StringEquals', pool.toUpperCase(), no],
    ['StringEqualsIgnoreCase', pool.toUpperCase(), yes],
    ['StringNotEquals', pool, no],
    ['StringNotEquals', ['x', pool], no],
    ['StringNotEquals', 'x', yes],
    ['StringNotEqualsIgnoreCase', pool.toUpperCase(), no],
    ['StringLike', 'us-east-?:1111*', yes],
    ['StringLike', 'us-east-?', no],
    ['StringNotLike', 'us-*', no],
    ['StringNotLike', 'eu-*', yes],
    ['StringEquals', 'us-*', no],
    ['Null', 'false', yes],
    ['Null', false, yes],
    ['Null', 'true', no],
  ])('%s of one value with %j', (operator, value, expected) => {
    expect(holds(operator, aud, value)).toEqual(expected);
  });

  it.each([
    ['StringEquals', no],
    ['StringLike', no],
    ['StringNotEquals', yes],
    ['StringNotLike', yes],
    ['StringEqualsIfExists', yes],
    ['StringLikeIfExists', yes],
    ['ForAnyValue:StringEquals', no],
    ['ForAnyValue:StringNotEquals', no],
    ['ForAnyValue:StringEqualsIfExists', yes],
    ['ForAllValues:StringEquals', yes],
  ])('%s of an absent key', (operator, expected) => {
    expect(holds(operator, 'aws:absent', 'x')).toEqual(expected);
  });

  it('Null sees an absent key', () => {
    expect(holds('Null', 'aws:absent', 'true')).toEqual(yes);
    expect(holds('Null', 'aws:absent', 'false')).toEqual(no);
  });

  it.each([
    ['ForAnyValue:StringEquals', 'login.demo', yes],
    ['ForAnyValue:StringLike', 'login.demo:*:alice', yes],
    ['ForAnyValue:StringLike', 'unauth*', no],
    ['ForAnyValue:StringNotEquals', 'login.demo', yes],
    ['ForAnyValue:StringNotLike', ['authenticated', 'login.demo*'], no],
    ['ForAllValues:StringLike', ['authenticated', 'login.*'], yes],
    ['ForAllValues:StringLike', ['authenticated', 'login.demo'], no],
    ['ForAllValues:StringNotLike', 'unauth*', yes],
    ['StringLikeIfExists', 'authenticated', undecided],
  ])('%s of several values with %j', (operator, value, expected) => {
    expect(holds(operator, amr, value)).toEqual(expected);
  });

  it('that cannot be decided never helps the caller', () => {
    expect(holds('StringEquals', amr, 'authenticated')).toEqual(undecided);
    expect(holds('StringNotEquals', amr, 'unauthenticated')).toEqual(undecided);
    expect(holds('StringSounds', aud, pool)).toEqual(undecided);
    expect(holds('IpAddress', 'aws:SourceIp', '10.0.0.0/8')).toEqual(undecided);
    expect(holds('StringEquals', aud, { deep: pool })).toEqual(undecided);
    expect(holds('Null', aud, 'maybe')).toEqual(undecided);
    expect(allows({ Condition: 'none' })).toBe(false);
    expect(allows({ Condition: { StringEquals: pool } })).toBe(false);
  });

  it('replaces policy variables, in which a star is only a star', () => {
    const context = {
      ...request.context,
      'aws:RequestTag/team': ['a*'],
      'aws:RequestTag/name': ['a*-alice'],
    };
    expect(holds('StringLike', 'aws:RequestTag/name', `\${aws:RequestTag/team}-*`, context)).toEqual(yes);
    const other = { ...context, 'aws:RequestTag/name': ['abc-alice'] };
    expect(holds('StringLike', 'aws:RequestTag/name', `\${aws:RequestTag/team}-*`, other)).toEqual(no);
    expect(holds('StringEquals', 'aws:RequestTag/team', `a\${*}`, context)).toEqual(yes);
    expect(holds('StringEquals', 'aws:RequestTag/team', `\${aws:absent}`, context)).toEqual(no);
    expect(holds('StringEquals', 'aws:RequestTag/team', `\${aws:absent}a*`, context)).toEqual(no);
    expect(holds('StringNotEquals', 'aws:RequestTag/team', `\${aws:absent}`, context)).toEqual(undecided);
  });

  it.each([
    ['NumericLessThan', '900', '3600', yes],
    ['NumericGreaterThanEquals', '900', '3600', no],
    ['NumericNotEquals', '900', '900', no],
    ['DateGreaterThan', '2026-01-02T00:00:00Z', '2026-01-01T00:00:00Z', yes],
    ['DateLessThan', '2026-01-02T00:00:00Z', '1767225600', no],
    ['Bool', 'true', true, yes],
    ['Bool', 'false', 'true', no],
    ['ArnLike', 'arn:aws:iam::1:role/a', 'arn:aws:iam::*:role/*', yes],
    ['ArnLike', 'arn:aws:iam::1:role/a', 'arn:aws:*:role/*', no],
    ['ArnNotLike', 'arn:aws:iam::1:role/a', 'arn:aws:iam::2:role/*', yes],
  ])('%s of %s with %s', (operator, value, expected, outcome) => {
    expect(holds(operator, 'k', expected, { k: [value] })).toEqual(outcome);
  });
});

describe('a wildcard', () => {
  it.each([
    ['', '', true],
    ['*', '', true],
    ['a*b', 'ab', true],
    ['a*b', 'a\nxb', true],
    ['a*b*c', 'abbcb', false],
    ['?', '', false],
    ['a.c', 'abc', false],
  ])('%j on %j: %s', (pattern, text, expected) => {
    expect(matchesWildcard(pattern, text)).toBe(expected);
  });

  it('with many stars does not take for ever', () => {
    expect(matchesWildcard(`${'*a'.repeat(500)}b`, 'a'.repeat(1000))).toBe(false);
  });
});

describe('the check of a trust policy', () => {
  it.each([
    [policy(statement), null],
    [policy({ ...statement, Action: ['sts:AssumeRole*', 'sts:TagSession'] }), null],
    [policy({ ...statement, Sid: 'a' }, statement), null],
    ['{', 'This policy contains invalid Json'],
    ['[]', 'This policy contains invalid Json'],
    ['{"Version":"2012-10-17"}', 'Syntax errors in policy.'],
    ['{"Statement":[]}', 'Syntax errors in policy.'],
    ['{"Version":"2020-01-01","Statement":[]}', 'Syntax errors in policy.'],
    [policy({ ...statement, Extra: 1 }), 'Syntax errors in policy.'],
    [policy({ ...statement, Condition: { StringEquals: { a: {} } } }), 'Syntax errors in policy.'],
    [policy({ ...statement, Condition: { StringEquals: 'a' } }), 'Syntax errors in policy.'],
    [policy({ ...statement, Effect: undefined }), 'Missing required field Effect'],
    [policy({ ...statement, Effect: 'allow' }), 'Invalid effect, expected Allow or Deny'],
    [policy({ ...statement, Action: undefined }), 'Missing required field Action'],
    [policy({ ...statement, Action: [] }), 'Missing required field Action'],
    [policy({ ...statement, Principal: undefined }), 'Missing required field Principal'],
    [policy({ ...statement, Principal: { Cognito: 'x' } }), 'Invalid principal in policy'],
    [policy({ ...statement, Principal: { Federated: [] } }), 'Invalid principal in policy'],
    [policy({ ...statement, Resource: '*' }), 'Has prohibited field Resource'],
    [
      policy({ ...statement, Action: 's3:GetObject' }),
      'AssumeRole policy may only specify STS AssumeRole actions.',
    ],
    [policy({ ...statement, Action: '*' }), 'AssumeRole policy may only specify STS AssumeRole actions.'],
    [
      policy({ ...statement, Principal: undefined, NotPrincipal: { Federated: principal } }),
      'Allow with NotPrincipal is not allowed.',
    ],
    [
      policy({ ...statement, Condition: { StringSounds: { a: 'b' } } }),
      'Invalid Condition type : StringSounds',
    ],
    [
      policy({ ...statement, Condition: { NullIfExists: { a: 'true' } } }),
      'Invalid Condition type : NullIfExists',
    ],
    [policy({ ...statement, Condition: { 'ForAnyValue:StringLikeIfExists': { a: ['b', 1, true] } } }), null],
    [policy({ ...statement, Condition: { IpAddress: { 'aws:SourceIp': '10.0.0.0/8' } } }), null],
  ])('of %s', (document, expected) => {
    expect(validateTrustPolicy(document)).toBe(expected);
  });
});

describe('the check of a permissions policy', () => {
  const permission = { Effect: 'Allow', Action: 's3:GetObject', Resource: '*' };
  it.each([
    [policy(permission), null],
    [policy({ ...permission, Action: '*' }), null],
    [policy({ ...permission, Principal: '*' }), 'Policy document should not specify a principal.'],
    [policy({ ...permission, Resource: undefined }), 'Policy statement must contain resources.'],
    [
      policy({ ...permission, Action: 'GetObject' }),
      'Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc.',
    ],
  ])('of %s', (document, expected) => {
    expect(validatePermissionsPolicy(document)).toBe(expected);
  });
});
