import { invalidParameter } from './errors.ts';
import type { IdentityReader, Pool } from './identityStore.ts';
import { requirePool } from './poolAccess.ts';
import type { CallContext } from './services.ts';

/** @throws AwsError when the ARN is not that of an identity pool of this account. */
export function requirePoolByArn(
  reader: IdentityReader,
  arn: string,
  accountId: string,
  call: CallContext,
): Pool {
  const parts = /^arn:[\w-]+:cognito-identity:([\w-]+):(\d+):identitypool\/(([\w-]+):[0-9a-f-]+)$/.exec(arn);
  if (!parts || parts[1] !== parts[4] || parts[2] !== accountId) throw invalidParameter('Invalid ARN');
  return requirePool(reader, parts[3] as string, call);
}
