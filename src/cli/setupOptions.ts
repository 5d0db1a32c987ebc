import { readFile } from 'node:fs/promises';
import { parsePolicyFile, parseStarter, starterPolicy } from '../pool/permissionsPolicy.ts';
import type { PolicyDocument } from '../pool/trustPolicy.ts';
import { UsageError } from './failure.ts';

/** Options of `pool create` and `pool template`, as commander hands them over. */
export interface SetupOptions {
  readonly poolName: string;
  readonly developerProvider: string;
  readonly guests?: boolean;
  readonly classicFlow?: boolean;
  readonly withTags?: boolean;
  readonly allow: readonly string[];
  readonly policyFile?: string;
  readonly guestPolicyFile?: string;
  readonly rolePrefix?: string;
  readonly trustPrincipal?: string;
}

/**
 * The permissions that options ask for.
 *
 * @throws UsageError, PoolOptionsError
 */
export async function permissionsOf(
  options: SetupOptions,
  place: { readonly region: string; readonly accountId: string },
): Promise<{ permissions?: PolicyDocument; guestPermissions?: PolicyDocument }> {
  const { policyFile, guestPolicyFile } = options;
  if (policyFile !== undefined && options.allow.length > 0) {
    throw new UsageError('--policy-file and --allow cannot be combined: put everything into the file.');
  }
  if (guestPolicyFile !== undefined && options.guests !== true) {
    throw new UsageError('--guest-policy-file needs --guests.');
  }
  const starters = options.allow.map(parseStarter);
  return {
    ...(policyFile === undefined ? {} : { permissions: parsePolicyFile(await readFile(policyFile, 'utf8')) }),
    ...(starters.length === 0 ? {} : { permissions: starterPolicy(starters, place) }),
    ...(guestPolicyFile === undefined
      ? {}
      : {
          guestPermissions: parsePolicyFile(await readFile(guestPolicyFile, 'utf8'), '--guest-policy-file'),
        }),
  };
}

/** The part of the options that `poolSetup` and `provisionPool` share. */
export function namesOf(options: SetupOptions) {
  return {
    poolName: options.poolName,
    developerProviderName: options.developerProvider,
    ...(options.withTags === undefined ? {} : { withTags: options.withTags }),
    ...(options.guests === undefined ? {} : { allowGuests: options.guests }),
    ...(options.classicFlow === undefined ? {} : { allowClassicFlow: options.classicFlow }),
    ...(options.rolePrefix === undefined ? {} : { roleNamePrefix: options.rolePrefix }),
    ...(options.trustPrincipal === undefined ? {} : { trustPrincipal: options.trustPrincipal }),
  };
}
