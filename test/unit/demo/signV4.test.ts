import { Sha256 } from '@aws-crypto/sha256-js';
import { HttpRequest } from '@smithy/core/protocols';
import { SignatureV4 } from '@smithy/signature-v4';
import { describe, expect, it } from 'vitest';
import { signedHeaders } from '../../../src/demo/page/signV4.ts';

describe('the signature that the demo page makes', () => {
  it.each(['127.0.0.1:9400', 'sts.eu-west-1.amazonaws.com'])(
    'is the one the AWS SDK makes for %s',
    async (host) => {
      const credentials = {
        accessKeyId: 'ASIAEXAMPLE',
        secretAccessKey: 'se/cr+et',
        sessionToken: 'a+b/c==',
      };
      const body = 'Action=GetCallerIdentity&Version=2011-06-15';
      const date = new Date('2026-11-25T10:15:30.123Z');
      const region = 'eu-west-1';
      const headers = await signedHeaders({ host, body, region, service: 'sts', credentials, date });
      const signer = new SignatureV4({
        credentials,
        region,
        service: 'sts',
        sha256: Sha256,
        applyChecksum: false,
      });
      const request = new HttpRequest({
        method: 'POST',
        hostname: host,
        path: '/',
        headers: { host, 'content-type': headers['content-type'] as string },
        body,
      });
      const expected = await signer.sign(request, { signingDate: date });
      expect(headers['authorization']).toBe(expected.headers['authorization']);
      expect(headers['x-amz-date']).toBe('20261125T101530Z');
      expect(headers['x-amz-security-token']).toBe('a+b/c==');
    },
  );
});
