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
  const pool = reader.pool(identityPoolId);
  const region = call?.region;
  if (!pool || (region !== undefined && regionOfId(identityPoolId) !== region))
    throw poolNotFound(identityPoolId);
  return pool;
}

/** @throws AwsError `ResourceNotFoundException`, also for an identity of another Region than the one signed for. */
export function requireIdentity(reader: IdentityReader, identityId: string, call?: CallContext): Identity {
  const identity = reader.identity(identityId);
  const region = call?.region;
  if (!identity || (region !== undefined && regionOfId(identityId) !== region))
    throw identityNotFound(identityId);
  return identity;
}

export const unsupportedDeveloperProvider = () =>
  invalidParameter('This identity pool does not support the specified developer provider');

/** @throws AwsError when `name` is not the pool's developer provider. */
export function requireDeveloperProvider(pool: Pool, name: string): void {
  if (pool.developerProviderName !== name) throw unsupportedDeveloperProvider();
}
