import { GetCallerIdentityCommand, STSClient } from '@aws-sdk/client-sts';
import { describe, expect, it } from 'vitest';
import { type VerifyOptions, verifySignature } from '../../../src/emulator/sigv4.ts';
import { type WireRequest, wireHeaders } from '../../../src/emulator/wireRequest.ts';

// The published examples of AWS's own Signature Version 4 test suite.
const suite = {
  accessKeyId: 'AKIDEXAMPLE',
  secret: 'wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY',
  now: Date.UTC(2015, 7, 30, 12, 36, 0),
};

function authorization(
  signature: string,
  signedHeaders = 'host;x-amz-date',
  scope = '20150830/us-east-1/service/aws4_request',
) {
  return `AWS4-HMAC-SHA256 Credential=${suite.accessKeyId}/${scope}, SignedHeaders=${signedHeaders}, Signature=${signature}`;
}

interface Changes {
  method?: string;
  url?: string;
  headers?: [string, string][];
  body?: string;
}

function request(
  auth: string | undefined,
  { method = 'GET', url = '/', headers = [], body = '' }: Changes = {},
): WireRequest {
  return {
    method,
    url,
    headers: wireHeaders([
      'Host',
      'example.amazonaws.com',
      'X-Amz-Date',
      '20150830T123600Z',
      ...headers.flat(),
      ...(auth === undefined ? [] : ['Authorization', auth]),
    ]),
    body: Buffer.from(body),
  };
}

function options(changes: Partial<VerifyOptions> = {}): VerifyOptions {
  return {
    service: 'service',
    now: suite.now,
    secretOf: (accessKeyId) => (accessKeyId === suite.accessKeyId ? suite.secret : undefined),
    ...changes,
  };
}

const vanilla = authorization('5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31');
const accepted = { ok: true, accessKeyId: 'AKIDEXAMPLE', region: 'us-east-1' };

function refusal(result: ReturnType<typeof verifySignature>) {
  if (result.ok) throw new Error('The signature was accepted.');
  return { name: result.name, status: result.status, message: result.message };
}

describe('a signature of the test suite', () => {
  it('is accepted for a plain GET', () => {
    expect(verifySignature(request(vanilla), options())).toEqual(accepted);
  });

  it('is accepted whatever the order of the query', () => {
    const auth = authorization('b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500');
    expect(verifySignature(request(auth, { url: '/?Param2=value2&Param1=value1' }), options())).toEqual(
      accepted,
    );
  });

  it('is judged by the secret of its own signer, whoever else signed before for the same day and Region', () => {
    const other = options({ secretOf: () => 'another secret' });
    expect(verifySignature(request(vanilla), options())).toEqual(accepted);
    expect(refusal(verifySignature(request(vanilla), other)).name).toBe('InvalidSignatureException');
    expect(verifySignature(request(vanilla), options())).toEqual(accepted);
  });

  it('is accepted with header values trimmed and inner spaces made one', () => {
    const auth = authorization(
      'acc3ed3afb60bb290fc8d2dd0098b9911fcaa05412b367055dee359757a9c736',
      'host;my-header1;my-header2;x-amz-date',
    );
    const headers: [string, string][] = [
      ['My-Header1', ' value1'],
      ['My-Header2', ' "a   b   c"'],
    ];
    expect(verifySignature(request(auth, { headers }), options())).toEqual(accepted);
  });

  it('is accepted with a header that is repeated, its values in the order in which they came', () => {
    const auth = authorization(
      'c9d5ea9f3f72853aea855b47ea873832890dbdd183b4468f858259531a5138ea',
      'host;my-header1;x-amz-date',
    );
    const repeated = (...values: string[]) =>
      request(auth, { headers: values.map((value) => ['My-Header1', value]) });
    expect(verifySignature(repeated('value2', 'value2', 'value1'), options())).toEqual(accepted);
    const reordered = repeated('value1', 'value2', 'value2');
    expect(refusal(verifySignature(reordered, options())).name).toBe('InvalidSignatureException');
  });

  it('is accepted for a form body and refused when the body is another', () => {
    const auth = authorization(
      'ff11897932ad3f4e8b18135d722051e5ac45fc38421b1da7b9d196a0fe09473a',
      'content-type;host;x-amz-date',
    );
    const headers: [string, string][] = [['Content-Type', 'application/x-www-form-urlencoded']];
    const post = (body: string) => request(auth, { method: 'POST', headers, body });
    expect(verifySignature(post('Param1=value1'), options())).toEqual(accepted);
    expect(refusal(verifySignature(post('Param1=value2'), options())).name).toBe('InvalidSignatureException');
  });
});

