import { setTimeout as delay } from 'node:timers/promises';
import {
  DeleteIdentitiesCommand,
  GetCredentialsForIdentityCommand,
  GetOpenIdTokenForDeveloperIdentityCommand,
  type IdentityPool,
} from '@aws-sdk/client-cognito-identity';
import { GetCallerIdentityCommand, STSClient } from '@aws-sdk/client-sts';
import { partitionOf, regionOfId } from '../lib/partition.ts';
import { type PoolClients, whereabouts } from './awsClients.ts';
import type { Check } from './check.ts';
import { awsSentence, errorName, PoolError } from './poolErrors.ts';
import { describePool, rolesOf } from './pools.ts';
import { findRole, parseRoleArn } from './roles.ts';
import { serverRoleWarnings } from './serverRole.ts';
import { decodeDocument, trustProblems } from './trustPolicy.ts';

export interface VerifyPoolOptions {
  readonly identityPoolId: string;
  /** The name that the server is configured with. Left out: the pool's own. */
  readonly developerProviderName?: string;
  /** Whether the server sends principal tags. */
  readonly withTags: boolean;
  /** How long a new role may take to become visible, milliseconds. IAM needs up to about a minute. */
  readonly patienceMs: number;
  /** ARN of the role that the server runs as. */
  readonly serverRoleArn?: string;
  readonly trustPrincipal?: string;
}

export type { Check } from './check.ts';

export interface Verification {
  /** Whether a user got credentials. */
  readonly works: boolean;
  /** ARN that AWS saw the user's credentials as. */
  readonly assumedRoleArn?: string;
  /** In the order in which to change things. */
  readonly checks: readonly Check[];
}

export interface VerifyHooks {
  /** While IAM is waited for. */
  onWait?(waitedMs: number, patienceMs: number): void;
  wait?(ms: number): Promise<unknown>;
}

const waitMs = 5000;

/**
 * Proves that a user of the pool gets credentials: one token, exchanged, and STS asked whose they are. Where that fails, what was
 * read of the pool and its roles says why. The probe's identity is deleted afterwards.
 *
 * @throws PoolError when the pool cannot be read at all
 */
export async function verifyPool(
  options: VerifyPoolOptions,
  clients: PoolClients,
  hooks: VerifyHooks = {},
): Promise<Verification> {
  const { identityPoolId } = options;
  const { region } = await whereabouts(clients);
  const ofPool = regionOfId(identityPoolId);
  if (ofPool !== region) {
    throw new PoolError(`The pool lives in Region ${ofPool}, not in ${region}. Use --region ${ofPool}.`);
  }
  const pool = await describePool(identityPoolId, clients.cognito);
  const checks = [
    ...checkPool(pool, options),
    ...(await checkRoles(pool, region, options, clients)),
    ...(options.serverRoleArn === undefined
      ? []
      : await serverRoleWarnings(options.serverRoleArn, clients.iam)),
  ];
  const provider = pool.DeveloperProviderName;
  if (provider === undefined) return { works: false, checks };
  const probe = await probeUser({ ...options, developerProviderName: provider, region }, clients, hooks);
  const all = [...checks, ...probe.checks];
  return {
    works: probe.assumedRoleArn !== undefined && !checks.some(({ result }) => result === 'problem'),
    ...(probe.assumedRoleArn === undefined ? {} : { assumedRoleArn: probe.assumedRoleArn }),
    checks: [...all].sort((a, b) => order[a.result] - order[b.result]),
  };
}

const order = { problem: 0, warning: 1, good: 2 } as const;

function checkPool(pool: IdentityPool, { developerProviderName }: VerifyPoolOptions): readonly Check[] {
  const checks: Check[] = [];
  const present = pool.DeveloperProviderName;
  if (present === undefined) {
    checks.push({
      result: 'problem',
      finding: 'The pool has no developer provider name, so no user of yours can get a token.',
      change: 'Run pool create with --pool-id and --developer-provider.',
    });
  } else if (developerProviderName !== undefined && developerProviderName !== present) {
    checks.push({
      result: 'problem',
      finding: `The pool's developer provider name is ${present}, not ${developerProviderName}.`,
      change: `Set COGNITO_DEVELOPER_PROVIDER_NAME=${present}: the pool's name cannot be changed.`,
    });
  } else {
    checks.push({ result: 'good', finding: `The developer provider name is ${present}.` });
  }
  if (pool.AllowClassicFlow) {
    checks.push({
      result: 'warning',
      finding: 'The classic flow is on: clients may choose among all roles that trust the pool.',
      change: 'Run pool create with --no-classic-flow unless a client needs it.',
    });
  }
  return checks;
}

async function checkRoles(
  pool: IdentityPool,
  region: string,
  options: VerifyPoolOptions,
  clients: PoolClients,
): Promise<readonly Check[]> {
  const { Roles = {}, RoleMappings = {} } = await rolesOf(options.identityPoolId, clients.cognito);
  const checks: Check[] = [];
  if (Object.keys(RoleMappings).length > 0) {
    checks.push({
      result: 'problem',
      finding: 'The pool has role mappings; AWS refuses developer tokens for such a pool.',
      change: 'Remove the role mappings, or use a pool of its own for developer identities.',
    });
  }
  const kinds = pool.AllowUnauthenticatedIdentities
    ? (['authenticated', 'unauthenticated'] as const)
    : (['authenticated'] as const);
  for (const key of kinds) {
    const arn = Roles[key];
    if (arn === undefined) {
      checks.push({
        result: 'problem',
        finding: `The pool has no ${key} role.`,
        change: 'Run pool create with --pool-id: it makes the role and gives it to the pool.',
      });
      continue;
    }
    checks.push(...(await checkRole(arn, key, region, options, clients)));
  }
  return checks;
}

