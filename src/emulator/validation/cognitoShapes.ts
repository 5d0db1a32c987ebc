import {
  boolean,
  type Infer,
  integer,
  list,
  long,
  map,
  oneOf,
  optional,
  required,
  string,
  structure,
} from './shapes.ts';

/**
 * Every constraint of the cognito-identity 2014-06-30 model, once. Java's `\w` and `\s` are ASCII; the expressions spell that out
 * where JavaScript's differ.
 */
const cognitoId = string({ min: 1, max: 55, pattern: ['[\\w-]+:[0-9a-f-]+', /^[\w-]+:[0-9a-f-]+$/] });
export const identityId = cognitoId;
export const identityPoolId = cognitoId;
export const developerProviderName = string({
  min: 1,
  max: 128,
  pattern: ['[\\w._-]+', /^[\w._-]+$/],
});
export const developerUserIdentifier = string({ min: 1, max: 1024 });
export const identityProviderName = string({ min: 1, max: 128 });
export const identityProviderToken = string({ min: 1, max: 50_000, sensitive: true });
export const loginsMap = map(identityProviderName, identityProviderToken, { max: 10 });
export const loginsList = list(identityProviderName);
export const tokenDuration = long(1, 86_400);
export const queryLimit = integer(1, 60);
export const paginationKey = string({ min: 1, max: 65_535, pattern: ['[\\S]+', /^\S+$/] });
export const identityIdList = list(identityId, { min: 1, max: 60 });
export const principalTags = map(string({ min: 1, max: 128 }), string({ min: 1, max: 256 }), { max: 50 });
export const accountId = string({ min: 1, max: 15, pattern: ['\\d+', /^[0-9]+$/] });
export const arnString = string({ min: 20, max: 2048 });
export const identityPoolName = string({
  min: 1,
  max: 128,
  pattern: ['[\\w\\s+=,.@-]+', /^[\w \t\n\v\f\r+=,.@-]+$/],
});
export const identityProviders = map(
  string({ min: 1, max: 128 }),
  string({ min: 1, max: 128, pattern: ['[\\w.;_/-]+', /^[\w.;_/-]+$/] }),
  { max: 10 },
);
export const cognitoIdentityProvider = structure({
  ProviderName: optional(string({ min: 1, max: 128, pattern: ['[\\w._:/-]+', /^[\w._:/-]+$/] })),
  ClientId: optional(string({ min: 1, max: 128, pattern: ['[\\w_]+', /^[\w_]+$/] })),
  ServerSideTokenCheck: optional(boolean),
});
export const rolesMap = map(
  string({ min: 1, max: 128, pattern: ['(un)?authenticated', /^(un)?authenticated$/] }),
  arnString,
  { max: 2 },
);
const mappingRule = structure({
  Claim: required(
    string({
      min: 1,
      max: 64,
      pattern: ['[\\p{L}\\p{M}\\p{S}\\p{N}\\p{P}]+', /^[\p{L}\p{M}\p{S}\p{N}\p{P}]+$/u],
    }),
  ),
  MatchType: required(oneOf('Equals', 'Contains', 'StartsWith', 'NotEqual')),
  Value: required(string({ min: 1, max: 128 })),
  RoleARN: required(arnString),
});
const roleMapping = structure({
  Type: required(oneOf('Token', 'Rules')),
  AmbiguousRoleResolution: optional(oneOf('AuthenticatedRole', 'Deny')),
  RulesConfiguration: optional(structure({ Rules: required(list(mappingRule, { min: 1, max: 400 })) })),
});
export const roleMappingMap = map(identityProviderName, roleMapping, { max: 10 });
export const tagKey = string({ min: 1, max: 128 });
export const tags = map(tagKey, string({ min: 0, max: 256 }));
export const tagKeys = list(tagKey);

export type MappingRule = Infer<typeof mappingRule>;
export type RoleMapping = Infer<typeof roleMapping>;

