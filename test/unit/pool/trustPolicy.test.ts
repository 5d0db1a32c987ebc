import { describe, expect, it } from 'vitest';
import {
  compareTrustPolicy,
  decodeDocument,
  sameDocument,
  trustPolicy,
  trustProblems,
} from '../../../src/pool/trustPolicy.ts';

const pool = 'eu-west-1:12345678-1234-1234-1234-123456789012';
const wanted = {
  region: 'eu-west-1',
  identityPoolId: pool,
  amr: 'authenticated',
  withTags: false,
} as const;

describe('trustPolicy', () => {
  it('trusts users of one pool and nobody else', () => {
    expect(trustPolicy(wanted)).toEqual({
      Version: '2012-10-17',
      Statement: [
        {
          Effect: 'Allow',
          Principal: { Federated: 'cognito-identity.amazonaws.com' },
          Action: ['sts:AssumeRoleWithWebIdentity'],
          Condition: {
            StringEquals: { 'cognito-identity.amazonaws.com:aud': pool },
            'ForAnyValue:StringLike': { 'cognito-identity.amazonaws.com:amr': 'authenticated' },
          },
        },
      ],
    });
  });

  it.each([
    ['eu-west-1', 'cognito-identity.amazonaws.com'],
    ['cn-north-1', 'cognito-identity.cn-north-1.amazonaws.com.cn'],
    ['us-gov-west-1', 'cognito-identity-us-gov.amazonaws.com'],
  ])('names the principal of %s in the statement and in its conditions', (region, principal) => {
    const [statement] = trustPolicy({ ...wanted, region }).Statement;
    expect(statement?.Principal).toEqual({ Federated: principal });
    expect(Object.keys(statement?.Condition?.['StringEquals'] ?? {})).toEqual([`${principal}:aud`]);
    expect(Object.keys(statement?.Condition?.['ForAnyValue:StringLike'] ?? {})).toEqual([`${principal}:amr`]);
  });

  it('takes another principal where one is given', () => {
    const [statement] = trustPolicy({ ...wanted, trustPrincipal: 'other.example' }).Statement;
    expect(statement?.Principal).toEqual({ Federated: 'other.example' });
  });

  it.each([
    [false, ['sts:AssumeRoleWithWebIdentity']],
    [true, ['sts:AssumeRoleWithWebIdentity', 'sts:TagSession']],
  ])('allows sts:TagSession exactly when tags are used (%s)', (withTags, actions) => {
    expect(trustPolicy({ ...wanted, withTags }).Statement[0]?.Action).toEqual(actions);
  });
});

describe('compareTrustPolicy', () => {
  const statement = (change: object) => ({
    Version: '2012-10-17',
    Statement: { ...trustPolicy(wanted).Statement[0], ...change },
  });

  it.each([
    ['same', trustPolicy(wanted)],
    ['same', statement({ Action: 'sts:AssumeRoleWithWebIdentity' })],
    ['only tags differ', trustPolicy({ ...wanted, withTags: true })],
    ['another policy', trustPolicy({ ...wanted, identityPoolId: 'eu-west-1:other' })],
    ['another policy', statement({ Principal: { Service: 'ec2.amazonaws.com' }, Condition: {} })],
    ['no pool named', statement({ Condition: {} })],
    [
      'no pool named',
      statement({
        Condition: { 'ForAnyValue:StringLike': { 'cognito-identity.amazonaws.com:amr': 'authenticated' } },
      }),
    ],
    ['another policy', undefined],
  ])('finds %s', (expected, document) => {
    expect(compareTrustPolicy(document, wanted)).toBe(expected);
  });
});

describe('trustProblems', () => {
  it('finds nothing wrong with our own policy, however it is written down', () => {
    expect(trustProblems(trustPolicy(wanted), wanted)).toEqual([]);
    const { Statement } = trustPolicy(wanted);
    const wide = { Statement: { ...Statement[0], Action: 'sts:Assume*' } };
    expect(trustProblems(wide, wanted)).toEqual([]);
  });

  it.each<[string, object, object, readonly string[]]>([
    [
      'a service as principal',
      { Principal: { Service: 'cognito-identity.amazonaws.com' } },
      {},
      ['its trust policy does not name Principal.Federated cognito-identity.amazonaws.com'],
    ],
    [
      'no condition',
      { Condition: {} },
      {},
      [
        'its trust policy lacks the condition cognito-identity.amazonaws.com:aud, so every identity pool of every account may use it',
      ],
    ],
    [
      'another pool',
      { Condition: { StringEquals: { 'cognito-identity.amazonaws.com:aud': 'eu-west-1:other' } } },
      {},
      ['its trust policy names another pool in cognito-identity.amazonaws.com:aud'],
    ],
    [
      'guests only',
      trustPolicy({ ...wanted, amr: 'unauthenticated' }).Statement[0] ?? {},
      {},
      ['its trust policy does not accept authenticated in cognito-identity.amazonaws.com:amr'],
    ],
    [
      'another action',
      { Action: 'sts:AssumeRole' },
      {},
      ['its trust policy does not allow sts:AssumeRoleWithWebIdentity'],
    ],
    [
      'no tags',
      {},
      { withTags: true },
      ['its trust policy lacks sts:TagSession, which tokens with principal tags need'],
    ],
    [
      'a refusal',
      { Effect: 'Deny' },
      {},
      ['its trust policy does not name Principal.Federated cognito-identity.amazonaws.com'],
    ],
  ])('finds %s', (_what, change, options, problems) => {
    const document = { Statement: [{ ...trustPolicy(wanted).Statement[0], ...change }] };
    expect(trustProblems(document, { ...wanted, ...options })).toEqual(problems);
  });

  it('does not stumble over what is no policy', () => {
    expect(trustProblems(undefined, wanted)).toHaveLength(1);
    expect(trustProblems('text', wanted)).toHaveLength(1);
  });
});

describe('documents', () => {
  it('are equal whatever the order of members and the form of single values', () => {
    expect(sameDocument({ a: ['x'], b: 1 }, { b: 1, a: 'x' })).toBe(true);
    expect(sameDocument({ a: ['x', 'y'] }, { a: ['y', 'x'] })).toBe(false);
    expect(sameDocument(undefined, { a: 1 })).toBe(false);
  });

  it('come URL-encoded from IAM', () => {
    expect(decodeDocument(encodeURIComponent('{"a":"b c"}'))).toEqual({ a: 'b c' });
    expect(decodeDocument('%7B')).toBeUndefined();
    expect(decodeDocument(undefined)).toBeUndefined();
  });
});
