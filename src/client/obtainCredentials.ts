import { getCredentialsForIdentity, isStale } from './cognito.ts';
import { CognitoGraphQLError } from './errors.ts';
import { CognitoAwsCredentialsDocument, CognitoCredentialsDocument } from './generated/operations.ts';
import { execute } from './graphql.ts';
import type { GuestSource, Issued, Send } from './guestSource.ts';
import { type HeldCredentials, holdCredentials } from './heldCredentials.ts';
import type { Settings } from './options.ts';
import { withRetries } from './waiting.ts';

export interface Order {
  readonly token: string;
  /** A new token after the API refused the first; rejects when there is none or it is another user's. */
  readonly logInAgain: () => Promise<string>;
  readonly previousIdentityId: string | undefined;
  readonly guest: GuestSource | undefined;
  readonly signal: AbortSignal;
}

export interface Obtained {
  readonly held: HeldCredentials;
  readonly linked?: boolean | undefined;
}

/**
 * From login token to AWS credentials: the mutation, then the exchange. One forced re-login, bounded repeats of what failed for a
 * passing reason, and one more round when Cognito no longer accepts the identity.
 */
export async function obtainCredentials(settings: Settings, order: Order): Promise<Obtained> {
  const { signal, guest, logInAgain } = order;
  const { tokenDuration } = settings;
  let { token, previousIdentityId } = order;
  let loggedInAgain = false;

  const send: Send = async (document, variables) => {
    for (;;) {
      try {
        return await execute(settings, document, variables, token, signal);
      } catch (error) {
        const { code, status } = error as CognitoGraphQLError;
        if (code !== 'UNAUTHENTICATED') throw error;
        if (loggedInAgain) throw signInRequired(status);
        loggedInAgain = true;
        token = await logInAgain();
      }
    }
  };

  const ask: typeof send = (document, variables) =>
    withRetries(settings, signal, () => send(document, variables));

  let renew: true | undefined;
  const variables = () => ({ input: { tokenDuration, previousIdentityId, renew } });

  async function issue() {
    const { data, skew } = await ask(CognitoCredentialsDocument, variables());
    return { issued: data.cognitoCredentials as Issued, skew };
  }

  async function exchange({ issued, skew }: Awaited<ReturnType<typeof issue>>): Promise<HeldCredentials> {
    const { identityId, openIdToken, region, loginsKey } = issued;
    const input = { IdentityId: identityId, Logins: { [loginsKey]: openIdToken } };
    const exchanged = await withRetries(settings, signal, () =>
      getCredentialsForIdentity(settings, region, input, signal),
    );
    return holdCredentials(exchanged, exchanged.skew ?? skew, settings.now());
  }

  async function exchangeByServer(): Promise<HeldCredentials> {
    const { data, skew } = await ask(CognitoAwsCredentialsDocument, variables());
    const { awsCredentials, identityId } = data.cognitoCredentials;
    const expiration = Date.parse(`${awsCredentials?.expiration}`);
    return holdCredentials({ identityId, ...awsCredentials, expiration }, skew, settings.now());
  }

  // A link is sent once: whether one that got no answer was made is for the next call to find out.
  const handedOver = await guest?.handOver(send, { signal, tokenDuration });
  const linked = handedOver?.issued.linked;
  if (settings.exchange === 'server') return { held: await exchangeByServer(), linked };
  const first = handedOver ?? (await issue());
  try {
    return { held: await exchange(first), linked };
  } catch (error) {
    if (!isStale(error)) throw error;
    previousIdentityId = first.issued.identityId;
    renew = true;
    return { held: await exchange(await issue()) };
  }
}

/** Without a status: nobody was asked, as there is no token. */
export function signInRequired(status?: number): CognitoGraphQLError {
  return new CognitoGraphQLError('SIGN_IN_REQUIRED', 'Sign in again.', { status });
}
