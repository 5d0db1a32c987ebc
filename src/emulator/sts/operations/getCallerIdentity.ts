import { createHash } from 'node:crypto';
import { partitionOf } from '../../../lib/partition.ts';
import { toAwsId } from '../../awsId.ts';
import type { QueryOperation, QueryServices } from '../../protocols/queryOperation.ts';

/** Who the signature belongs to. Needs no permission. */
export const GetCallerIdentity: QueryOperation<Pick<QueryServices, 'account'>> = (
  { caller, region },
  { account },
) => {
  if (caller?.kind === 'session') {
    const { session } = caller;
    return { Arn: session.assumedRoleArn, UserId: session.assumedRoleId, Account: session.account };
  }
  const arn = `arn:${partitionOf(region).arn}:iam::${account}`;
  const userName = caller?.userName;
  if (userName === undefined) return { Arn: `${arn}:root`, UserId: account, Account: account };
  // The same for every process, so that a recorded answer stays true.
  const userId = toAwsId(createHash('sha256').update(`${account}:${userName}`).digest().subarray(0, 17));
  return { Arn: `${arn}:user/${userName}`, UserId: `AIDA${userId}`, Account: account };
};
