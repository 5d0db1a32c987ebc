import { Amplify } from 'aws-amplify';
import { fetchAuthSession } from 'aws-amplify/auth';
import { createAmplifyCredentialsProvider } from 'cognito-graphql/client';
import { login } from './login.ts';

const credentialsProvider = createAmplifyCredentialsProvider({
  endpoint: 'https://api.example.com/graphql',
  getToken: ({ force }) => login.accessToken({ refresh: force }),
});
Amplify.configure({}, { Auth: { credentialsProvider } });

export const session = await fetchAuthSession(); // Storage and the rest of Amplify take the same credentials

export const signOut = () => credentialsProvider.clearCredentialsAndIdentityId();
