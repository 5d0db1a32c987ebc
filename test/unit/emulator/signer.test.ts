import { generateKeyPairSync, verify } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { createSigner } from '../../../src/emulator/signer.ts';

const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
const data = Buffer.from('header.claims');

describe('a signer', () => {
  it.each([
    ['at once, on one core', 1, false],
    ['on other cores, where there are some', 2, true],
  ])('signs %s', async (_, cores, later) => {
    const signing = createSigner(cores)(data, privateKey);
    expect(signing instanceof Promise).toBe(later);
    expect(verify('sha512', data, publicKey, await signing)).toBe(true);
  });
});
