// Apollo Server as its own documentation starts it, with the same check of tokens as the other peers.
import { createRequire } from 'node:module';
import { ApolloServer, HeaderMap } from '@apollo/server';
import { startStandaloneServer } from '@apollo/server/standalone';
import { listening, refusal, resolvers, typeDefs, userOf } from './shared.mjs';

// Apollo's own copy: the packages of the benchmark may have brought another one.
const { GraphQLError } = createRequire(import.meta.resolve('@apollo/server'))('graphql');

const server = new ApolloServer({
  typeDefs,
  resolvers,
  introspection: false,
  includeStacktraceInErrorResponses: false,
  stopOnTerminationSignals: false,
});
const { url } = await startStandaloneServer(server, {
  listen: { port: 0, host: '127.0.0.1' },
  context: async ({ req }) => {
    const user = userOf(req.headers.authorization);
    if (user !== undefined || req.headers.authorization === undefined) return { user };
    const http = { status: 401, headers: new HeaderMap() };
    throw new GraphQLError(refusal.message, { extensions: { ...refusal.extensions, http } });
  },
});
listening(new URL(url).port);
