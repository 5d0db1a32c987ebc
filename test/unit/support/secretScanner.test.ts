import { describe, expect, it } from 'vitest';
import { secretsIn } from '../../support/secretScanner.ts';

const token = 'eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJ1c2VyIn0.c2lnbmF0dXJlLXRoYXQtaXMtbG9uZw';

describe('the secret scanner', () => {
  it.each([
    ['a JSON Web Token', `{"msg":"${token}"}`],
    ['a JSON Web Token', 'eyJhbGciOiJub25lIn0.eyJzdWIiOiJ1c2VyIn0.'],
    ['an access key id of temporary credentials', 'key ASIAABCDEFGHIJKLMNOP'],
    ['a private key', '-----BEGIN EC PRIVATE KEY-----'],
    ['an Authorization header', 'authorization: Bearer 0123456789abcdef'],
    ['a member that holds a secret', '{"SecretKey":"0123456789abcdef"}'],
  ])('finds %s', (name, text) => expect(secretsIn(text)).toEqual([name]));

  it('finds what a test knows to be secret, and a token by its signature alone', () => {
    expect(secretsIn('a hush b', ['hush', 'other'])).toEqual(['known secret 0']);
    expect(secretsIn('…mF0dXJlLXRoYXQtaXMtbG9uZw', [token])).toEqual(['known secret 0']);
    expect(secretsIn('…c2lnbmF0dXJlLXRoYXQtaXMtbG9uZw', [token])).toEqual(['known secret 0']);
  });

  it('leaves alone what belongs in a log', () => {
    const line =
      '{"openIdToken":"[secret]","requestId":"3f0a","action":"issue","userId":"alice","identityIds":["us-east-1:0000-1"],"clientAddress":"127.0.0.1","msg":"Bearer token missing"}';
    expect(secretsIn(line, [token])).toEqual([]);
  });
});
