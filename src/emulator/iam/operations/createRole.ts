import { partitionOf } from '../../../lib/partition.ts';
import { randomAwsId } from '../../awsId.ts';
import { QueryError, type QueryOperation, type QueryServices } from '../../protocols/queryOperation.ts';
import { createParameterReader } from '../../protocols/queryParameters.ts';
import { mergeTags, readRoleName, readTags } from '../parameters.ts';
import { readTrustPolicy } from '../policyDocument.ts';
import { describeRole, describeTags } from '../roleAnswer.ts';
import type { Role } from '../roleStore.ts';

type Services = Pick<QueryServices, 'account' | 'clock' | 'roles'>;

export const CreateRole: QueryOperation<Services> = ({ parameters, region }, { account, clock, roles }) => {
  const read = createParameterReader(parameters);
  const path = read.optional('Path', { min: 1, max: 512, pattern: /(\/)|(\/[\u0021-\u007E]+\/)/ }) ?? '/';
  const description = read.optional('Description', { max: 1000 });
  const maxSessionDuration = read.integer('MaxSessionDuration', { min: 3600, max: 43_200 }) ?? 3600;
  const tags = readTags(read);
  const roleName = readRoleName(read);
  const assumeRolePolicyDocument = readTrustPolicy(read, 'AssumeRolePolicyDocument');
  if (parameters.has('PermissionsBoundary')) {
    throw new QueryError('InvalidInput', 'The emulator keeps no permissions boundaries.');
  }
  if (roles.get(roleName)) {
    throw new QueryError('EntityAlreadyExists', `Role with name ${roleName} already exists.`, 409);
  }
  const role: Role = {
    roleName,
    path,
    arn: `arn:${partitionOf(region).arn}:iam::${account}:role${path}${roleName}`,
    roleId: `AROA${randomAwsId(17)}`,
    assumeRolePolicyDocument,
    createdAt: Math.floor(clock.now() / 1000) * 1000,
    maxSessionDuration,
    ...(description === undefined ? {} : { description }),
    inlinePolicies: {},
    attachedPolicyArns: [],
    tags: mergeTags({}, tags),
  };
  roles.put(role);
  return { Role: { ...describeRole(role), ...(tags.length > 0 ? { Tags: describeTags(role.tags) } : {}) } };
};