describe('a request that is not signed properly', () => {
  it('without Authorization lacks its token', () => {
    const expected = {
      name: 'MissingAuthenticationTokenException',
      status: 400,
      message: 'Missing Authentication Token',
    };
    expect(refusal(verifySignature(request(undefined), options()))).toEqual(expected);
    expect(refusal(verifySignature(request('Bearer abc'), options()))).toEqual(expected);
  });

  it('names every part that the header lacks', () => {
    const bare: WireRequest = {
      ...request(undefined),
      headers: wireHeaders(['Host', 'x', 'Authorization', 'AWS4-HMAC-SHA256 Foo=1']),
    };
    expect(refusal(verifySignature(bare, options()))).toEqual({
      name: 'IncompleteSignatureException',
      status: 400,
      message:
        "Authorization header requires 'Credential' parameter. Authorization header requires 'Signature' parameter. " +
        "Authorization header requires 'SignedHeaders' parameter. " +
        "Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header.",
    });
  });

  it('with another algorithm, a short credential or an unreadable date is incomplete', () => {
    const name = 'IncompleteSignatureException';
    const short = authorization('00', 'host', 'us-east-1/service/aws4_request');
    expect(refusal(verifySignature(request('AWS4-HMAC-SHA1 x=1'), options())).name).toBe(name);
    expect(refusal(verifySignature(request(short), options())).message).toBe(
      'Credential must have exactly 5 slash-delimited elements, e.g. keyid/date/region/service/term',
    );
    const undated = {
      ...request(vanilla),
      headers: wireHeaders(['X-Amz-Date', '2015-08-30', 'Authorization', vanilla]),
    };
    expect(refusal(verifySignature(undated, options())).name).toBe(name);
  });

  it('by a key that nobody issued is unrecognized', () => {
    const result = verifySignature(request(vanilla), options({ secretOf: () => undefined }));
    expect(refusal(result)).toEqual({
      name: 'UnrecognizedClientException',
      status: 400,
      message: 'The security token included in the request is invalid.',
    });
  });

  it('by an expired key says so', () => {
    const result = verifySignature(request(vanilla), options({ secretOf: () => 'expired' }));
    expect(refusal(result).name).toBe('ExpiredTokenException');
    expect(refusal(result).message).toBe('The security token included in the request is expired');
  });

  it('for another service, terminator or day is refused with the reason', () => {
    const scoped = (scope: string) =>
      refusal(verifySignature(request(authorization('00', 'host', scope)), options()));
    expect(scoped('20150830/us-east-1/iam/aws4_request').message).toBe(
      "Credential should be scoped to correct service: 'service'.",
    );
    expect(scoped('20150830/us-east-1/service/aws4').message).toBe(
      "Credential should be scoped with a valid terminator: 'aws4_request'.",
    );
    expect(scoped('20150829/us-east-1/service/aws4_request').message).toBe(
      'Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP.',
    );
    expect(scoped('20150830/us-east-1/iam/aws4_request').name).toBe('InvalidSignatureException');
  });

  it('has to cover the host', () => {
    const result = verifySignature(request(authorization('00', 'x-amz-date')), options());
    expect(refusal(result).message).toBe("'Host' must be a 'SignedHeader' in the AWS Authorization.");
  });

  it('is good for five minutes before and after its date', () => {
    const at = (minutes: number, ms = 0) =>
      verifySignature(request(vanilla), options({ now: suite.now + minutes * 60_000 + ms }));
    expect(at(5)).toEqual(accepted);
    expect(at(-5)).toEqual(accepted);
    expect(refusal(at(5, 1)).message).toBe(
      'Signature expired: 20150830T123600Z is now earlier than 20150830T123600Z (20150830T124100Z - 5 min.)',
    );
    expect(refusal(at(-5, -1000)).message).toBe(
      'Signature not yet current: 20150830T123600Z is still later than 20150830T123559Z (20150830T123059Z + 5 min.)',
    );
  });

  it('shows the canonical request without the tokens in it', () => {
    const auth = authorization('ab', 'host;x-amz-date;x-amz-security-token');
    const headers: [string, string][] = [['X-Amz-Security-Token', 'session-secret']];
    const result = verifySignature(
      request(auth, { headers, url: '/a%20b?WebIdentityToken=eyJ&b=2&a=1' }),
      options(),
    );
    const { message } = refusal(result);
    expect(message).toContain(
      [
        "The Canonical String for this request should have been\n'GET",
        '/a%2520b',
        'WebIdentityToken=REDACTED&a=1&b=2',
        'host:example.amazonaws.com',
        'x-amz-date:20150830T123600Z',
        'x-amz-security-token:REDACTED',
        '',
        'host;x-amz-date;x-amz-security-token',
        "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855'\n",
      ].join('\n'),
    );
    expect(message).toContain(
      "The String-to-Sign should have been\n'AWS4-HMAC-SHA256\n20150830T123600Z\n20150830/us-east-1/service/aws4_request\n",
    );
    expect(message).not.toContain('session-secret');
    expect(message).not.toContain('eyJ');
    expect(message).not.toContain(suite.secret);
  });

  it('is taken at its word only when checking is switched off', () => {
    const wrong = authorization('00');
    expect(refusal(verifySignature(request(wrong), options())).name).toBe('InvalidSignatureException');
    expect(verifySignature(request(wrong), options({ checkSignature: false }))).toEqual(accepted);
    expect(refusal(verifySignature(request(undefined), options({ checkSignature: false }))).name).toBe(
      'MissingAuthenticationTokenException',
    );
  });
});

