import type { CredentialsStorage } from './credentialsStore.ts';
import type { ClientEnvironment } from './environment.ts';
import type { GuestProof } from './guestSession.ts';

export interface LoginRequest {
  /** Whether the API refused the last token: get a new one from the issuer instead of a stored one. */
  readonly force: boolean;
  /** Aborted when nobody waits any more. */
  readonly signal: AbortSignal;
}

export interface CognitoGraphQLOptions {
  /** Address of the GraphQL endpoint; may be relative to the page. */
  readonly endpoint: string;
  /**
   * The app's own login token, sent as bearer token; null when nobody is signed in. Asked each time credentials are asked for, so
   * that a change of user is noticed at once: answer from memory while the token is good.
   */
  readonly getToken: (
    request: LoginRequest,
  ) => string | null | undefined | Promise<string | null | undefined>;
  /**
   * Who exchanges the OpenID token for AWS credentials: the client at Cognito (default), or the API, which takes one round trip
   * less and no connection to AWS, but shows the credentials to the API.
   */
  readonly exchange?: 'client' | 'server';
  /** Address of cognito-identity. Default: AWS's in the Region that the API names. */
  readonly cognitoEndpoint?: string;
  /**
   * Who the user is. Default: issuer and `sub` of the login token, when it is a JWT. With opaque tokens and no key, each new
   * token counts as a new user, and nothing is stored.
   */
  readonly userKey?: string | (() => string);
  /** Life of the OpenID token in seconds, 60 to 86400. Default: the API's. */
  readonly tokenDuration?: number;
  /** Further headers for the GraphQL endpoint. */
  readonly headers?: Record<string, string>;
  /** Longest wait for one answer in milliseconds. Default 15000. A time-out is not retried. */
  readonly timeoutMs?: number;
  /** Longest wait for `getToken` in milliseconds. Default 60000, as it may show a login. */
  readonly getTokenTimeoutMs?: number;
  /** How often one request is sent at most while it fails for a passing reason. Default 3. */
  readonly maxAttempts?: number;
  /** How long before their expiry credentials are replaced, in milliseconds. Default 300000, as in the AWS SDK. */
  readonly refreshAheadMs?: number;
  /** Up to how much earlier than that, at random, in milliseconds. Default 120000. */
  readonly refreshJitterMs?: number;
  /**
   * Where credentials outlive the page, and what other tabs adopt. Default: nowhere. `'session'` and `'local'` name the page's
   * own stores and mean nowhere on a server; any script of the page's origin can read them.
   */
  readonly storage?: 'session' | 'local' | CredentialsStorage;
  /** Told when the user's identity is another one than before: data keyed by the old id does not move. */
  readonly onIdentityChange?: (change: {
    readonly identityId: string;
    readonly previousIdentityId: string;
  }) => void;
  /** Replaces parts of the platform: another `fetch`, a clock for tests. */
  readonly environment?: Partial<ClientEnvironment>;
}

export interface AskOptions {
  /** Stops waiting; the request itself stops once nobody waits for it. */
  readonly signal?: AbortSignal;
  /** Fetches new credentials even though the present ones are good. */
  readonly forceRefresh?: boolean;
}

/** Structurally the AWS SDK's `AwsCredentialIdentity`, with everything present. */
export interface CognitoIdentityCredentials {
  accessKeyId: string;
  secretAccessKey: string;
  sessionToken: string;
  /** In the time of the local clock, right or wrong. */
  expiration: Date;
  identityId: string;
}

/** Assignable to the AWS SDK's `AwsCredentialIdentityProvider`. */
export interface CognitoGraphQLProvider {
  (options?: AskOptions): Promise<CognitoIdentityCredentials>;
  /** New credentials, whatever is left of the present ones. */
  refresh(options?: Pick<AskOptions, 'signal'>): Promise<CognitoIdentityCredentials>;
  /** The user's identity, from the same answer as the credentials. */
  getIdentity(options?: AskOptions): Promise<CognitoIdentity>;
  /**
   * Hands a guest's identity over to the user who is signed in now, so that the id stays. Call it right after the login and before
   * anything asks for credentials, as that would give the user an identity of their own.
   */
  linkGuest(guest: GuestSource, options?: Pick<AskOptions, 'signal'>): Promise<LinkedIdentity>;
  /**
   * Signs out: forgets and removes the credentials in memory, in the store and in the other tabs, and aborts what is under way.
   * Starts no request. From here on asking rejects with `SIGNED_OUT` until `getToken` answers with another token. Resolves when
   * the store is clean.
   */
  clear(): Promise<void>;
}

export interface CognitoIdentity {
  readonly identityId: string;
  readonly identityPoolId: string;
  readonly region: string;
}

export interface LinkedIdentity extends CognitoIdentity {
  /** Whether the guest's identity is now the user's; if not, the user has another one. */
  readonly linked: boolean;
}

export type GuestSource =
  | GuestProof
  | { getProof(options?: { signal?: AbortSignal }): Promise<GuestProof>; clear?(): Promise<void> };

/** Options with defaults, checked. */
export type Settings = CognitoGraphQLOptions &
  Required<
    Pick<
      CognitoGraphQLOptions,
      'timeoutMs' | 'getTokenTimeoutMs' | 'maxAttempts' | 'refreshAheadMs' | 'refreshJitterMs'
    >
  >;

/** @throws TypeError naming the option that is missing or out of range */
export function settingsOf(options: CognitoGraphQLOptions): Settings {
  const settings = {
    timeoutMs: 15_000,
    getTokenTimeoutMs: 60_000,
    maxAttempts: 3,
    refreshAheadMs: 300_000,
    refreshJitterMs: 120_000,
    ...options,
  };
  const wrong = (
    [
      ['endpoint', options.endpoint && typeof options.endpoint === 'string'],
      ['getToken', typeof options.getToken === 'function'],
      ['exchange', [undefined, 'client', 'server'].includes(options.exchange)],
      ['timeoutMs', settings.timeoutMs > 0],
      ['getTokenTimeoutMs', settings.getTokenTimeoutMs > 0],
      ['maxAttempts', settings.maxAttempts >= 1],
      ['refreshAheadMs', settings.refreshAheadMs >= 0],
      ['refreshJitterMs', settings.refreshJitterMs >= 0],
    ] as const
  ).find(([, right]) => !right);
  if (wrong) throw new TypeError(`fromCognitoGraphQL: ${wrong[0]} is missing or out of range.`);
  return settings;
}
