import type { PoolClients } from './awsClients.ts';
import { poolSetup } from './poolSetup.ts';
import { describePool, findPools } from './pools.ts';
import { type ProvisionPoolOptions, refuseOtherProvider } from './provisionPool.ts';
import { findRole } from './roles.ts';
import { type PolicyDocument, trustPolicy } from './trustPolicy.ts';

export interface PoolPlan {
  readonly poolName: string;
  readonly developerProviderName: string;
  /** Left out: the pool is to be made. */
  readonly identityPoolId?: string;
  readonly roles: readonly PlannedRole[];
}

export interface PlannedRole {
  readonly roleName: string;
  readonly exists: boolean;
  /** As it is sent; for a new pool its id, which only AWS knows, reads `<id of the new pool>`. */
  readonly trustPolicy: PolicyDocument;
  readonly permissions?: PolicyDocument;
}

/**
 * What `provisionPool` would make or adopt. Only reads.
 *
 * @throws PoolOptionsError, PoolError
 */
export async function planPool(options: ProvisionPoolOptions, clients: PoolClients): Promise<PoolPlan> {
  const region = await clients.cognito.config.region();
  const names = poolSetup({ ...options, region });
  const [found] =
    options.identityPoolId === undefined
      ? await findPools(names.poolName, clients.cognito)
      : [options.identityPoolId];
  const pool = found === undefined ? undefined : await describePool(found, clients.cognito);
  if (pool !== undefined) refuseOtherProvider(pool, names.developerProviderName);
  const allowGuests = options.allowGuests ?? pool?.AllowUnauthenticatedIdentities ?? false;
  const setup = poolSetup({ ...options, region, allowGuests });
  const made = setup.roles.filter(
    ({ key }) => key !== 'authenticated' || options.authenticatedRoleArn === undefined,
  );
  const roles = await Promise.all(
    made.map(async ({ roleName, trust, permissions }) => ({
      roleName,
      exists: (await findRole(roleName, clients.iam)) !== undefined,
      trustPolicy: trustPolicy({ ...trust, identityPoolId: found ?? '<id of the new pool>' }),
      ...(permissions === undefined ? {} : { permissions }),
    })),
  );
  return {
    poolName: names.poolName,
    developerProviderName: names.developerProviderName,
    ...(found === undefined ? {} : { identityPoolId: found }),
    roles,
  };
}
