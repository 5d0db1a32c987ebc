import {
  CreateIdentityPoolCommand,
  type IdentityPool,
  SetIdentityPoolRolesCommand,
} from '@aws-sdk/client-cognito-identity';
import { type PoolClients, whereabouts } from './awsClients.ts';
import { PoolError } from './poolErrors.ts';
import { type PoolSetupOptions, poolSetup, type RoleSetup } from './poolSetup.ts';
import { attempt, describePool, findPools, rolesOf, updatePool } from './pools.ts';
import type { ProvisionStep } from './provisionStep.ts';
import { adoptGivenRole, checkGivenRole, ensureRole } from './roles.ts';

export interface ProvisionPoolOptions
  extends Omit<PoolSetupOptions, 'region' | 'allowGuests' | 'allowClassicFlow' | 'withTags'> {
  /** Default: false for a new pool, unchanged for one that exists. */
  readonly allowGuests?: boolean;
  /** Default: false for a new pool, unchanged for one that exists. */
  readonly allowClassicFlow?: boolean;
  /** Default: no for a new role, unchanged for one that exists. */
  readonly withTags?: boolean;
  /** A role of the same account that trusts the pool already, in place of one made here. */
  readonly authenticatedRoleArn?: string;
  /** This pool instead of the one that bears the name. */
  readonly identityPoolId?: string;
}

export type { ProvisionStep } from './provisionStep.ts';

export interface ProvisionedPool {
  readonly identityPoolId: string;
  readonly developerProviderName: string;
  readonly region: string;
  readonly accountId: string;
  readonly authenticatedRoleArn: string;
  readonly guestRoleArn?: string;
  /** False when everything was there already. */
  readonly changed: boolean;
}

/**
 * Makes a pool with its roles, or brings those that exist to the wanted state. Safe to repeat and to continue after any step:
 * whatever exists under its name is adopted when it is ours, and never taken over when it is not.
 *
 * @throws PoolOptionsError before anything is created; PoolError, which lists what exists so far
 */
export async function provisionPool(
  options: ProvisionPoolOptions,
  clients: PoolClients,
  onStep: (step: ProvisionStep) => void = () => {},
): Promise<ProvisionedPool> {
  const region = await clients.cognito.config.region();
  poolSetup({ ...options, region });
  const { accountId } = await whereabouts(clients);
  if (options.authenticatedRoleArn !== undefined) {
    await checkGivenRole(options.authenticatedRoleArn, accountId, clients.iam);
  }

  const steps: ProvisionStep[] = [];
  const done = (step: ProvisionStep) => {
    steps.push(step);
    onStep(step);
  };
  try {
    const pool = await ensurePool(options, clients, done);
    const identityPoolId = pool.IdentityPoolId ?? '';
    const setup = poolSetup({
      ...options,
      region,
      allowGuests: pool.AllowUnauthenticatedIdentities ?? false,
    });
    const arns: Partial<Record<RoleSetup['key'], string>> = {};
    for (const role of setup.roles) {
      arns[role.key] =
        role.key === 'authenticated' && options.authenticatedRoleArn !== undefined
          ? await adoptGivenRole(options.authenticatedRoleArn, role, identityPoolId, clients.iam, done)
          : await ensureRole(
              { ...role, keepTags: options.withTags === undefined },
              identityPoolId,
              clients.iam,
              done,
            );
    }
    await ensurePoolRoles(identityPoolId, arns, clients, done);
    return {
      identityPoolId,
      developerProviderName: options.developerProviderName,
      region,
      accountId,
      authenticatedRoleArn: arns.authenticated ?? '',
      ...(arns.unauthenticated === undefined ? {} : { guestRoleArn: arns.unauthenticated }),
      changed: steps.some(({ result }) => result !== 'unchanged'),
    };
  } catch (error) {
    const resources = steps.map(({ what, id }) => ({ kind: what, id }));
    if (error instanceof PoolError) throw new PoolError(error.message, { resources, cause: error.cause });
    throw error;
  }
}

/** The pool that bears the name, adopted; or a new one. */
async function ensurePool(
  options: ProvisionPoolOptions,
  { cognito }: PoolClients,
  done: (step: ProvisionStep) => void,
): Promise<IdentityPool> {
  const step = (result: ProvisionStep['result'], pool: IdentityPool) => {
    done({ what: 'identity pool', result, id: pool.IdentityPoolId ?? '' });
    return pool;
  };
  const found =
    options.identityPoolId === undefined
      ? await findPools(options.poolName, cognito)
      : [options.identityPoolId];
  if (found.length > 1) {
    throw new PoolError(
      `There are ${found.length} identity pools of that name (${found.join(', ')}). Choose one with --pool-id, or another name.`,
    );
  }
  const [existing] = found;
  if (existing === undefined) {
    const pool = await attempt('cognito-identity:CreateIdentityPool', () =>
      cognito.send(
        new CreateIdentityPoolCommand({
          IdentityPoolName: options.poolName,
          DeveloperProviderName: options.developerProviderName,
          AllowUnauthenticatedIdentities: options.allowGuests ?? false,
          AllowClassicFlow: options.allowClassicFlow ?? false,
        }),
      ),
    );
    return step('created', pool);
  }
  const pool = await describePool(existing, cognito);
  const present = pool.DeveloperProviderName;
  refuseOtherProvider(pool, options.developerProviderName);
  const changes = {
    ...(present === undefined ? { DeveloperProviderName: options.developerProviderName } : {}),
    ...(options.allowGuests === undefined ||
    options.allowGuests === (pool.AllowUnauthenticatedIdentities ?? false)
      ? {}
      : { AllowUnauthenticatedIdentities: options.allowGuests }),
    ...(options.allowClassicFlow === undefined ||
    options.allowClassicFlow === (pool.AllowClassicFlow ?? false)
      ? {}
      : { AllowClassicFlow: options.allowClassicFlow }),
  };
  if (Object.keys(changes).length === 0) return step('unchanged', pool);
  return step('changed', await updatePool(existing, changes, cognito));
}

/** A developer provider name is for ever, so a pool with another one is another pool. */
export function refuseOtherProvider(
  { IdentityPoolId, DeveloperProviderName: present }: IdentityPool,
  wanted: string,
): void {
  if (present === undefined || present === wanted) return;
  throw new PoolError(
    `The pool ${IdentityPoolId} has the developer provider name ${present}, which AWS never lets anybody change. Use --developer-provider ${present}, or another pool name.`,
  );
}

/** SetIdentityPoolRoles replaces everything, so what the pool has besides is sent along. */
async function ensurePoolRoles(
  identityPoolId: string,
  arns: Partial<Record<RoleSetup['key'], string>>,
  { cognito }: PoolClients,
  done: (step: ProvisionStep) => void,
): Promise<void> {
  const { Roles: present = {}, RoleMappings } = await rolesOf(identityPoolId, cognito);
  const wanted = { ...present, ...arns };
  const same = Object.entries(wanted).every(([key, arn]) => present[key] === arn);
  if (!same) {
    await attempt('cognito-identity:SetIdentityPoolRoles (with iam:PassRole)', () =>
      cognito.send(
        new SetIdentityPoolRolesCommand({
          IdentityPoolId: identityPoolId,
          Roles: wanted,
          ...(RoleMappings === undefined ? {} : { RoleMappings }),
        }),
      ),
    );
  }
  done({ what: 'roles of the pool', result: same ? 'unchanged' : 'changed', id: identityPoolId });
}
