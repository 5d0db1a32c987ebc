import { randomBytes } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { createTokenCipher, parseCacheKeys } from '../../../src/tokens/tokenCipher.ts';

const [one, two] = [randomBytes(32), randomBytes(32)];

describe('the token cipher', () => {
  it('opens what it sealed, and never seals twice the same way', () => {
    const cipher = createTokenCipher([one]);
    const sealed = cipher.seal('a token', 'here');
    expect(cipher.open(sealed, 'here')).toBe('a token');
    expect(cipher.seal('a token', 'here')).not.toBe(sealed);
    expect(sealed).not.toContain('token');
    expect(Buffer.from(sealed.split('.')[1] ?? '', 'base64url').toString()).not.toContain('token');
  });

  it('opens nothing that was moved, changed, cut or made with another key', () => {
    const cipher = createTokenCipher([one]);
    const sealed = cipher.seal('a token', 'here');
    const [id, body = ''] = sealed.split('.');
    const bytes = Buffer.from(body, 'base64url');
    bytes[bytes.length - 1] = (bytes.at(-1) ?? 0) ^ 1;
    const other = createTokenCipher([two]).seal('a token', 'here');
    const bad = [
      `${id}.${bytes.toString('base64url')}`,
      `${id}.${body.slice(0, 20)}`,
      `${id}.`,
      '',
      other,
      `${id}.${other.split('.')[1]}`,
    ];
    expect(cipher.open(sealed, 'there')).toBeNull();
    expect(bad.map((text) => cipher.open(text, 'here'))).toEqual(bad.map(() => null));
  });

  it('opens nothing whose seal was shortened, however little is sealed', () => {
    const cipher = createTokenCipher([one]);
    const [id, body = ''] = cipher.seal('', 'here').split('.');
    const bytes = Buffer.from(body, 'base64url');
    // AES-GCM itself takes tags of 4 bytes, which can be guessed.
    for (let length = 0; length < bytes.length; length += 1) {
      expect(cipher.open(`${id}.${bytes.subarray(0, length).toString('base64url')}`, 'here')).toBeNull();
    }
  });

  it('gives the same names in every version, for replicas of different ones share them', () => {
    const cipher = createTokenCipher([new Uint8Array(32).fill(7)]);
    expect(cipher.names('user', 'alice')).toEqual(['1WFTOqXWP4-E18zZXJvXXZWYZQcU7h7EdHsOJHDpLso']);
  });

  it('opens with every key it has and seals with the first', () => {
    const old = createTokenCipher([one]);
    const both = createTokenCipher([two, one]);
    expect(both.open(old.seal('a token', 'here'), 'here')).toBe('a token');
    expect(old.open(both.seal('a token', 'here'), 'here')).toBeNull();
    expect(createTokenCipher([two]).open(both.seal('a token', 'here'), 'here')).toBe('a token');
  });

  it('names the same thing the same way, with one name per key and no word of the thing', () => {
    const both = createTokenCipher([two, one]);
    const names = both.names('user', 'alice');
    expect(names).toHaveLength(2);
    expect(names[1]).toBe(createTokenCipher([one]).names('user', 'alice')[0]);
    expect(both.names('identity', 'alice')[0]).not.toBe(names[0]);
    expect(names.join()).not.toContain('alice');
  });

  it.each([[[]], [[randomBytes(31)]], [[one, randomBytes(33)]]])('takes keys of 32 bytes only', (keys) => {
    expect(() => createTokenCipher(keys)).toThrow(TypeError);
  });
});

describe('configured cache keys', () => {
  it('are base64 or hexadecimal, several separated by commas', () => {
    expect(parseCacheKeys(`${one.toString('base64')}, ${two.toString('hex')}`)).toEqual([one, two]);
    expect(parseCacheKeys(one.toString('base64url'))).toEqual([one]);
  });

  it.each(['', 'secret', `${one.toString('hex')},`, one.toString('hex').slice(2)])(
    'are refused without being repeated: %s',
    (text) => {
      expect(() => parseCacheKeys(text)).toThrow(
        new TypeError('must be 32 random bytes in base64 or hexadecimal, several separated by commas'),
      );
    },
  );
});
