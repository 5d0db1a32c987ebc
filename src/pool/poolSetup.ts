import { createHash } from 'node:crypto';
import { type OptionProblem, PoolOptionsError } from './poolErrors.ts';
import type { PolicyDocument, TrustPolicyOptions } from './trustPolicy.ts';

/** What a pool with its roles shall be like. `pool create` and every template are made from this one description. */
export interface PoolSetup {
  readonly region: string;
  readonly poolName: string;
  readonly developerProviderName: string;
  /** Whether people without a login get an identity. */
  readonly allowGuests: boolean;
  /** Whether clients may choose the role themselves (basic flow). */
  readonly allowClassicFlow: boolean;
  readonly roles: readonly RoleSetup[];
}

export interface RoleSetup {
  /** The key in the pool's roles. */
  readonly key: 'authenticated' | 'unauthenticated';
  readonly roleName: string;
  /** Who may use it: all of the trust policy but the pool's id, which is not known before there is a pool. */
  readonly trust: Omit<TrustPolicyOptions, 'identityPoolId'>;
  /** Left out: users of the role may do nothing yet. */
  readonly permissions?: PolicyDocument;
}

export interface PoolSetupOptions {
  readonly region: string;
  /** 1 to 128 characters `[\w\s+=,.@-]`. */
  readonly poolName: string;
  /** 1 to 128 characters `[\w._-]`. Cannot be changed later. */
  readonly developerProviderName: string;
  /** Default false. */
  readonly allowGuests?: boolean;
  /** Default false. */
  readonly allowClassicFlow?: boolean;
  /** Whether the server sends principal tags. Default false. */
  readonly withTags?: boolean;
  /** Roles are called `<prefix>-authenticated` and `<prefix>-guest`. Default: from pool name and Region. */
  readonly roleNamePrefix?: string;
  readonly permissions?: PolicyDocument;
  readonly guestPermissions?: PolicyDocument;
  /** In place of the Region's own trust principal. */
  readonly trustPrincipal?: string;
}

/** The description of every role that is made for a pool, so that `pool delete` leaves others alone. */
export const roleDescription = (identityPoolId: string) =>
  `Made by cognito-graphql for identity pool ${identityPoolId}`;

/** Name of the inline policy that holds a role's permissions. */
export const permissionsPolicyName = 'cognito-graphql';

const longestRoleName = 64;
/** What follows the prefix in the names of roles. */
export const roleSuffixes = { authenticated: '-authenticated', unauthenticated: '-guest' } as const;
const longestPrefix = longestRoleName - roleSuffixes.authenticated.length;

/**
 * The description of a set-up.
 *
 * @throws PoolOptionsError with every broken rule of a name, before anything is created
 */
export function poolSetup(options: PoolSetupOptions): PoolSetup {
  const problems = nameProblems(options);
  if (problems.length > 0) throw new PoolOptionsError(problems);
  const prefix = options.roleNamePrefix ?? rolePrefix(options.poolName, options.region);
  const role = (key: RoleSetup['key'], permissions: PolicyDocument | undefined): RoleSetup => ({
    key,
    roleName: `${prefix}${roleSuffixes[key]}`,
    trust: {
      region: options.region,
      amr: key,
      // Guests have no login, and so no claims that could become tags.
      withTags: key === 'authenticated' && (options.withTags ?? false),
      ...(options.trustPrincipal === undefined ? {} : { trustPrincipal: options.trustPrincipal }),
    },
    ...(permissions === undefined ? {} : { permissions }),
  });
  const allowGuests = options.allowGuests ?? false;
  return {
    region: options.region,
    poolName: options.poolName,
    developerProviderName: options.developerProviderName,
    allowGuests,
    allowClassicFlow: options.allowClassicFlow ?? false,
    roles: [
      role('authenticated', options.permissions),
      ...(allowGuests ? [role('unauthenticated', options.guestPermissions)] : []),
    ],
  };
}

function nameProblems(options: PoolSetupOptions): readonly OptionProblem[] {
  const problems: OptionProblem[] = [];
  const check = (option: string, value: string, pattern: RegExp, rule: string) => {
    if (!pattern.test(value)) problems.push({ option, rule });
  };
  check(
    '--pool-name',
    options.poolName,
    /^[\w\s+=,.@-]{1,128}$/,
    'must have 1 to 128 characters of the pattern [\\w\\s+=,.@-]+ (letters A to Z, digits, spaces and _ + = , . @ -)',
  );
  check(
    '--developer-provider',
    options.developerProviderName,
    /^[\w._-]{1,128}$/,
    'must have 1 to 128 characters of the pattern [\\w._-]+ (letters A to Z, digits and . _ -)',
  );
  if (options.roleNamePrefix !== undefined) {
    check(
      '--role-prefix',
      options.roleNamePrefix,
      new RegExp(`^[\\w+=,.@-]{1,${longestPrefix}}$`),
      `must have 1 to ${longestPrefix} characters of the pattern [\\w+=,.@-]+, so that role names stay within ${longestRoleName}`,
    );
  }
  return problems;
}

/**
 * A prefix that IAM accepts from a pool name that Cognito accepts. Roles are shared by all Regions of an account and pools are
 * not, hence the Region; a name that had to be changed ends in part of its hash, so that two names never share a role.
 */
export function rolePrefix(poolName: string, region: string): string {
  const wanted = `${poolName}-${region}`;
  const allowed = wanted.replaceAll(/[^\w+=,.@-]/g, '-');
  if (allowed === wanted && allowed.length <= longestPrefix) return allowed;
  const hash = createHash('sha256').update(wanted).digest('hex').slice(0, 8);
  return `${allowed.slice(0, longestPrefix - hash.length - 1)}-${hash}`;
}
