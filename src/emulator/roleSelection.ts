import type { JWTPayload } from 'jose';
import { identityForbidden, notAuthorized } from './errors.ts';
import type { Pool } from './identityStore.ts';
import type { ProvenLogin } from './publicLogins.ts';
import type { MappingRule, RoleMapping } from './validation/cognitoShapes.ts';

/**
 * The role for an authenticated identity with public logins: by the role mapping of the login's provider where there is one, else
 * the pool's authenticated role. Undefined when the pool has none.
 *
 * @throws AwsError `NotAuthorizedException` when the mapping denies, or a custom role is not among those of the token.
 */
export function selectRole(
  pool: Pool,
  identityId: string,
  logins: readonly ProvenLogin[],
  customRoleArn: string | undefined,
): string | undefined {
  const mapped = logins
    .map((login) => ({ login, mapping: mappingOf(pool, login) }))
    .find(({ mapping }) => mapping);
  if (customRoleArn !== undefined) {
    const allowed = mapped?.mapping?.Type === 'Token' ? rolesOf(mapped.login.claims) : [];
    if (!allowed.includes(customRoleArn)) throw roleForbidden(customRoleArn);
    return customRoleArn;
  }
  if (!mapped?.mapping) return pool.roles['authenticated'];
  const { mapping, login } = mapped;
  const role = mapping.Type === 'Token' ? roleOfToken(login.claims) : roleOfRules(mapping, login.claims);
  if (role !== undefined) return role;
  if (mapping.AmbiguousRoleResolution === 'Deny') throw identityForbidden(identityId);
  return pool.roles['authenticated'];
}

export const roleForbidden = (arn: string) => notAuthorized(`Access to Role '${arn}' is forbidden.`);

/** Mappings of user pools are keyed `<provider>:<client id>`, those of OpenID providers by ARN, all others by provider. */
export function mappingKeys(pool: Pool): string[] {
  return [
    ...Object.keys(pool.supportedLoginProviders ?? {}),
    ...(pool.openIdConnectProviderArns ?? []),
    ...(pool.openIdConnectProviderArns ?? []).map(providerOfArn),
    ...(pool.samlProviderArns ?? []),
    ...(pool.cognitoIdentityProviders ?? []).map(
      ({ ProviderName, ClientId }) => `${ProviderName}:${ClientId}`,
    ),
  ];
}

/** Names under which principal tags may be set: those of role mappings, and user pools without a client id. */
export function providerKeys(pool: Pool): string[] {
  return [
    ...mappingKeys(pool),
    ...(pool.cognitoIdentityProviders ?? []).flatMap(({ ProviderName }) => ProviderName ?? []),
  ];
}

const providerOfArn = (arn: string) => arn.slice(arn.indexOf('/') + 1);

/** Under which keys of a role mapping or tag map the settings for a login may stand. */
export function settingKeys(pool: Pool, login: ProvenLogin): string[] {
  const audiences = [login.claims.aud ?? []].flat();
  return [
    login.provider,
    ...audiences.map((audience) => `${login.provider}:${audience}`),
    ...(pool.openIdConnectProviderArns ?? []).filter((arn) => providerOfArn(arn) === login.provider),
  ];
}

function mappingOf(pool: Pool, login: ProvenLogin): RoleMapping | undefined {
  const key = settingKeys(pool, login).find((candidate) => Object.hasOwn(pool.roleMappings, candidate));
  return key === undefined ? undefined : pool.roleMappings[key];
}

function rolesOf(claims: JWTPayload): readonly string[] {
  const roles = claims['cognito:roles'];
  return Array.isArray(roles) ? roles.filter((role) => typeof role === 'string') : [];
}

function roleOfToken(claims: JWTPayload): string | undefined {
  const preferred = claims['cognito:preferred_role'];
  if (typeof preferred === 'string') return preferred;
  const roles = rolesOf(claims);
  return roles.length === 1 ? roles[0] : undefined;
}

function roleOfRules(mapping: RoleMapping, claims: JWTPayload): string | undefined {
  return mapping.RulesConfiguration?.Rules.find((rule) => matches(rule, claims[rule.Claim]))?.RoleARN;
}

/** A rule on a claim that is absent never matches, not even NotEqual. */
function matches({ MatchType, Value }: MappingRule, claim: unknown): boolean {
  if (claim === undefined || claim === null) return false;
  const values = (Array.isArray(claim) ? claim : [claim]).map(String);
  switch (MatchType) {
    case 'Equals':
      return values.includes(Value);
    case 'Contains':
      return values.some((value) => value.includes(Value));
    case 'StartsWith':
      return values.some((value) => value.startsWith(Value));
    case 'NotEqual':
      return !values.includes(Value);
  }
}

/** AWS's default mapping of attributes to tags: tag key to claim. */
const defaultTagMap: Readonly<Record<string, string>> = { username: 'sub', client: 'aud' };

/** Session tags that the pool's attribute maps make of the claims of public logins. */
export function mappedPrincipalTags(pool: Pool, logins: readonly ProvenLogin[]): Record<string, string> {
  const tags: Record<string, string> = {};
  for (const login of logins) {
    const key = settingKeys(pool, login).find((candidate) => Object.hasOwn(pool.principalTagMaps, candidate));
    const settings = key === undefined ? undefined : pool.principalTagMaps[key];
    if (!settings) continue;
    for (const [tag, claim] of Object.entries(
      settings.useDefaults ? defaultTagMap : settings.principalTags,
    )) {
      const value = [login.claims[claim]].flat()[0];
      if (value !== undefined && value !== null && value !== '') tags[tag] = String(value);
    }
  }
  return tags;
}
