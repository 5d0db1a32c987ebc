import type { QueryOperation, QueryServices } from '../../protocols/queryOperation.ts';
import { createParameterReader } from '../../protocols/queryParameters.ts';
import { findRole, paginate, readPage, readRoleName } from '../parameters.ts';
import { describeTags } from '../roleAnswer.ts';

export const ListRoleTags: QueryOperation<Pick<QueryServices, 'roles'>> = ({ parameters }, services) => {
  const read = createParameterReader(parameters);
  const page = readPage(read);
  const role = findRole(services, readRoleName(read));
  const keys = Object.keys(role.tags);
  const { items, IsTruncated, Marker } = paginate(keys, (key) => key, page);
  const tags = Object.fromEntries(items.map((key) => [key, role.tags[key] as string]));
  return { Tags: describeTags(tags), IsTruncated, Marker };
};
