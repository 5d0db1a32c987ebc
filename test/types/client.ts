/**
 * Compiling this file is the test: the client's public types fit those of the packages it is used with, and refuse what must not
 * compile. Nothing here runs.
 */
import type { TypedDocumentNode } from '@apollo/client';
import { STSClient } from '@aws-sdk/client-sts';
import type { AwsCredentialIdentity, AwsCredentialIdentityProvider } from '@aws-sdk/types';
import type { Amplify } from 'aws-amplify';
import * as trees from '../../src/client/documents.ts';
import {
  acrossTabs,
  type CognitoCredentialsMutation,
  type CognitoCredentialsMutationVariables,
  CognitoGraphQLError,
  createAmplifyCredentialsProvider,
  createGuestSession,
  type DocumentTypeDecoration,
  fromCognitoGraphQL,
  MeDocument,
  type MeQuery,
} from '../../src/client/index.ts';

type LibraryOptions = NonNullable<Parameters<typeof Amplify.configure>[1]>;

export async function compiles(): Promise<unknown> {
  const provider = fromCognitoGraphQL({
    endpoint: '/graphql',
    getToken: async ({ force, signal }) => {
      const forced: boolean = force;
      return forced && signal.aborted ? null : 'token';
    },
    sharing: acrossTabs({ storage: 'session' }),
  });
  const sdkProvider: AwsCredentialIdentityProvider = provider;
  const credentials: AwsCredentialIdentity & { expiration: Date; identityId: string } = await provider();
  const client = new STSClient({ region: 'us-east-1', credentials: provider });

  const guest = createGuestSession({ identityPoolId: 'us-east-1:1', storage: localStorage });
  const guestProvider: AwsCredentialIdentityProvider = guest;
  const { identityId, linked }: { identityId: string; linked: boolean } = await provider.linkGuest(guest);

  const amplify: LibraryOptions = {
    Auth: {
      credentialsProvider: createAmplifyCredentialsProvider({ endpoint: '/', getToken: () => 'token' }),
    },
  };

  const tree: TypedDocumentNode<CognitoCredentialsMutation, CognitoCredentialsMutationVariables> =
    trees.CognitoCredentialsDocument;
  const text: string & DocumentTypeDecoration<MeQuery, Record<string, never>> = MeDocument;

  return [sdkProvider, credentials, client, guestProvider, identityId, linked, amplify, tree, text];
}

export function doesNotCompile(error: unknown): void {
  // @ts-expect-error an endpoint is needed
  fromCognitoGraphQL({ getToken: () => 'token' });
  // @ts-expect-error a token getter is needed: there is no other place that users' tokens could come from
  fromCognitoGraphQL({ endpoint: '/graphql' });
  // @ts-expect-error either the client or the server exchanges
  fromCognitoGraphQL({ endpoint: '/graphql', getToken: () => 'token', exchange: 'both' });
  // @ts-expect-error the stores of a page have three names
  acrossTabs({ storage: 'cookies' });
  // @ts-expect-error the result of one operation is not that of another
  const tree: TypedDocumentNode<MeQuery> = trees.CognitoCredentialsDocument;
  // @ts-expect-error an error is asked for its code, not for whatever else
  if (error instanceof CognitoGraphQLError) error.statusCode;
  void tree;
}
