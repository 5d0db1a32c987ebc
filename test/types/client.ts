/**
 * Compiling this file is the test: the client's public types fit those of the packages it is used with, and refuse what must not
 * compile. Nothing here runs.
 */
import type { TypedDocumentNode } from '@apollo/client';
import { STSClient } from '@aws-sdk/client-sts';
import type { AwsCredentialIdentity, AwsCredentialIdentityProvider } from '@aws-sdk/types';
import { type Client as UrqlClient } from '@urql/core';
import type { Amplify } from 'aws-amplify';
import * as trees from '../../src/client/documents.ts';
import {
  acrossTabs,
  type ClientEnvironment,
  type CognitoCredentialsMutation,
  type CognitoCredentialsMutationVariables,
  CognitoGraphQLError,
  type CognitoGraphQLOptions,
  type CredentialsStorage,
  createAmplifyCredentialsProvider,
  createGuestSession,
  type DocumentTypeDecoration,
  fromCognitoGraphQL,
  type GuestSource,
  guestFromProof,
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

  const own: CredentialsStorage = { getItem: async () => null, setItem: () => {}, removeItem: () => {} };
  const everything: Required<CognitoGraphQLOptions> = {
    endpoint: '/graphql',
    getToken: () => null,
    exchange: 'server',
    cognitoEndpoint: 'http://127.0.0.1:9400',
    userKey: () => 'alice',
    tokenDuration: 900,
    headers: { 'x-tenant': 'a' },
    timeoutMs: 1000,
    maxAttempts: 1,
    refreshAheadMs: 60_000,
    sharing: acrossTabs({ storage: own, locks: navigator.locks }),
    environment: { fetch, now: Date.now, random: Math.random } satisfies Partial<ClientEnvironment>,
  };
  const proven: GuestSource = guestFromProof({ identityId, openIdToken: 'token' });
  await fromCognitoGraphQL(everything).linkGuest(proven, { signal: AbortSignal.timeout(1000) });
  await provider.refresh({ signal: AbortSignal.timeout(1000) });
  const cleared: Promise<void> = provider.clear();

  return [cleared, sdkProvider, credentials, client, guestProvider, identityId, linked, amplify, tree, text];
}

export function doesNotCompile(error: unknown, urql: UrqlClient): void {
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
  // @ts-expect-error urql takes the variables of the operation
  void urql.mutation(trees.CognitoCredentialsDocument, { input: { tokenDuration: '900' } });
  // @ts-expect-error and knows its result
  void urql.mutation(trees.CognitoCredentialsDocument, {}).then(({ data }) => data?.me);
  // @ts-expect-error a guest is proven by both
  guestFromProof({ identityId: 'us-east-1:1' });
  // @ts-expect-error the helper takes a guest, not an identity id
  void fromCognitoGraphQL({ endpoint: '/', getToken: () => null }).linkGuest('us-east-1:1');
  void tree;
}
