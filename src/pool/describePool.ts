import type { PoolClients } from './awsClients.ts';
import { describePool, rolesOf } from './pools.ts';
import { findRole, parseRoleArn } from './roles.ts';
import { decodeDocument } from './trustPolicy.ts';

/** A pool as it is, with its roles and who may assume them. */
export interface PoolReport {
  readonly identityPoolId: string;
  readonly poolName: string;
  readonly developerProviderName: string | null;
  readonly allowsGuests: boolean;
  readonly allowsClassicFlow: boolean;
  /** Other logins that the pool takes. */
  readonly otherProviders: readonly string[];
  /** Providers with role mappings; a pool that has any refuses developer tokens. */
  readonly roleMappings: readonly string[];
  readonly roles: readonly RoleReport[];
}

export interface RoleReport {
  readonly key: string;
  readonly arn: string;
  /** null: there is no such role, or it may not be read. */
  readonly trustPolicy: unknown;
}

/** @throws PoolError */
export async function reportPool(identityPoolId: string, { cognito, iam }: PoolClients): Promise<PoolReport> {
  const pool = await describePool(identityPoolId, cognito);
  const { Roles = {}, RoleMappings = {} } = await rolesOf(identityPoolId, cognito);
  const roles = await Promise.all(
    Object.entries(Roles).map(async ([key, arn]) => ({ key, arn, trustPolicy: await trustOf(arn, iam) })),
  );
  return {
    identityPoolId,
    poolName: pool.IdentityPoolName ?? '',
    developerProviderName: pool.DeveloperProviderName ?? null,
    allowsGuests: pool.AllowUnauthenticatedIdentities ?? false,
    allowsClassicFlow: pool.AllowClassicFlow ?? false,
    otherProviders: [
      ...Object.keys(pool.SupportedLoginProviders ?? {}),
      ...(pool.CognitoIdentityProviders ?? []).map(({ ProviderName = '' }) => ProviderName),
      ...(pool.OpenIdConnectProviderARNs ?? []),
      ...(pool.SamlProviderARNs ?? []),
    ],
    roleMappings: Object.keys(RoleMappings),
    roles,
  };
}

async function trustOf(arn: string, iam: PoolClients['iam']): Promise<unknown> {
  try {
    const role = await findRole(parseRoleArn(arn)?.roleName ?? '', iam);
    return decodeDocument(role?.AssumeRolePolicyDocument) ?? null;
  } catch {
    return null;
  }
}
