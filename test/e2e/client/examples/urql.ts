import { Client, fetchExchange } from '@urql/core';
import { CognitoCredentialsDocument } from 'cognito-graphql/client/documents';
import { login } from './login.ts';

export async function identityOfUser() {
  const token = await login.accessToken();
  const client = new Client({
    url: 'https://api.example.com/graphql',
    fetchOptions: { headers: { authorization: `Bearer ${token}` } },
    preferGetMethod: false,
    exchanges: [fetchExchange], // and no cacheExchange: the token does not belong in a cache
  });
  const { data, error } = await client.mutation(CognitoCredentialsDocument, {
    input: { tokenDuration: 600 },
  });
  if (error) throw error;
  return data?.cognitoCredentials.identityId;
}
