// Fastify and mercurius with compiled execution; needs `npm install --prefix test/bench`.
import Fastify from 'fastify';
import mercurius from 'mercurius';
import { listening, refusal, resolvers, typeDefs, userOf } from './shared.mjs';

const app = Fastify({ keepAliveTimeout: 65_000 });
app.addHook('onRequest', async (request, reply) => {
  request.user = userOf(request.headers.authorization);
  if (request.user === undefined && request.headers.authorization !== undefined) {
    await reply.code(401).send({ errors: [refusal] });
  }
});
app.register(mercurius, {
  schema: typeDefs,
  resolvers,
  jit: 1,
  context: (request) => ({ user: request.user }),
});
await app.listen({ port: 0, host: '127.0.0.1' });
listening(app.server.address().port);
