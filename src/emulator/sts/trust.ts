import { partitionOf, regionOfId } from '../../lib/partition.ts';
import type { Role } from '../iam/roleStore.ts';
import { evaluateTrustPolicy } from '../policy.ts';
import type { OpenIdTokenClaims } from '../protocols/queryOperation.ts';

/**
 * Whether a role may be assumed with a token of an identity pool. As soon as the token carries tags, the trust policy
 * has to allow `sts:TagSession` as well.
 *
 * @param principal the federated principal; by default that of the Region of the token's audience
 */
export function mayAssumeRole(
  role: Pick<Role, 'assumeRolePolicyDocument'>,
  claims: OpenIdTokenClaims,
  sessionName: string,
  principal = trustPrincipalOf(claims.audience),
): boolean {
  const tags = Object.entries(claims.principalTags ?? {});
  return evaluateTrustPolicy(role.assumeRolePolicyDocument, {
    principal,
    actions: ['sts:AssumeRoleWithWebIdentity', ...(claims.principalTags ? ['sts:TagSession'] : [])],
    context: {
      [`${principal}:aud`]: [claims.audience],
      [`${principal}:sub`]: [claims.subject],
      [`${principal}:amr`]: claims.amr,
      'aws:FederatedProvider': [principal],
      'sts:RoleSessionName': [sessionName],
      ...(tags.length > 0 ? { 'aws:TagKeys': tags.map(([key]) => key) } : {}),
      ...Object.fromEntries(tags.map(([key, value]) => [`aws:RequestTag/${key}`, [value]])),
    },
  });
}

/** The `Principal.Federated` that stands for the identity pools of a pool id's Region. */
export function trustPrincipalOf(identityPoolId: string): string {
  return partitionOf(regionOfId(identityPoolId) ?? 'us-east-1').trustPrincipal;
}
