import type { QueryOperation, QueryServices } from '../../protocols/queryOperation.ts';
import { createParameterReader } from '../../protocols/queryParameters.ts';
import { findRole, noSuchEntity, readRoleName } from '../parameters.ts';
import { limitExceeded } from '../policyDocument.ts';

/** Default quota of an account. */
const maxAttached = 10;
/** The emulator keeps no managed policies of an account, so only those of AWS itself can exist. */
const managedByAws = /^arn:[\w-]+:iam::aws:policy\/[\w+=,.@/-]+$/;

export const AttachRolePolicy: QueryOperation<Pick<QueryServices, 'roles'>> = ({ parameters }, services) => {
  const read = createParameterReader(parameters);
  const policyArn = read.required('PolicyArn', { min: 20, max: 2048 });
  const role = findRole(services, readRoleName(read));
  if (!managedByAws.test(policyArn)) {
    throw noSuchEntity(`Policy ${policyArn.slice(0, 256)} does not exist or is not attachable.`);
  }
  if (role.attachedPolicyArns.includes(policyArn)) return undefined;
  if (role.attachedPolicyArns.length >= maxAttached) {
    throw limitExceeded(`Cannot exceed quota for PoliciesPerRole: ${maxAttached}`);
  }
  services.roles.put({ ...role, attachedPolicyArns: [...role.attachedPolicyArns, policyArn] });
  return undefined;
};
