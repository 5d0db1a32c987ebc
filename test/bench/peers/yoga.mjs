// graphql-yoga on node:http; needs `npm install --prefix test/bench`.
import { createServer } from 'node:http';
import { GraphQLError } from 'graphql';
import { createSchema, createYoga } from 'graphql-yoga';
import { listening, refusal, resolvers, typeDefs, userOf } from './shared.mjs';

const yoga = createYoga({
  schema: createSchema({ typeDefs, resolvers }),
  logging: false,
  graphiql: false,
  landingPage: false,
  context: ({ request }) => {
    const authorization = request.headers.get('authorization') ?? undefined;
    const user = userOf(authorization);
    if (user !== undefined || authorization === undefined) return { user };
    throw new GraphQLError(refusal.message, { extensions: { ...refusal.extensions, http: { status: 401 } } });
  },
});
const server = createServer(yoga);
server.keepAliveTimeout = 65_000;
server.listen(0, '127.0.0.1', () => listening(server.address().port));
