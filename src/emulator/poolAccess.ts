import { regionOfId } from '../lib/partition.ts';
import { identityNotFound, invalidParameter, poolNotFound } from './errors.ts';
import type { Identity, IdentityReader, Pool } from './identityStore.ts';
import type { CallContext } from './services.ts';

/**
 * The pool that a call is about.
 *
 * @throws AwsError `ResourceNotFoundException`, also for a pool of another Region than the one signed for.
 */
export function requirePool(reader: IdentityReader, identityPoolId: string, call?: CallContext): Pool {
  const pool = isInReach(identityPoolId, call) ? reader.pool(identityPoolId) : undefined;
  if (!pool) throw poolNotFound(identityPoolId);
  return pool;
}

/** @throws AwsError `ResourceNotFoundException`, also for an identity of another Region than the one signed for. */
export function requireIdentity(reader: IdentityReader, identityId: string, call?: CallContext): Identity {
  const identity = isInReach(identityId, call) ? reader.identity(identityId) : undefined;
  if (!identity) throw identityNotFound(identityId);
  return identity;
}

/** Whether a pool or an identity is in the Region that was signed for. */
export const isInReach = (id: string, call: CallContext | undefined) =>
  call?.region === undefined || regionOfId(id) === call.region;

export const unsupportedDeveloperProvider = () =>
  invalidParameter('This identity pool does not support the specified developer provider');

/** @throws AwsError when `name` is not the pool's developer provider. */
export function requireDeveloperProvider(pool: Pool, name: string): void {
  if (pool.developerProviderName !== name) throw unsupportedDeveloperProvider();
}
