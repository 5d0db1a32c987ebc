// What every peer does alike: check the bearer token once, remember it by its SHA-256, and answer from memory.
import { createHash, createPublicKey, verify } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { LRUCache } from 'lru-cache';

export const task = JSON.parse(readFileSync(process.env.BENCH_TASK, 'utf8'));
const { issuer, audience, pool } = task;
const keys = new Map(
  task.jwks.keys.map((jwk) => [jwk.kid, { jwk, key: createPublicKey({ key: jwk, format: 'jwk' }) }]),
);
const max = Number(process.env.BENCH_USERS ?? 100_000);
const verified = new LRUCache({ max });

/** The user id of a good token; undefined for any other. */
export function userOf(authorization) {
  if (typeof authorization !== 'string' || !authorization.startsWith('Bearer ')) return undefined;
  const token = authorization.slice(7);
  const digest = createHash('sha256').update(token).digest('base64url');
  const known = verified.get(digest);
  if (known !== undefined && Date.now() < known.expiresAtMs) return known.user;
  const [header, payload, signature] = token.split('.');
  try {
    const { alg, kid } = JSON.parse(Buffer.from(header, 'base64url'));
    const found = keys.get(kid);
    if (found === undefined || found.jwk.alg !== alg) return undefined;
    const key = alg === 'ES256' ? { key: found.key, dsaEncoding: 'ieee-p1363' } : found.key;
    const signed = Buffer.from(`${header}.${payload}`);
    if (!verify('sha256', signed, key, Buffer.from(signature, 'base64url'))) return undefined;
    const claims = JSON.parse(Buffer.from(payload, 'base64url'));
    if (claims.iss !== issuer || claims.aud !== audience || !(claims.exp * 1000 > Date.now()))
      return undefined;
    verified.set(digest, { user: claims.sub, expiresAtMs: claims.exp * 1000 });
    return claims.sub;
  } catch {
    return undefined;
  }
}

const tokens = new LRUCache({ max });

/** A kept token of the size and with the fields of the real answer. */
export function credentialsOf(user) {
  const known = tokens.get(user);
  if (known !== undefined) return known;
  const made = {
    identityId: pool.identityPoolId,
    openIdToken: pool.openIdToken,
    expiresAt: new Date(Date.now() + 900_000).toISOString(),
    region: pool.region,
    identityPoolId: pool.identityPoolId,
    loginsKey: 'cognito-identity.amazonaws.com',
    identityChanged: false,
  };
  tokens.set(user, made);
  return made;
}

export const typeDefs = /* GraphQL */ `
  input CognitoCredentialsInput { tokenDuration: Int, previousIdentityId: ID, renew: Boolean }
  type CognitoCredentials {
    identityId: ID! openIdToken: String! expiresAt: String! region: String!
    identityPoolId: ID! loginsKey: String! identityChanged: Boolean!
  }
  type Viewer { userId: String! administrator: Boolean! }
  type Query { me: Viewer! }
  type Mutation { cognitoCredentials(input: CognitoCredentialsInput): CognitoCredentials! }
`;

/** Resolvers over a context with `user`. */
export const resolvers = {
  Query: { me: (_root, _args, { user }) => ({ userId: user, administrator: false }) },
  Mutation: { cognitoCredentials: (_root, _args, { user }) => credentialsOf(user) },
};

export const refusal = { message: 'Sign in.', extensions: { code: 'UNAUTHENTICATED' } };

/** Tells the benchmark where this peer listens. */
export const listening = (port) => process.stdout.write(`listening http://127.0.0.1:${port}\n`);
