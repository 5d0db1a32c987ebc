import { type Identity, isAuthenticated, type Pool } from './identityStore.ts';

/** An identity pool in AWS's member names. Unset members are left out. */
export function poolView(pool: Pool): Record<string, unknown> {
  return withoutUndefined({
    IdentityPoolId: pool.identityPoolId,
    IdentityPoolName: pool.identityPoolName,
    AllowUnauthenticatedIdentities: pool.allowUnauthenticatedIdentities,
    AllowClassicFlow: pool.allowClassicFlow,
    SupportedLoginProviders: pool.supportedLoginProviders,
    DeveloperProviderName: pool.developerProviderName,
    OpenIdConnectProviderARNs: pool.openIdConnectProviderArns,
    CognitoIdentityProviders: pool.cognitoIdentityProviders,
    SamlProviderARNs: pool.samlProviderArns,
    IdentityPoolTags: pool.tags,
  });
}

/** An identity in AWS's member names; dates are seconds with milliseconds kept. */
export function identityView(identity: Identity, pool: Pool | undefined): Record<string, unknown> {
  const logins = [
    ...(identity.developerUserIdentifiers.length > 0 && pool?.developerProviderName
      ? [pool.developerProviderName]
      : []),
    ...Object.keys(identity.publicLogins),
  ];
  return withoutUndefined({
    IdentityId: identity.identityId,
    Logins: isAuthenticated(identity) ? logins : undefined,
    CreationDate: identity.createdAt / 1000,
    LastModifiedDate: identity.lastModifiedAt / 1000,
  });
}

/** AWS leaves out what is not set, rather than sending null. */
export function withoutUndefined(members: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(members).filter(([, value]) => value !== undefined));
}
