import { describe, expect, it } from 'vitest';
import { checkServerUri } from '../../../src/auth/fetchJson.ts';

const check = (uri: string, allowInsecure = false) => checkServerUri('AUTH_JWKS_URI', uri, allowInsecure);

describe('the address of a login server', () => {
  it.each(['https://idp.example/keys', 'http://127.0.0.1:9/keys', 'http://localhost/', 'http://[::1]:80/'])(
    'may be %s',
    (uri) => expect(() => check(uri)).not.toThrow(),
  );

  it.each(['http://idp.example/keys', 'ftp://idp.example', 'http://127.evil.example/', 'http://[::2]/'])(
    'is refused where keys would travel in clear: %s',
    (uri) => expect(() => check(uri)).toThrow('AUTH_JWKS_URI must be an https: URI'),
  );

  it('may be in clear where that was asked for by name', () => {
    expect(() => check('http://idp.example/keys', true)).not.toThrow();
    expect(() => check('ftp://idp.example/keys', true)).toThrow('AUTH_JWKS_URI must be an https: URI');
  });

  it.each([
    ['keys', 'AUTH_JWKS_URI must be an absolute URI'],
    ['https://user:secret@idp.example/', 'AUTH_JWKS_URI must hold neither user information nor a fragment'],
    ['https://:secret@idp.example/', 'AUTH_JWKS_URI must hold neither user information nor a fragment'],
    ['https://idp.example/#a', 'AUTH_JWKS_URI must hold neither user information nor a fragment'],
  ])('is refused and not repeated: %s', (uri, message) => expect(() => check(uri)).toThrow(message));
});
