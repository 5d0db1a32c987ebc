// What everybody writes first: Apollo standalone, jose on every request, a call of the AWS SDK for every token. With BENCH_CACHE=1
// it keeps verified tokens and issued ones, as whoever has met the quota does next.
import { createRequire } from 'node:module';
import { ApolloServer, HeaderMap } from '@apollo/server';
import { startStandaloneServer } from '@apollo/server/standalone';
import {
  CognitoIdentityClient,
  GetOpenIdTokenForDeveloperIdentityCommand,
} from '@aws-sdk/client-cognito-identity';
import { createLocalJWKSet, jwtVerify } from 'jose';
import { listening, refusal, task, typeDefs, userOf } from './shared.mjs';

const { GraphQLError } = createRequire(import.meta.resolve('@apollo/server'))('graphql');
const caching = process.env.BENCH_CACHE === '1';
const { issuer, audience, jwks, pool, upstream } = task;
const keys = createLocalJWKSet(jwks);
const credentials = { accessKeyId: 'test', secretAccessKey: 'test' };
const client = new CognitoIdentityClient({ endpoint: upstream, region: pool.region, credentials });
const kept = new Map();

async function signedIn(authorization = '') {
  if (caching) return userOf(authorization);
  const { payload } = await jwtVerify(authorization.slice('Bearer '.length), keys, { issuer, audience });
  return payload.sub;
}

async function issue(user, renew) {
  const known = kept.get(user);
  if (known !== undefined && !renew) return known;
  const { IdentityId, Token } = await client.send(
    new GetOpenIdTokenForDeveloperIdentityCommand({
      IdentityPoolId: pool.identityPoolId,
      Logins: { [pool.provider]: user },
      TokenDuration: 900,
    }),
  );
  const made = {
    identityId: IdentityId,
    openIdToken: Token,
    expiresAt: new Date(Date.now() + 900_000).toISOString(),
    region: pool.region,
    identityPoolId: pool.identityPoolId,
    loginsKey: 'cognito-identity.amazonaws.com',
    identityChanged: false,
  };
  if (caching) kept.set(user, made);
  return made;
}

const server = new ApolloServer({
  typeDefs,
  resolvers: { Mutation: { cognitoCredentials: (_root, { input }, { user }) => issue(user, input?.renew) } },
  introspection: false,
  includeStacktraceInErrorResponses: false,
  stopOnTerminationSignals: false,
});
const { url } = await startStandaloneServer(server, {
  listen: { port: 0, host: '127.0.0.1' },
  context: async ({ req }) => {
    try {
      return { user: await signedIn(req.headers.authorization) };
    } catch {
      const http = { status: 401, headers: new HeaderMap() };
      throw new GraphQLError(refusal.message, { extensions: { ...refusal.extensions, http } });
    }
  },
});
listening(new URL(url).port);
