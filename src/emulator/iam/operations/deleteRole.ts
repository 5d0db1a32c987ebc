import { QueryError, type QueryOperation, type QueryServices } from '../../protocols/queryOperation.ts';
import { createParameterReader } from '../../protocols/queryParameters.ts';
import { findRole, readRoleName } from '../parameters.ts';

export const DeleteRole: QueryOperation<Pick<QueryServices, 'roles'>> = ({ parameters }, services) => {
  const role = findRole(services, readRoleName(createParameterReader(parameters)));
  if (role.attachedPolicyArns.length > 0) {
    throw new QueryError('DeleteConflict', 'Cannot delete entity, must detach all policies first.', 409);
  }
  if (Object.keys(role.inlinePolicies).length > 0) {
    throw new QueryError('DeleteConflict', 'Cannot delete entity, must delete policies first.', 409);
  }
  services.roles.delete(role.roleName);
  return undefined;
};
