import type { QueryOperation, QueryServices } from '../../protocols/queryOperation.ts';
import { createParameterReader } from '../../protocols/queryParameters.ts';
import { findRole, noSuchEntity, readRoleName } from '../parameters.ts';

export const DetachRolePolicy: QueryOperation<Pick<QueryServices, 'roles'>> = ({ parameters }, services) => {
  const read = createParameterReader(parameters);
  const policyArn = read.required('PolicyArn', { min: 20, max: 2048 });
  const role = findRole(services, readRoleName(read));
  if (!role.attachedPolicyArns.includes(policyArn)) {
    throw noSuchEntity(`Policy ${policyArn.slice(0, 256)} was not found.`);
  }
  services.roles.put({
    ...role,
    attachedPolicyArns: role.attachedPolicyArns.filter((arn) => arn !== policyArn),
  });
  return undefined;
};
