import type { QueryOperation, QueryServices } from '../../protocols/queryOperation.ts';
import { createParameterReader } from '../../protocols/queryParameters.ts';
import { findRole, paginate, readPage, readRoleName } from '../parameters.ts';

export const ListRolePolicies: QueryOperation<Pick<QueryServices, 'roles'>> = ({ parameters }, services) => {
  const read = createParameterReader(parameters);
  const page = readPage(read);
  const role = findRole(services, readRoleName(read));
  const names = Object.keys(role.inlinePolicies);
  const { items, IsTruncated, Marker } = paginate(names, (name) => name, page);
  return { PolicyNames: items, IsTruncated, Marker };
};
