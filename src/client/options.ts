import { type ClientEnvironment, clientEnvironment } from './environment.ts';
import type { GuestSource } from './guestSource.ts';
import type { CredentialsSharing } from './sharing.ts';

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
   * that a change of user is noticed at once: answer from memory while the token is good. Given up after a minute.
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
  readonly userKey?: () => string;
  /** Life of the OpenID token in seconds, 60 to 86400. Default: the API's. */
  readonly tokenDuration?: number;
  /** Further headers for the GraphQL endpoint. */
  readonly headers?: Record<string, string>;
  /** Longest wait for one answer in milliseconds. Default 15000. A time-out is not retried. */
  readonly timeoutMs?: number;
  /** How often one request is sent at most while it fails for a passing reason. Default 3. */
  readonly maxAttempts?: number;
  /**
   * How long before their expiry credentials are replaced, in milliseconds; up to two minutes earlier at random. Default 300000,
   * as in the AWS SDK.
   */
  readonly refreshAheadMs?: number;
  /**
   * `acrossTabs({ storage })`: one tab refreshes for all, credentials outlive the page where there is a store, and signing out in
   * one tab signs out all. Default: each provider is on its own, and learns of a sign-out elsewhere from `getToken`.
   */
  readonly sharing?: CredentialsSharing;
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
  /** Of whom these credentials are. Compare it with the last one where data is keyed by it: data of an old id does not move. */
  identityId: string;
}

/** Assignable to the AWS SDK's `AwsCredentialIdentityProvider`. */
export interface CognitoGraphQLProvider {
  (options?: AskOptions): Promise<CognitoIdentityCredentials>;
  /** New credentials, whatever is left of the present ones. */
  refresh(options?: Pick<AskOptions, 'signal'>): Promise<CognitoIdentityCredentials>;
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

export interface LinkedIdentity {
  readonly identityId: string;
  /** Whether the guest's identity is now the user's; if not, the user has another one. */
  readonly linked: boolean;
}

/** Options with defaults, and the platform. */
export type Settings = CognitoGraphQLOptions & typeof defaults & ClientEnvironment;

const defaults = {
  timeoutMs: 15_000,
  maxAttempts: 3,
  refreshAheadMs: 300_000,
};

/** @throws TypeError for a missing option */
export function settingsOf(options: CognitoGraphQLOptions): Settings {
  for (const name of ['endpoint', 'getToken'] as const) {
    if (!options[name]) throw new TypeError(`${name} is missing.`);
  }
  return { ...defaults, ...options, ...clientEnvironment(options.environment) };
}
