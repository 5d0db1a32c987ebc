import { createGuestSession, fromCognitoGraphQL } from 'cognito-graphql/client';
import { login } from './login.ts';

// Before the login: credentials of the pool's role for guests.
export const guest = createGuestSession({
  identityPoolId: 'us-east-1:11111111-2222-4333-8444-555555555555',
});
export const asGuest = await guest();

// Right after it, before anything asks for credentials: the identity id stays, and with it the guest's data.
export const credentials = fromCognitoGraphQL({
  endpoint: 'https://api.example.com/graphql',
  getToken: ({ force }) => login.accessToken({ refresh: force }),
});
export const { identityId, linked } = await credentials.linkGuest(guest);
