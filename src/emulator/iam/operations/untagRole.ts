import type { QueryOperation, QueryServices } from '../../protocols/queryOperation.ts';
import { createParameterReader } from '../../protocols/queryParameters.ts';
import { findRole, readRoleName } from '../parameters.ts';

/** Keys that the role does not have are ignored. */
export const UntagRole: QueryOperation<Pick<QueryServices, 'roles'>> = ({ parameters }, services) => {
  const read = createParameterReader(parameters);
  const keys = new Set(read.list('TagKeys', '', { min: 1, max: 128, maxItems: 50 }));
  const role = findRole(services, readRoleName(read));
  const tags = Object.fromEntries(Object.entries(role.tags).filter(([key]) => !keys.has(key)));
  services.roles.put({ ...role, tags });
  return undefined;
};
