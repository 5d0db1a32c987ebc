import type { QueryOperation, QueryServices } from '../../protocols/queryOperation.ts';
import { createParameterReader } from '../../protocols/queryParameters.ts';
import { findRole, noSuchEntity, readPolicyName, readRoleName } from '../parameters.ts';
import { encodeDocument } from '../roleAnswer.ts';

export const GetRolePolicy: QueryOperation<Pick<QueryServices, 'roles'>> = ({ parameters }, services) => {
  const read = createParameterReader(parameters);
  const roleName = readRoleName(read);
  const policyName = readPolicyName(read);
  const role = findRole(services, roleName);
  const document = Object.hasOwn(role.inlinePolicies, policyName)
    ? role.inlinePolicies[policyName]
    : undefined;
  if (document === undefined) {
    throw noSuchEntity(`The role policy with name ${policyName} cannot be found.`);
  }
  return { RoleName: role.roleName, PolicyName: policyName, PolicyDocument: encodeDocument(document) };
};
