import { describe, expect, it } from 'vitest';
import { isCognitoHost, partitionOf } from '../../../src/lib/partition.ts';

const commercial = 'cognito-identity.amazonaws.com';

describe('partitionOf', () => {
  it.each([
    ['us-east-1', 'aws', commercial, commercial],
    ['eu-north-1', 'aws', commercial, commercial],
    ['af-south-1', 'aws', 'cognito-identity.af-south-1.amazonaws.com', commercial],
    ['mx-central-1', 'aws', 'cognito-identity.mx-central-1.amazonaws.com', commercial],
    ['us-gov-west-1', 'aws-us-gov', 'cognito-identity.us-gov-west-1.amazonaws.com', undefined],
    ['cn-north-1', 'aws-cn', 'cognito-identity.cn-north-1.amazonaws.com.cn', undefined],
    ['eusc-de-east-1', 'aws-eusc', 'cognito-identity.eusc-de-east-1.amazonaws.eu', undefined],
    ['us-iso-east-1', 'aws-iso', 'cognito-identity.us-iso-east-1.c2s.ic.gov', undefined],
    ['us-isob-east-1', 'aws-iso-b', 'cognito-identity.us-isob-east-1.sc2s.sgov.gov', undefined],
    ['eu-isoe-west-1', 'aws-iso-e', 'cognito-identity.eu-isoe-west-1.cloud.adc-e.uk', undefined],
    ['us-isof-south-1', 'aws-iso-f', 'cognito-identity.us-isof-south-1.csp.hci.ic.gov', undefined],
  ])('knows the names that Cognito has in %s', (region, arn, host, loginsKey = host) => {
    expect(partitionOf(region)).toMatchObject({ arn, issuer: `https://${host}`, loginsKey });
  });

  it('gives GovCloud one principal, and every other Region outside the commercial partition its own', () => {
    expect(partitionOf('us-gov-east-1').trustPrincipal).toBe('cognito-identity-us-gov.amazonaws.com');
    expect(partitionOf('eusc-de-east-1').trustPrincipal).toBe('cognito-identity.eusc-de-east-1.amazonaws.eu');
    expect(partitionOf('af-south-1').trustPrincipal).toBe(commercial);
  });

  it('takes what is no Region of AWS for the commercial partition', () => {
    for (const region of ['', 'local', 'local-east-1']) {
      expect(partitionOf(region)).toEqual(partitionOf('us-east-1'));
    }
  });
});

describe('isCognitoHost', () => {
  it.each([
    commercial,
    'cognito-identity.us-west-2.amazonaws.com',
    'cognito-identity-us-gov.amazonaws.com',
    'cognito-identity.cn-north-1.amazonaws.com.cn',
    'cognito-identity.eusc-de-east-1.amazonaws.eu',
    'cognito-identity.us-iso-east-1.c2s.ic.gov',
  ])('knows %s', (host) => {
    expect(isCognitoHost(host)).toBe(true);
  });

  it.each([
    'cognito-idp.us-east-1.amazonaws.com/us-east-1_abc',
    'cognito-identity.example.com',
    'cognito-identity.a.b.amazonaws.com',
    'cognito-identityamazonaws.com',
    'login.example',
    'developer-logins.amazonaws.com',
    `${commercial}.example.com`,
  ])('does not take %s for one', (host) => {
    expect(isCognitoHost(host)).toBe(false);
  });
});
