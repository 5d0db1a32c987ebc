import { randomBytes } from 'node:crypto';

const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';

/** `length` random characters of the alphabet of AWS's unique ids and access keys (5 bits each). */
export function randomAwsId(length: number): string {
  return toAwsId(randomBytes(length));
}

/** One character for each byte. */
export function toAwsId(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => alphabet[byte & 31]).join('');
}
