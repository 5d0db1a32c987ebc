import {
  GetRolePolicyCommand,
  type IAMClient,
  ListAttachedRolePoliciesCommand,
  ListRolePoliciesCommand,
} from '@aws-sdk/client-iam';
import type { Check } from './check.ts';
import { attempt } from './pools.ts';
import { parseRoleArn } from './roles.ts';
import { decodeDocument } from './trustPolicy.ts';

/** AWS's own policies that hold far more than a token issuer needs. */
const wideManagedPolicies = [
  'AdministratorAccess',
  'PowerUserAccess',
  'AmazonCognitoPowerUser',
  'AmazonCognitoDeveloperAuthenticatedIdentities',
];

const change = 'Give the server the policy that `pool template` prints, and nothing else of Cognito.';

/**
 * What the server's own role may do beyond its task. Whoever may issue tokens may already become any user, so the role should be
 * able to do nothing more, least of all change the pool's roles.
 */
export async function serverRoleWarnings(roleArn: string, iam: IAMClient): Promise<readonly Check[]> {
  const roleName = parseRoleArn(roleArn)?.roleName;
  if (roleName === undefined) {
    return [
      {
        result: 'problem',
        finding: `${roleArn} is not the ARN of a role.`,
        change: 'Correct --server-role.',
      },
    ];
  }
  const RoleName = roleName;
  try {
    const { AttachedPolicies = [] } = await attempt('iam:ListAttachedRolePolicies', () =>
      iam.send(new ListAttachedRolePoliciesCommand({ RoleName })),
    );
    const warnings = AttachedPolicies.filter(({ PolicyName = '' }) =>
      wideManagedPolicies.includes(PolicyName),
    ).map(
      ({ PolicyName }): Check => ({
        result: 'warning',
        finding: `The server's role ${roleName} has the policy ${PolicyName}, which allows far more than the server needs.`,
        change,
      }),
    );
    const { PolicyNames = [] } = await attempt('iam:ListRolePolicies', () =>
      iam.send(new ListRolePoliciesCommand({ RoleName })),
    );
    for (const PolicyName of PolicyNames) {
      const { PolicyDocument } = await attempt('iam:GetRolePolicy', () =>
        iam.send(new GetRolePolicyCommand({ RoleName, PolicyName })),
      );
      for (const finding of wideStatements(decodeDocument(PolicyDocument))) {
        warnings.push({
          result: 'warning',
          finding: `The policy ${PolicyName} of the server's role ${roleName} ${finding}.`,
          change,
        });
      }
    }
    return warnings.length > 0
      ? warnings
      : [
          {
            result: 'good',
            finding: `The server's role ${roleName} has no permissions that are known to be too wide.`,
          },
        ];
  } catch (error) {
    return [
      {
        result: 'warning',
        finding: `The server's role could not be read: ${error instanceof Error ? error.message : ''}`,
        change:
          'Allow iam:ListRolePolicies, iam:GetRolePolicy and iam:ListAttachedRolePolicies to have it checked.',
      },
    ];
  }
}

function wideStatements(document: unknown): readonly string[] {
  const { Statement = [] } = (document ?? {}) as { Statement?: unknown };
  const statements = (Array.isArray(Statement) ? Statement : [Statement]) as Record<string, unknown>[];
  return statements
    .filter(({ Effect }) => Effect === 'Allow')
    .flatMap(({ Action, Resource }) => {
      const actions = listOf(Action).map((action) => String(action).toLowerCase());
      const findings = actions
        .filter((action) => action === '*' || /^cognito-identity:.*\*/.test(action))
        .map((action) => `allows ${action}`);
      if (actions.includes('iam:passrole') || actions.includes('cognito-identity:setidentitypoolroles')) {
        findings.push('lets the server change the roles of pools');
      }
      if (
        actions.includes('cognito-identity:getopenidtokenfordeveloperidentity') &&
        listOf(Resource).includes('*')
      ) {
        findings.push('lets the server issue tokens for every pool of the account');
      }
      return findings;
    });
}

const listOf = (value: unknown): readonly unknown[] =>
  value === undefined ? [] : Array.isArray(value) ? value : [value];
