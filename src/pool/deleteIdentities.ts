import { type CognitoIdentityClient, DeleteIdentitiesCommand } from '@aws-sdk/client-cognito-identity';
import type { Pacer } from './pacer.ts';

/** Most ids that one call takes. */
export const largestBatch = 60;

export interface NotDeleted {
  readonly identityId: string;
  /** AWS's own word: `AccessDenied`, which is also said of ids that do not exist, or `InternalServerError`. */
  readonly reason: string;
}

/**
 * Deletes up to 60 identities; those that AWS did not delete.
 *
 * @throws PoolError
 */
export async function deleteIdentities(
  identityIds: readonly string[],
  cognito: CognitoIdentityClient,
  pacer: Pacer,
): Promise<readonly NotDeleted[]> {
  const { UnprocessedIdentityIds = [] } = await pacer.send('cognito-identity:DeleteIdentities', () =>
    cognito.send(new DeleteIdentitiesCommand({ IdentityIdsToDelete: [...identityIds] })),
  );
  return UnprocessedIdentityIds.map(({ IdentityId = '', ErrorCode = '' }) => ({
    identityId: IdentityId,
    reason: ErrorCode,
  }));
}
