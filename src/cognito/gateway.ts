/**
 * Port to Amazon Cognito identity pools, in our own words. One pool and one developer provider per gateway: neither is an
 * argument, so that no request can choose them. Failures are `ServiceError`s with an `UPSTREAM_…`, `NOT_FOUND`, `CONFLICT`
 * or `GUEST_IDENTITY_UNUSABLE` code.
 */
export interface CognitoGateway {
  /**
   * GetOpenIdTokenForDeveloperIdentity without an identity id: registers the user on first sight, and answers a token.
   */
  issueOpenIdToken(request: OpenIdTokenRequest, signal: AbortSignal): Promise<OpenIdToken>;

  /**
   * GetOpenIdTokenForDeveloperIdentity with an identity id: links the user to that identity. Never cached and never repeated
   * blindly. CONFLICT when the user already has another identity; GUEST_IDENTITY_UNUSABLE when the identity is gone or disabled.
   */
  linkIdentity(
    request: OpenIdTokenRequest & { readonly identityId: string },
    signal: AbortSignal,
  ): Promise<OpenIdToken>;

  /** GetCredentialsForIdentity: one hour of AWS credentials for an OpenID token of this pool. */
  exchangeOpenIdToken(
    token: Pick<OpenIdToken, 'identityId' | 'openIdToken'>,
    signal: AbortSignal,
  ): Promise<AwsCredentials>;

  /** LookupDeveloperIdentity by user: the identity id, or null when the pool does not know the user. */
  findIdentityId(developerUserIdentifier: string, signal: AbortSignal): Promise<string | null>;

  /** LookupDeveloperIdentity by identity: one page of its developer user identifiers, or null when there is no such identity. */
  listDeveloperUserIdentifiers(
    identityId: string,
    page: PageRequest,
    signal: AbortSignal,
  ): Promise<Page<string> | null>;

  /** DescribeIdentity, or null when there is no such identity. */
  describeIdentity(identityId: string, signal: AbortSignal): Promise<IdentityDescription | null>;

  /** ListIdentities of the pool. */
  listIdentities(
    page: PageRequest & { readonly hideDisabled: boolean },
    signal: AbortSignal,
  ): Promise<Page<IdentityDescription>>;

  /** DescribeIdentityPool. */
  describeIdentityPool(signal: AbortSignal): Promise<IdentityPoolDescription>;

  /** MergeDeveloperIdentities: moves the source user to the destination user's identity, whose id is answered. */
  mergeDeveloperIdentities(
    users: { readonly sourceUserIdentifier: string; readonly destinationUserIdentifier: string },
    signal: AbortSignal,
  ): Promise<string>;

  /** UnlinkDeveloperIdentity: the user is a new one the next time. */
  unlinkDeveloperIdentity(
    link: { readonly identityId: string; readonly developerUserIdentifier: string },
    signal: AbortSignal,
  ): Promise<void>;

  /** DeleteIdentities, 1 to 60 ids: those that could not be deleted, with Cognito's reason. */
  deleteIdentities(
    identityIds: readonly string[],
    signal: AbortSignal,
  ): Promise<readonly UnprocessedIdentity[]>;
}

export interface OpenIdTokenRequest {
  /** 1 to 1024 characters. Sent as the value of the developer provider's login. */
  readonly developerUserIdentifier: string;
  /** Life of the token in seconds, 60 to 86400. */
  readonly tokenDuration: number;
  /** At most 50; keys 1–128, values 1–256 characters. */
  readonly principalTags: Readonly<Record<string, string>>;
}

export interface OpenIdToken {
  readonly identityId: string;
  readonly openIdToken: string;
  /** The token's own `exp`, milliseconds since the epoch. */
  readonly expiresAt: number;
}

export interface AwsCredentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken: string;
  /** Milliseconds since the epoch. */
  readonly expiration: number;
}

export interface IdentityDescription {
  readonly identityId: string;
  /** Names of the login providers, never the user's ids there. */
  readonly logins: readonly string[];
  /** Milliseconds since the epoch. */
  readonly createdAt: number;
  readonly lastModifiedAt: number;
}

export interface IdentityPoolDescription {
  readonly identityPoolId: string;
  readonly name: string;
  readonly developerProviderName: string | null;
  readonly allowsGuests: boolean;
  readonly allowsClassicFlow: boolean;
}

export interface PageRequest {
  /** 1 to 60. */
  readonly maxResults: number;
  /** Opaque, from the page before. */
  readonly nextToken?: string;
}

export interface Page<T> {
  readonly items: readonly T[];
  readonly nextToken?: string;
}

export interface UnprocessedIdentity {
  readonly identityId: string;
  readonly reason: 'ACCESS_DENIED' | 'INTERNAL_SERVER_ERROR';
}
