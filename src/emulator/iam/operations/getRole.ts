import type { QueryOperation, QueryServices } from '../../protocols/queryOperation.ts';
import { createParameterReader } from '../../protocols/queryParameters.ts';
import { findRole, readRoleName } from '../parameters.ts';
import { describeRole, describeTags } from '../roleAnswer.ts';

export const GetRole: QueryOperation<Pick<QueryServices, 'roles'>> = ({ parameters }, services) => {
  const role = findRole(services, readRoleName(createParameterReader(parameters)));
  const tags = describeTags(role.tags);
  return { Role: { ...describeRole(role), ...(tags.length > 0 ? { Tags: tags } : {}), RoleLastUsed: {} } };
};
