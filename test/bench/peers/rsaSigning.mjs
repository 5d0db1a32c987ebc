// RSA-2048 with SHA-512 over as many bytes as an OpenID token has, in one thread: what an issuer of such tokens cannot go below.
import { generateKeyPairSync, sign } from 'node:crypto';
import { measureRate } from './rate.mjs';

const [warmUpMs, measureMs] = process.argv.slice(2).map(Number);
const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
const message = Buffer.alloc(710, 'x');
await measureRate(() => void sign('sha512', message, privateKey), warmUpMs, measureMs);
