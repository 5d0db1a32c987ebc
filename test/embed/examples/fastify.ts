import Fastify from 'fastify';
import { listener } from './whole.ts';

const app = Fastify();
app.get('/', async () => 'the rest of your service');
await app.register(async (scope) => {
  scope.removeAllContentTypeParsers();
  scope.addContentTypeParser('*', (_request, _body, done) => done(null)); // the listener reads the body
  scope.all('/graphql', (request, reply) => {
    reply.hijack();
    listener(request.raw, reply.raw);
  });
});
await app.listen({ port: 4000 });
export const { server } = app;
