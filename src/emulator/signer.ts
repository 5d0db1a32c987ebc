import { type KeyObject, sign } from 'node:crypto';
import { promisify } from 'node:util';

export const signatureAlgorithm = 'RSA-SHA512';

const signOnPool = promisify(sign);

/**
 * Signing takes longer than all the rest of a call. It is done on the thread pool, where it neither holds up other calls nor
 * leaves cores unused; where there is one core only, handing it over and back would cost and win nothing.
 */
export function createSigner(cores: number): (data: Buffer, key: KeyObject) => Buffer | Promise<Buffer> {
  return cores > 1
    ? (data, key) => signOnPool(signatureAlgorithm, data, key)
    : (data, key) => sign(signatureAlgorithm, data, key);
}
