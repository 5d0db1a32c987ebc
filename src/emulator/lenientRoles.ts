import { partitionOf } from '../lib/partition.ts';
import type { Role, RoleStore } from './iam/roleStore.ts';

/** Outside the commercial partition and GovCloud, each Region has a principal of its own. */
const principals = [
  'us-east-1',
  'us-gov-west-1',
  'cn-north-1',
  'cn-northwest-1',
  'eusc-de-east-1',
  'us-iso-east-1',
  'us-iso-west-1',
  'us-isob-east-1',
  'us-isob-west-1',
  'eu-isoe-west-1',
  'us-isof-east-1',
  'us-isof-south-1',
].map((region) => partitionOf(region).trustPrincipal);

/** Role names that stand for a role which nobody created. */
export const madeUpRoleName = 'lenient';

/** The same roles, and every one that is asked for by ARN besides. */
export function lenientRoles(roles: RoleStore): RoleStore {
  return { ...roles, getByArn: (arn) => roles.getByArn(arn) ?? madeUpRole(arn) };
}

function madeUpRole(arn: string): Role | undefined {
  const parts = /^arn:[\w-]+:iam::\d*:role(\/(?:.+\/)?)([\w+=,.@-]+)$/.exec(arn);
  if (!parts) return undefined;
  return {
    roleName: parts[2] as string,
    path: parts[1] as string,
    arn,
    roleId: 'AROALENIENTLENIENTLEN',
    assumeRolePolicyDocument: JSON.stringify({
      Version: '2012-10-17',
      Statement: [
        {
          Effect: 'Allow',
          Principal: { Federated: principals },
          Action: ['sts:AssumeRoleWithWebIdentity', 'sts:TagSession'],
        },
      ],
    }),
    createdAt: 0,
    maxSessionDuration: 43_200,
    inlinePolicies: {},
    attachedPolicyArns: [],
    tags: {},
  };
}
