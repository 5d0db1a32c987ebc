import type { QueryOperation, QueryServices } from '../../protocols/queryOperation.ts';
import { createParameterReader } from '../../protocols/queryParameters.ts';
import { paginate, readPage } from '../parameters.ts';
import { describeRole } from '../roleAnswer.ts';

/** Tags are left out, as IAM does in lists. */
export const ListRoles: QueryOperation<Pick<QueryServices, 'roles'>> = ({ parameters }, { roles }) => {
  const read = createParameterReader(parameters);
  const prefix = read.optional('PathPrefix', { min: 1, max: 512, pattern: /\/[\u0021-\u007F]*/ }) ?? '/';
  const page = readPage(read);
  read.check();
  const { items, IsTruncated, Marker } = paginate(
    roles.list().filter((role) => role.path.startsWith(prefix)),
    (role) => role.roleName,
    page,
  );
  return { Roles: items.map(describeRole), IsTruncated, Marker };
};
