import type { QueryOperation } from '../../protocols/queryOperation.ts';
import { AssumeRoleWithWebIdentity } from './assumeRoleWithWebIdentity.ts';
import { GetCallerIdentity } from './getCallerIdentity.ts';

export const stsOperations: Readonly<Record<string, QueryOperation>> = {
  AssumeRoleWithWebIdentity,
  GetCallerIdentity,
};

/** Here the token is the proof; the model says `authtype: none`. */
export const unsignedStsOperations: ReadonlySet<string> = new Set(['AssumeRoleWithWebIdentity']);
