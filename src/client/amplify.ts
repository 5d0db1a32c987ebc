import { fromCognitoGraphQL } from './credentialsProvider.ts';
import type { CognitoGraphQLError } from './errors.ts';
import type { GuestSession } from './guestSession.ts';
import type { CognitoGraphQLOptions, CognitoGraphQLProvider, CognitoIdentityCredentials } from './options.ts';

export interface AmplifyOptions extends CognitoGraphQLOptions {
  /** Whose credentials Amplify gets while nobody is signed in. Default: none. */
  readonly guest?: GuestSession;
}

/** Structurally Amplify v6's `CredentialsAndIdentityIdProvider`. */
export interface AmplifyCredentialsProvider {
  getCredentialsAndIdentityId(options?: {
    readonly forceRefresh?: boolean;
  }): Promise<
    { credentials: Omit<CognitoIdentityCredentials, 'identityId'>; identityId: string } | undefined
  >;
  clearCredentialsAndIdentityId(): void;
  /** The provider underneath, for `linkGuest` and for AWS SDK clients beside Amplify. */
  readonly provider: CognitoGraphQLProvider;
}

/**
 * For `Amplify.configure(config, { Auth: { credentialsProvider } })`. Whether somebody is signed in is told by `getToken` alone,
 * as the login is the app's own and not Amplify's.
 */
export function createAmplifyCredentialsProvider(options: AmplifyOptions): AmplifyCredentialsProvider {
  const { guest } = options;
  const provider = fromCognitoGraphQL(options);

  async function credentials(ask: { forceRefresh: boolean }) {
    try {
      return await provider(ask);
    } catch (error) {
      const { code, status } = error as CognitoGraphQLError;
      const nobody = code === 'SIGNED_OUT' || (code === 'SIGN_IN_REQUIRED' && status === undefined);
      if (nobody) return guest?.(ask);
      throw error;
    }
  }

  return {
    provider,
    async getCredentialsAndIdentityId({ forceRefresh = false } = {}) {
      const found = await credentials({ forceRefresh });
      if (!found) return undefined;
      const { identityId, ...keys } = found;
      return { credentials: keys, identityId };
    },
    clearCredentialsAndIdentityId() {
      void provider.clear();
    },
  };
}
