import type { QueryOperation, QueryServices } from '../../protocols/queryOperation.ts';
import { createParameterReader } from '../../protocols/queryParameters.ts';
import { findRole, readRoleName } from '../parameters.ts';
import { readTrustPolicy } from '../policyDocument.ts';

export const UpdateAssumeRolePolicy: QueryOperation<Pick<QueryServices, 'roles'>> = (
  { parameters },
  services,
) => {
  const read = createParameterReader(parameters);
  const roleName = readRoleName(read);
  const assumeRolePolicyDocument = readTrustPolicy(read, 'PolicyDocument');
  services.roles.put({ ...findRole(services, roleName), assumeRolePolicyDocument });
  return undefined;
};
