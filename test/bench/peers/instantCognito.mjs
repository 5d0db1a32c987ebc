// An upstream that costs next to nothing: answers GetOpenIdTokenForDeveloperIdentity at once, with a token that nobody has signed.
// For what a server itself spends on a call. Writes its address.
import { createHash } from 'node:crypto';
import { createServer } from 'node:http';

const encoded = (value) => Buffer.from(JSON.stringify(value)).toString('base64url');
const header = encoded({ alg: 'RS512', typ: 'JWS', kid: 'bench' });
const signature = 'x'.repeat(342);

const server = createServer((request, response) => {
  const chunks = [];
  request.on('data', (chunk) => chunks.push(chunk));
  request.on('end', () => {
    const { IdentityPoolId, Logins, TokenDuration = 900 } = JSON.parse(Buffer.concat(chunks));
    const [login = ''] = Object.values(Logins);
    const id = createHash('sha1').update(login).digest('hex');
    const uuid = `${id.slice(0, 8)}-${id.slice(8, 12)}-4${id.slice(13, 16)}-8${id.slice(17, 20)}-${id.slice(20, 32)}`;
    const IdentityId = `${IdentityPoolId.split(':')[0]}:${uuid}`;
    const iat = Math.floor(Date.now() / 1000);
    const iss = 'https://cognito-identity.amazonaws.com';
    const claims = {
      sub: IdentityId,
      aud: IdentityPoolId,
      iss,
      iat,
      exp: iat + TokenDuration,
      amr: ['authenticated', login],
    };
    const body = JSON.stringify({ IdentityId, Token: `${header}.${encoded(claims)}.${signature}` });
    response
      .writeHead(200, { 'content-type': 'application/x-amz-json-1.1', 'content-length': body.length })
      .end(body);
  });
});
server.keepAliveTimeout = 65_000;
server.listen(0, '127.0.0.1', () => process.stdout.write(`http://127.0.0.1:${server.address().port}\n`));
