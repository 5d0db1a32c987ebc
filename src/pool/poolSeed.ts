import { type PoolSetup, roleDescription } from './poolSetup.ts';
import { arnPrefix, trustPolicy } from './trustPolicy.ts';

/** Of the embedded Cognito, where nobody has chosen another. */
const accountId = '000000000000';

/**
 * A set-up as a seed of the embedded Cognito: what `provisionPool` would make there call by call is there from the first moment. The
 * permissions of roles are left out, since nothing behind that Cognito would look at them.
 */
export function seedOf(setup: PoolSetup, identityPoolId: string) {
  const roles = setup.roles.map(({ key, roleName, trust }) => ({
    key,
    roleName,
    arn: `${arnPrefix(setup.region)}:iam::${accountId}:role/${roleName}`,
    trustPolicy: JSON.stringify(trustPolicy({ ...trust, identityPoolId })),
  }));
  return {
    Pools: [
      {
        IdentityPoolId: identityPoolId,
        IdentityPoolName: setup.poolName,
        DeveloperProviderName: setup.developerProviderName,
        AllowUnauthenticatedIdentities: setup.allowGuests,
        AllowClassicFlow: setup.allowClassicFlow,
        Roles: Object.fromEntries(roles.map(({ key, arn }) => [key, arn])),
      },
    ],
    Roles: roles.map(({ roleName, trustPolicy: AssumeRolePolicyDocument }) => ({
      RoleName: roleName,
      AssumeRolePolicyDocument,
      Description: roleDescription(identityPoolId),
    })),
  };
}
