import { type CognitoEndpoint, cognitoUrl, getCredentialsForIdentity, isStale } from './cognito.ts';
import type { ClientEnvironment } from './environment.ts';
import { CognitoGraphQLError } from './errors.ts';
import {
  CognitoAwsCredentialsDocument,
  CognitoCredentialsDocument,
  type DocumentTypeDecoration,
  LinkGuestIdentityDocument,
} from './generated/operations.ts';
import { execute, type GraphQLAnswer } from './graphql.ts';
import type { GuestProof } from './guestSession.ts';
import { type HeldCredentials, holdCredentials } from './heldCredentials.ts';
import type { Settings } from './options.ts';
import { withRetries } from './waiting.ts';

export interface Order {
  readonly token: string;
  /** A new token after the API refused the first; rejects when there is none or it is another user's. */
  readonly logInAgain: () => Promise<string>;
  readonly previousIdentityId: string | undefined;
  readonly guest: GuestProof | undefined;
  readonly signal: AbortSignal;
}

export interface Obtained {
  readonly held: HeldCredentials;
  readonly linked: boolean;
}

/**
 * From login token to AWS credentials: the mutation, then the exchange. One forced re-login, bounded repeats of what failed for a
 * passing reason, and one more round when Cognito no longer accepts the identity.
 */
export async function obtainCredentials(
  environment: ClientEnvironment,
  settings: Settings,
  order: Order,
): Promise<Obtained> {
  const { signal, guest } = order;
  const { timeoutMs, tokenDuration } = settings;
  const attempts = settings.maxAttempts;
  const retrying = { signal, attempts, longestWaitMs: timeoutMs };
  const endpoint = { url: settings.endpoint, headers: settings.headers ?? {}, timeoutMs };
  let { token, previousIdentityId } = order;
  let loggedInAgain = false;

  async function ask<T, V>(
    document: { toString(): string & DocumentTypeDecoration<T, V> },
    variables: V,
    most = attempts,
  ): Promise<GraphQLAnswer<T>> {
    for (;;) {
      try {
        return await withRetries(environment, { ...retrying, attempts: most }, () =>
          execute(environment, endpoint, document.toString(), variables, token, signal),
        );
      } catch (error) {
        const { code, status } = error as CognitoGraphQLError;
        if (code !== 'UNAUTHENTICATED') throw error;
        if (loggedInAgain) throw signInRequired({ status });
        loggedInAgain = true;
        token = await order.logInAgain();
      }
    }
  }

  const variables = () => {
    const input = {
      ...(tokenDuration && { tokenDuration }),
      ...(previousIdentityId && { previousIdentityId }),
    };
    return Object.keys(input).length > 0 ? { input } : {};
  };

  async function link(proof: GuestProof) {
    const { identityId: guestIdentityId, openIdToken: guestOpenIdToken } = proof;
    const input = { guestIdentityId, guestOpenIdToken, ...(tokenDuration && { tokenDuration }) };
    try {
      // Sent once: whether a link that got no answer was made is for the next call to find out.
      const { data, skew } = await ask(LinkGuestIdentityDocument, { input }, 1);
      return { answer: data.linkGuestIdentity, skew };
    } catch (error) {
      if ((error as CognitoGraphQLError).code !== 'GUEST_IDENTITY_UNUSABLE') throw error;
      return undefined;
    }
  }

  async function issue() {
    const { data, skew } = await ask(CognitoCredentialsDocument, variables());
    return { answer: { linked: false, ...data.cognitoCredentials }, skew };
  }

  async function exchange({ answer, skew }: Awaited<ReturnType<typeof issue>>): Promise<Obtained> {
    const { identityId, openIdToken, region, identityPoolId, loginsKey, linked } = answer;
    const cognito: CognitoEndpoint = { url: settings.cognitoEndpoint ?? cognitoUrl(region), timeoutMs };
    const exchanged = await withRetries(environment, retrying, () => {
      const input = { IdentityId: identityId, Logins: { [loginsKey]: openIdToken } };
      return getCredentialsForIdentity(environment, cognito, input, signal);
    });
    const held = holdCredentials(environment, exchanged.keys, {
      identityId: exchanged.identityId,
      identityPoolId,
      region,
      skew: exchanged.skew ?? skew,
      openIdToken,
    });
    return { held, linked };
  }

  const handedOver = guest && (await link(guest));
  if (settings.exchange === 'server') {
    const { data, skew } = await ask(CognitoAwsCredentialsDocument, variables());
    const { awsCredentials, identityId, identityPoolId, region } = data.cognitoCredentials;
    const keys = awsCredentials
      ? { ...awsCredentials, expiration: Date.parse(awsCredentials.expiration) }
      : {};
    return {
      held: holdCredentials(environment, keys, { identityId, identityPoolId, region, skew }),
      linked: handedOver?.answer.linked === true,
    };
  }
  const issued = handedOver ?? (await issue());
  try {
    return await exchange(issued);
  } catch (error) {
    if (!isStale(error)) throw error;
    previousIdentityId = issued.answer.identityId;
    return exchange(await issue());
  }
}

export function signInRequired(details: { readonly status?: number | undefined } = {}): CognitoGraphQLError {
  const { status } = details;
  return new CognitoGraphQLError('SIGN_IN_REQUIRED', 'Sign in again.', status ? { status } : {});
}
