import type { QueryOperation, QueryServices } from '../../protocols/queryOperation.ts';
import { createParameterReader } from '../../protocols/queryParameters.ts';
import { findRole, paginate, readPage, readRoleName } from '../parameters.ts';

export const ListAttachedRolePolicies: QueryOperation<Pick<QueryServices, 'roles'>> = (
  { parameters },
  services,
) => {
  const read = createParameterReader(parameters);
  const page = readPage(read);
  const prefix = read.optional('PathPrefix', { min: 1, max: 512, pattern: /\/[\u0021-\u007F]*/ }) ?? '/';
  const role = findRole(services, readRoleName(read));
  const arns = role.attachedPolicyArns.filter((arn) => pathOf(arn).startsWith(prefix));
  const { items, IsTruncated, Marker } = paginate(arns, (arn) => arn, page);
  return {
    AttachedPolicies: items.map((arn) => ({
      PolicyName: arn.slice(arn.lastIndexOf('/') + 1),
      PolicyArn: arn,
    })),
    IsTruncated,
    Marker,
  };
};

/** `/aws-service-role/` of `arn:aws:iam::aws:policy/aws-service-role/Name`. */
const pathOf = (arn: string) => arn.slice(arn.indexOf('/'), arn.lastIndexOf('/') + 1);
