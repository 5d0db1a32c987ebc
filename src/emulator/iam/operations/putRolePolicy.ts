import type { QueryOperation, QueryServices } from '../../protocols/queryOperation.ts';
import { createParameterReader } from '../../protocols/queryParameters.ts';
import { findRole, readPolicyName, readRoleName } from '../parameters.ts';
import { checkInlineSize, readInlinePolicy } from '../policyDocument.ts';

export const PutRolePolicy: QueryOperation<Pick<QueryServices, 'roles'>> = ({ parameters }, services) => {
  const read = createParameterReader(parameters);
  const roleName = readRoleName(read);
  const policyName = readPolicyName(read);
  const document = readInlinePolicy(read);
  const role = findRole(services, roleName);
  const inlinePolicies = { ...role.inlinePolicies, [policyName]: document };
  checkInlineSize(role.roleName, inlinePolicies);
  services.roles.put({ ...role, inlinePolicies });
  return undefined;
};
