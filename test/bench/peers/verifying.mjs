// Checks bearer tokens without HTTP: node:crypto alone, or the product's authenticator, which sees each token for the first time or again.
import { createPublicKey, generateKeyPairSync, sign, verify } from 'node:crypto';
import { createJwtAuthenticator } from '../../../src/auth/jwtAuthenticator.ts';
import { measureRate } from './rate.mjs';

const [kind, alg, warmUpMs, measureMs] = process.argv.slice(2);
const { privateKey, publicKey } =
  alg === 'RS256'
    ? generateKeyPairSync('rsa', { modulusLength: 2048 })
    : generateKeyPairSync('ec', { namedCurve: 'P-256' });
const encoded = (value) => Buffer.from(JSON.stringify(value)).toString('base64url');
const now = Math.floor(Date.now() / 1000);
const common = {
  iss: 'https://login.example',
  aud: 'cognito-graphql',
  iat: now,
  exp: now + 3_600,
  scope: 'openid profile',
};
const dsaEncoding = 'ieee-p1363';
const tokens = Array.from({ length: 500 }, (_, index) => {
  const signed = `${encoded({ alg, typ: 'JWT' })}.${encoded({ ...common, sub: `user-${index}` })}`;
  return `${signed}.${sign('sha256', Buffer.from(signed), { key: privateKey, dsaEncoding }).toString('base64url')}`;
});

const pem = publicKey.export({ type: 'spki', format: 'pem' });
const authenticator = createJwtAuthenticator({
  issuer: common.iss,
  audience: common.aud,
  keys: { kind: 'publicKey', key: pem },
  algorithms: [alg],
  maxCachedTokens: kind === 'again' ? 1_000 : 0,
});
const key = { key: createPublicKey(pem), dsaEncoding };
const { signal } = new AbortController();
const headersOf = (token) => ({ all: (name) => (name === 'authorization' ? [`Bearer ${token}`] : []) });

async function check(token) {
  if (kind === 'crypto') {
    const end = token.lastIndexOf('.');
    return verify(
      'sha256',
      Buffer.from(token.slice(0, end)),
      key,
      Buffer.from(token.slice(end + 1), 'base64url'),
    );
  }
  const headers = headersOf(token);
  const { userId } = authenticator.recall(headers) ?? (await authenticator.authenticate(headers, signal));
  return userId.startsWith('user-');
}

await measureRate(
  async (count) => {
    if (!(await check(tokens[count % tokens.length]))) throw new Error('a good token was refused');
  },
  Number(warmUpMs),
  Number(measureMs),
);
