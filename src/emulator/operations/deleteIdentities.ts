import { isInReach } from '../poolAccess.ts';
import type { Handler, Services } from '../services.ts';

export const deleteIdentities =
  ({ store }: Pick<Services, 'store'>): Handler<'DeleteIdentities'> =>
  async ({ IdentityIdsToDelete }, call) =>
    store.write((writer) => {
      const unprocessed: { IdentityId: string; ErrorCode: 'AccessDenied' }[] = [];
      for (const identityId of new Set(IdentityIdsToDelete)) {
        if (isInReach(identityId, call) && writer.identity(identityId)) writer.deleteIdentity(identityId);
        else unprocessed.push({ IdentityId: identityId, ErrorCode: 'AccessDenied' });
      }
      return { UnprocessedIdentityIds: unprocessed };
    });
