import { createServer } from 'node:http';
import { createSchema, createYoga } from 'graphql-yoga';
import { cognito } from './cognito.ts';
import { yourLogin } from './yourLogin.ts';

const { typeDefs, resolvers } = await cognito.sdl();
const yoga = createYoga({
  schema: createSchema({
    typeDefs: [typeDefs, 'type Query { news: String! }'],
    resolvers: [resolvers, { Query: { news: () => 'none' } }],
  }),
  context: async ({ request }) => cognito.context(await yourLogin(request.headers.get('authorization'))),
});
export const server = createServer(yoga).listen(4000);
