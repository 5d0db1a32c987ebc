import { ApolloClient, HttpLink, InMemoryCache } from '@apollo/client';
import { SetContextLink } from '@apollo/client/link/context';
import { CognitoCredentialsDocument, MeDocument } from 'cognito-graphql/client/documents';
import { login } from './login.ts';

const signedIn = new SetContextLink(async ({ headers }) => ({
  headers: { ...headers, authorization: `Bearer ${await login.accessToken()}` },
}));
export const client = new ApolloClient({
  link: signedIn.concat(new HttpLink({ uri: 'https://api.example.com/graphql' })),
  cache: new InMemoryCache(),
});

export async function identityOfUser() {
  const { data } = await client.mutate({
    mutation: CognitoCredentialsDocument,
    variables: { input: { tokenDuration: 600 } },
    fetchPolicy: 'no-cache', // the token does not belong in a cache
  });
  return data?.cognitoCredentials.identityId; // string | undefined: results and variables are typed
}

export const whoAmI = () => client.query({ query: MeDocument, fetchPolicy: 'no-cache' });