async function checkRole(
  arn: string,
  amr: 'authenticated' | 'unauthenticated',
  region: string,
  options: VerifyPoolOptions,
  { iam }: PoolClients,
): Promise<readonly Check[]> {
  const roleName = parseRoleArn(arn)?.roleName ?? '';
  let trust: unknown;
  try {
    const role = await findRole(roleName, iam);
    if (role === undefined) {
      return [
        {
          result: 'problem',
          finding: `The ${amr} role ${arn} does not exist.`,
          change: 'Run pool create with --pool-id: it makes a role and gives it to the pool.',
        },
      ];
    }
    trust = decodeDocument(role.AssumeRolePolicyDocument);
  } catch (error) {
    return [
      {
        result: 'warning',
        finding: `The ${amr} role ${roleName} could not be read: ${error instanceof Error ? error.message : ''}`,
        change: 'Allow iam:GetRole to have its trust policy checked, too.',
      },
    ];
  }
  const problems = trustProblems(trust, {
    region,
    identityPoolId: options.identityPoolId,
    amr,
    withTags: options.withTags && amr === 'authenticated',
    ...(options.trustPrincipal === undefined ? {} : { trustPrincipal: options.trustPrincipal }),
  });
  if (problems.length === 0) {
    return [{ result: 'good', finding: `The ${amr} role ${roleName} trusts this pool.` }];
  }
  return problems.map((problem) => ({
    result: 'problem' as const,
    finding: `The ${amr} role ${roleName} cannot be used: ${problem}.`,
    change: 'Correct the trust policy of the role; pool create --dry-run prints the right one.',
  }));
}

interface Probe {
  readonly assumedRoleArn?: string;
  readonly checks: readonly Check[];
}

async function probeUser(
  options: VerifyPoolOptions & { readonly developerProviderName: string; readonly region: string },
  clients: PoolClients,
  hooks: VerifyHooks,
): Promise<Probe> {
  let identityId: string | undefined;
  const checks: Check[] = [];
  try {
    const issued = await clients.cognito.send(
      new GetOpenIdTokenForDeveloperIdentityCommand({
        IdentityPoolId: options.identityPoolId,
        Logins: { [options.developerProviderName]: `cognito-graphql-verify-${crypto.randomUUID()}` },
        TokenDuration: Math.max(900, Math.ceil(options.patienceMs / 1000) + 60),
        ...(options.withTags ? { PrincipalTags: { 'cognito-graphql-verify': 'true' } } : {}),
      }),
    );
    identityId = issued.IdentityId;
    const assumedRoleArn = await exchange(
      issued.IdentityId ?? '',
      issued.Token ?? '',
      options,
      clients,
      hooks,
    );
    checks.push({ result: 'good', finding: `A user got credentials: AWS sees them as ${assumedRoleArn}.` });
    return { assumedRoleArn, checks };
  } catch (error) {
    checks.push(probeProblem(error, options.withTags));
    return { checks };
  } finally {
    if (identityId !== undefined) checks.push(...(await deleteProbe(identityId, clients)));
  }
}

/** The whole way of a user. What IAM does not know yet looks like a wrong configuration, so that answer is asked again. */
async function exchange(
  identityId: string,
  token: string,
  { region, patienceMs }: VerifyPoolOptions & { readonly region: string },
  { cognito, sts }: PoolClients,
  { onWait, wait = delay }: VerifyHooks,
): Promise<string> {
  for (let waited = 0; ; waited += waitMs) {
    try {
      const { Credentials: credentials } = await cognito.send(
        new GetCredentialsForIdentityCommand({
          IdentityId: identityId,
          Logins: { [partitionOf(region).loginsKey]: token },
        }),
      );
      const user = new STSClient({
        region,
        ...(sts.config.endpoint === undefined ? {} : { endpoint: sts.config.endpoint }),
        credentials: {
          accessKeyId: credentials?.AccessKeyId ?? '',
          secretAccessKey: credentials?.SecretKey ?? '',
          sessionToken: credentials?.SessionToken ?? '',
        },
      });
      try {
        const { Arn = '' } = await user.send(new GetCallerIdentityCommand({}));
        return Arn;
      } finally {
        user.destroy();
      }
    } catch (error) {
      if (errorName(error) !== 'InvalidIdentityPoolConfigurationException' || waited >= patienceMs)
        throw error;
      onWait?.(waited, patienceMs);
      await wait(waitMs);
    }
  }
}

function probeProblem(error: unknown, withTags: boolean): Check {
  if (errorName(error) === 'InvalidIdentityPoolConfigurationException') {
    return {
      result: 'problem',
      finding: 'Cognito could not assume the authenticated role for a user, however long it was asked.',
      change: `Check in this order: is the role attached to the pool, does its trust policy name the pool in aud${withTags ? ', does it allow sts:TagSession' : ''}, and does a policy of the organization forbid it.`,
    };
  }
  return {
    result: 'problem',
    finding: awsSentence('The way of a probe user to credentials', error),
    change: 'Correct that and verify again.',
  };
}

async function deleteProbe(identityId: string, { cognito }: PoolClients): Promise<readonly Check[]> {
  try {
    const { UnprocessedIdentityIds = [] } = await cognito.send(
      new DeleteIdentitiesCommand({ IdentityIdsToDelete: [identityId] }),
    );
    if (UnprocessedIdentityIds.length === 0) return [];
  } catch {
    // Told below: a probe that stays does no harm.
  }
  return [
    {
      result: 'warning',
      finding: `The probe's identity ${identityId} could not be deleted.`,
      change: 'Delete it in the console, or allow cognito-identity:DeleteIdentities.',
    },
  ];
}
