import { DeleteIdentityPoolCommand, ListIdentitiesCommand } from '@aws-sdk/client-cognito-identity';
import {
  DeleteRoleCommand,
  DeleteRolePolicyCommand,
  DetachRolePolicyCommand,
  ListAttachedRolePoliciesCommand,
  ListRolePoliciesCommand,
} from '@aws-sdk/client-iam';
import { regionOfId } from '../lib/partition.ts';
import type { PoolClients } from './awsClients.ts';
import { roleDescription, rolePrefix, roleSuffixes } from './poolSetup.ts';
import { attempt, describePool, rolesOf } from './pools.ts';
import { findRole, parseRoleArn } from './roles.ts';

export interface PoolRemoval {
  readonly identityPoolId: string;
  readonly poolName: string;
  /** Whether there is at least one identity, disabled ones included. */
  readonly hasIdentities: boolean;
  /** Made by `provisionPool` for this pool: they go with it. */
  readonly roleNames: readonly string[];
  /** Attached to the pool but made by somebody else: they stay. */
  readonly keptRoleArns: readonly string[];
}

/**
 * What deleting a pool would take away. Only reads.
 *
 * @throws PoolError
 */
export async function planRemoval(
  identityPoolId: string,
  clients: PoolClients,
  roleNamePrefix?: string,
): Promise<PoolRemoval> {
  const { cognito, iam } = clients;
  const { IdentityPoolName: poolName = '' } = await describePool(identityPoolId, cognito);
  const { Roles: attached = {} } = await rolesOf(identityPoolId, cognito);
  const { Identities = [] } = await attempt('cognito-identity:ListIdentities', () =>
    cognito.send(new ListIdentitiesCommand({ IdentityPoolId: identityPoolId, MaxResults: 1 })),
  );
  const prefix = roleNamePrefix ?? rolePrefix(poolName, regionOfId(identityPoolId) ?? '');
  // A set-up that was interrupted has roles that the pool does not know yet.
  const candidates = new Set([
    ...Object.values(attached).map((arn) => parseRoleArn(arn)?.roleName ?? ''),
    ...Object.values(roleSuffixes).map((suffix) => `${prefix}${suffix}`),
  ]);
  const roleNames: string[] = [];
  for (const roleName of candidates) {
    const role = await findRole(roleName, iam);
    if (role?.Description === roleDescription(identityPoolId)) roleNames.push(roleName);
  }
  return {
    identityPoolId,
    poolName,
    hasIdentities: Identities.length > 0,
    roleNames,
    keptRoleArns: Object.values(attached).filter(
      (arn) => !roleNames.includes(parseRoleArn(arn)?.roleName ?? ''),
    ),
  };
}

/**
 * Deletes the roles, then the pool: in this order an interrupted removal can be repeated, as the pool still leads to what is left.
 *
 * @throws PoolError
 */
export async function removePool(
  { identityPoolId, roleNames }: PoolRemoval,
  { cognito, iam }: PoolClients,
  onRemoved: (what: string) => void = () => {},
): Promise<void> {
  for (const RoleName of roleNames) {
    const { PolicyNames = [] } = await attempt('iam:ListRolePolicies', () =>
      iam.send(new ListRolePoliciesCommand({ RoleName })),
    );
    for (const PolicyName of PolicyNames) {
      await attempt('iam:DeleteRolePolicy', () =>
        iam.send(new DeleteRolePolicyCommand({ RoleName, PolicyName })),
      );
    }
    const { AttachedPolicies = [] } = await attempt('iam:ListAttachedRolePolicies', () =>
      iam.send(new ListAttachedRolePoliciesCommand({ RoleName })),
    );
    for (const { PolicyArn } of AttachedPolicies) {
      await attempt('iam:DetachRolePolicy', () =>
        iam.send(new DetachRolePolicyCommand({ RoleName, PolicyArn })),
      );
    }
    await attempt('iam:DeleteRole', () => iam.send(new DeleteRoleCommand({ RoleName })));
    onRemoved(`role ${RoleName}`);
  }
  await attempt('cognito-identity:DeleteIdentityPool', () =>
    cognito.send(new DeleteIdentityPoolCommand({ IdentityPoolId: identityPoolId })),
  );
  onRemoved(`identity pool ${identityPoolId}`);
}