/** What CreateIdentityPool and UpdateIdentityPool have in common. */
const poolSettings = {
  IdentityPoolName: required(identityPoolName),
  AllowUnauthenticatedIdentities: required(boolean),
  AllowClassicFlow: optional(boolean),
  SupportedLoginProviders: optional(identityProviders),
  DeveloperProviderName: optional(developerProviderName),
  OpenIdConnectProviderARNs: optional(list(arnString)),
  CognitoIdentityProviders: optional(list(cognitoIdentityProvider)),
  SamlProviderARNs: optional(list(arnString)),
  IdentityPoolTags: optional(tags),
} as const;

const pool = { IdentityPoolId: required(identityPoolId) } as const;
const resource = { ResourceArn: required(arnString) } as const;
const tagMapTarget = {
  ...pool,
  IdentityProviderName: required(identityProviderName),
} as const;

/** The input of each operation, in the model's member order: errors are reported in it. */
export const inputs = {
  CreateIdentityPool: structure(poolSettings),
  UpdateIdentityPool: structure({ ...pool, ...poolSettings }),
  DescribeIdentityPool: structure(pool),
  DeleteIdentityPool: structure(pool),
  ListIdentityPools: structure({ MaxResults: required(queryLimit), NextToken: optional(paginationKey) }),
  GetIdentityPoolRoles: structure(pool),
  SetIdentityPoolRoles: structure({
    ...pool,
    Roles: required(rolesMap),
    RoleMappings: optional(roleMappingMap),
  }),
  GetPrincipalTagAttributeMap: structure(tagMapTarget),
  SetPrincipalTagAttributeMap: structure({
    ...tagMapTarget,
    UseDefaults: optional(boolean),
    PrincipalTags: optional(principalTags),
  }),
  TagResource: structure({ ...resource, Tags: required(tags) }),
  UntagResource: structure({ ...resource, TagKeys: required(tagKeys) }),
  ListTagsForResource: structure(resource),
  GetId: structure({ AccountId: optional(accountId), ...pool, Logins: optional(loginsMap) }),
  GetOpenIdToken: structure({ IdentityId: required(identityId), Logins: optional(loginsMap) }),
  GetCredentialsForIdentity: structure({
    IdentityId: required(identityId),
    Logins: optional(loginsMap),
    CustomRoleArn: optional(arnString),
  }),
  GetOpenIdTokenForDeveloperIdentity: structure({
    ...pool,
    IdentityId: optional(identityId),
    Logins: required(loginsMap),
    PrincipalTags: optional(principalTags),
    TokenDuration: optional(tokenDuration),
  }),
  UnlinkIdentity: structure({
    IdentityId: required(identityId),
    Logins: required(loginsMap),
    LoginsToRemove: required(loginsList),
  }),
  DescribeIdentity: structure({ IdentityId: required(identityId) }),
  ListIdentities: structure({
    ...pool,
    MaxResults: required(queryLimit),
    NextToken: optional(paginationKey),
    HideDisabled: optional(boolean),
  }),
  DeleteIdentities: structure({ IdentityIdsToDelete: required(identityIdList) }),
  LookupDeveloperIdentity: structure({
    ...pool,
    IdentityId: optional(identityId),
    DeveloperUserIdentifier: optional(developerUserIdentifier),
    MaxResults: optional(queryLimit),
    NextToken: optional(paginationKey),
  }),
  MergeDeveloperIdentities: structure({
    SourceUserIdentifier: required(developerUserIdentifier),
    DestinationUserIdentifier: required(developerUserIdentifier),
    DeveloperProviderName: required(developerProviderName),
    ...pool,
  }),
  UnlinkDeveloperIdentity: structure({
    IdentityId: required(identityId),
    ...pool,
    DeveloperProviderName: required(developerProviderName),
    DeveloperUserIdentifier: required(developerUserIdentifier),
  }),
} as const;

export type OperationName = keyof typeof inputs;
export type Input<N extends OperationName> = Infer<(typeof inputs)[N]>;
