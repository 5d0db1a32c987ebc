import { createApp, loadConfig } from 'cognito-graphql';
import { yourLogin } from './yourLogin.ts';

export const app = createApp(loadConfig(process.env, { authenticator: 'host' }), {
  authenticator: { authenticate: (headers) => yourLogin(headers.all('authorization')[0]) },
});
export const { listener } = await app.startWithoutListening();
