import { AwsError, invalidParameter } from '../errors.ts';
import type { Pool } from '../identityStore.ts';
import { requirePool } from '../poolAccess.ts';
import { mappingKeys, roleForbidden } from '../roleSelection.ts';
import type { Handler, Services } from '../services.ts';
import type { RoleMapping } from '../validation/cognitoShapes.ts';

/** The model lets 400 rules through, the documented quota is this. */
const maxRules = 25;

export const setIdentityPoolRoles =
  ({ store, accountId }: Pick<Services, 'store' | 'accountId'>): Handler<'SetIdentityPoolRoles'> =>
  async ({ IdentityPoolId, Roles, RoleMappings = {} }, call) => {
    for (const arn of Object.values(Roles)) requireOwnRole(arn, accountId);
    await store.write((writer) => {
      const pool = requirePool(writer, IdentityPoolId, call);
      for (const [provider, mapping] of Object.entries(RoleMappings)) {
        checkMapping(pool, provider, mapping, accountId);
      }
      writer.savePool({ ...pool, roles: Roles, roleMappings: RoleMappings });
    });
    return undefined;
  };

function requireOwnRole(arn: string, accountId: string): void {
  const parts = /^arn:[\w-]+:iam::(\d*):role\/.+$/.exec(arn);
  if (!parts) throw invalidParameter(`Invalid role ARN '${arn}'`);
  if (parts[1] !== accountId) throw roleForbidden(arn);
}

function checkMapping(pool: Pool, provider: string, mapping: RoleMapping, accountId: string): void {
  if (!mappingKeys(pool).includes(provider)) {
    throw invalidParameter(
      `(${provider}) is not a valid RoleMapping ProviderName or is not a configured provider.`,
    );
  }
  if (!mapping.AmbiguousRoleResolution) {
    throw invalidParameter('AmbiguousRoleResolution is required for RoleMappings of type Token and Rules.');
  }
  if (mapping.Type === 'Token') return;
  const rules = mapping.RulesConfiguration?.Rules ?? [];
  if (rules.length === 0)
    throw invalidParameter('RulesConfiguration is required for RoleMappings of type Rules.');
  if (rules.length > maxRules) {
    throw new AwsError(
      'LimitExceededException',
      `A provider can have at most ${maxRules} role mapping rules.`,
    );
  }
  for (const rule of rules) requireOwnRole(rule.RoleARN, accountId);
}
