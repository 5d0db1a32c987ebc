// RSA-2048 with SHA-512 over as many bytes as an OpenID token has, in one thread: what an issuer of such tokens cannot go below.
import { generateKeyPairSync, sign } from 'node:crypto';

const [warmUpMs, measureMs] = process.argv.slice(2).map(Number);
const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
const message = Buffer.alloc(600, 'x');
const signFor = (ms) => {
  const end = performance.now() + ms;
  let count = 0;
  while (performance.now() < end) {
    sign('sha512', message, privateKey);
    count++;
  }
  return count;
};
signFor(warmUpMs);
const cpu = process.cpuUsage();
const begin = performance.now();
const count = signFor(measureMs);
const seconds = (performance.now() - begin) / 1000;
const { user, system } = process.cpuUsage(cpu);
process.stdout.write(
  JSON.stringify({
    requestsPerSecond: count / seconds,
    microsecondsPerRequest: (user + system) / count,
    unexpected: 0,
  }),
);