describe('the host', () => {
  const behindProxy = (host: string, forwarded: string): WireRequest => ({
    ...request(vanilla),
    headers: wireHeaders([
      ...['Host', host],
      ...['X-Forwarded-Host', forwarded],
      ...['X-Amz-Date', '20150830T123600Z'],
      ...['Authorization', vanilla],
    ]),
  });

  it('is the one on the wire, and a refusal names it', () => {
    const result = verifySignature(behindProxy('inner:8080', 'example.amazonaws.com'), options());
    expect(refusal(result).message).toContain('\nhost:inner:8080\n');
  });

  it('is the forwarded one when the proxy is trusted', () => {
    const result = verifySignature(
      behindProxy('inner:8080', 'example.amazonaws.com'),
      options({ trustForwardedHost: true }),
    );
    expect(result).toEqual(accepted);
  });
});

describe("the SDK's own signer", () => {
  const credentials = { accessKeyId: 'AKIA1', secretAccessKey: 'shh', sessionToken: 'tok' };

  /** What the SDK would have put on the wire. */
  async function signedBySdk(endpoint: string): Promise<WireRequest> {
    let captured: WireRequest | undefined;
    const client = new STSClient({
      region: 'eu-west-1',
      endpoint,
      credentials,
      maxAttempts: 1,
      requestHandler: {
        handle: async ({
          method,
          path,
          headers,
          body,
        }: {
          method: string;
          path: string;
          headers: Record<string, string>;
          body: string;
        }) => {
          captured = {
            method,
            url: path,
            headers: wireHeaders(Object.entries(headers).flat()),
            body: Buffer.from(body),
          };
          throw new Error('captured');
        },
      } as never,
    });
    await client.send(new GetCallerIdentityCommand({})).catch(() => undefined);
    if (!captured) throw new Error('Nothing was sent.');
    return captured;
  }

  it.each(['http://127.0.0.1:4711', 'http://localhost:9400', 'http://emu.test:80'])(
    'is accepted when it signs for %s, and hands over its session token',
    async (endpoint) => {
      const seen: unknown[] = [];
      const wire = await signedBySdk(endpoint);
      const date = wire.headers.get('x-amz-date') as string;
      const result = verifySignature(wire, {
        service: 'sts',
        now: Date.parse(date.replace(/^(....)(..)(..T..)(..)(.*)$/, '$1-$2-$3:$4:$5')),
        secretOf: (...args) => {
          seen.push(args);
          return 'shh';
        },
      });
      expect(result).toEqual({ ok: true, accessKeyId: 'AKIA1', region: 'eu-west-1' });
      expect(seen).toEqual([['AKIA1', 'tok']]);
    },
  );
});

describe('a presigned address', () => {
  // Signed with botocore's SigV4QueryAuth: GetCallerIdentity, 60 seconds.
  const parts = (signature: string, expires = '60') =>
    '/?Action=GetCallerIdentity&Version=2011-06-15&X-Amz-Algorithm=AWS4-HMAC-SHA256' +
    '&X-Amz-Credential=AKIDEXAMPLE%2F20150830%2Fus-east-1%2Fservice%2Faws4_request' +
    `&X-Amz-Date=20150830T123600Z&X-Amz-Expires=${expires}&X-Amz-SignedHeaders=host&X-Amz-Signature=${signature}`;
  const presigned = (url: string): WireRequest => ({
    method: 'GET',
    url,
    headers: wireHeaders(['Host', 'example.amazonaws.com']),
    body: Buffer.alloc(0),
  });
  const signature = '0c5c45e4472b6fa30a235657c8f5ac0d8b0864f2dd92ac7dfe9f9ae61437410a';

  it('is accepted until it expires', () => {
    const at = (seconds: number) =>
      verifySignature(presigned(parts(signature)), options({ now: suite.now + seconds * 1000 }));
    expect(at(60)).toEqual(accepted);
    expect(refusal(at(61)).message).toBe(
      'Signature expired: 20150830T123700Z is now earlier than 20150830T123701Z',
    );
  });

  it('is refused when anything in it changed, or its life is longer than a week', () => {
    const changed = parts(signature).replace('GetCallerIdentity', 'CreateRole');
    expect(refusal(verifySignature(presigned(changed), options())).name).toBe('InvalidSignatureException');
    expect(refusal(verifySignature(presigned(parts(signature, '604801')), options())).name).toBe(
      'IncompleteSignatureException',
    );
    expect(
      refusal(verifySignature(presigned(parts('').replace('&X-Amz-Date=20150830T123600Z', '')), options()))
        .message,
    ).toBe(
      "AWS query-string parameters must include 'X-Amz-Signature'. AWS query-string parameters must include 'X-Amz-Date'.",
    );
  });
});
