import type { QueryOperation, QueryServices } from '../../protocols/queryOperation.ts';
import { createParameterReader } from '../../protocols/queryParameters.ts';
import { findRole, noSuchEntity, readPolicyName, readRoleName } from '../parameters.ts';

export const DeleteRolePolicy: QueryOperation<Pick<QueryServices, 'roles'>> = ({ parameters }, services) => {
  const read = createParameterReader(parameters);
  const roleName = readRoleName(read);
  const policyName = readPolicyName(read);
  const role = findRole(services, roleName);
  if (!Object.hasOwn(role.inlinePolicies, policyName)) {
    throw noSuchEntity(`The role policy with name ${policyName} cannot be found.`);
  }
  const { [policyName]: _removed, ...inlinePolicies } = role.inlinePolicies;
  services.roles.put({ ...role, inlinePolicies });
  return undefined;
};
