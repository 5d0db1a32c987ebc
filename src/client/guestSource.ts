import type { CognitoCredentialsMutation, DocumentTypeDecoration } from './generated/operations.ts';
import type { GraphQLAnswer } from './graphql.ts';

/** Sends an operation as the user who is signed in, once; with one forced re-login. */
export type Send = <TResult, TVariables>(
  document: DocumentTypeDecoration<TResult, TVariables>,
  variables: TVariables,
) => Promise<GraphQLAnswer<TResult>>;

export type Issued = Omit<CognitoCredentialsMutation['cognitoCredentials'], 'expiresAt'> & {
  readonly linked?: boolean;
};

/** A guest who can be handed over: `createGuestSession()`, or `guestFromProof()`. */
export interface GuestSource {
  /** Sends the mutation with the guest's proof; once linked, the guest is no more. Undefined when the guest's identity cannot be used. */
  handOver(
    send: Send,
    options: { readonly signal: AbortSignal; readonly tokenDuration?: number | undefined },
  ): Promise<{ readonly issued: Issued; readonly skew: number | undefined } | undefined>;
}
