// A server that reads a request and answers with a signature, and does nothing else: what Node's HTTP alone leaves of the rate of
// signing. Writes its address.
import { generateKeyPairSync, sign } from 'node:crypto';
import { createServer } from 'node:http';

const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
const message = Buffer.alloc(710, 'x');
const padding = 'x'.repeat(800);
const server = createServer((request, response) => {
  request.resume().once('end', () => {
    sign('sha512', message, privateKey, (_error, signature) => {
      const body = JSON.stringify({ signature: signature.toString('base64url'), padding });
      response
        .writeHead(200, { 'content-type': 'application/json', 'content-length': body.length })
        .end(body);
    });
  });
});
server.listen(0, '127.0.0.1', () => {
  process.stdout.write(`http://127.0.0.1:${server.address().port}\n`);
});
