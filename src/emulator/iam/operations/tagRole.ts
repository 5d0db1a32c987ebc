import type { QueryOperation, QueryServices } from '../../protocols/queryOperation.ts';
import { createParameterReader } from '../../protocols/queryParameters.ts';
import { findRole, mergeTags, readRoleName, readTags } from '../parameters.ts';

export const TagRole: QueryOperation<Pick<QueryServices, 'roles'>> = ({ parameters }, services) => {
  const read = createParameterReader(parameters);
  const tags = readTags(read);
  const role = findRole(services, readRoleName(read));
  services.roles.put({ ...role, tags: mergeTags(role.tags, tags) });
  return undefined;
};
