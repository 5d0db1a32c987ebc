import { ApolloServer } from '@apollo/server';
import { startStandaloneServer } from '@apollo/server/standalone';
import { cognito } from './cognito.ts';
import { yourLogin } from './yourLogin.ts';

export const server = new ApolloServer({ schema: await cognito.schema() });
export const { url } = await startStandaloneServer(server, {
  listen: { port: 4000 },
  context: async ({ req }) => cognito.context(await yourLogin(req.headers.authorization)),
});
