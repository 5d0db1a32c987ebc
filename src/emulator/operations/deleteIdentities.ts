import { regionOfId } from '../../lib/partition.ts';
import type { Handler, Services } from '../services.ts';

export const deleteIdentities =
  ({ store }: Pick<Services, 'store'>): Handler<'DeleteIdentities'> =>
  async ({ IdentityIdsToDelete }, { region }) =>
    store.write((writer) => {
      const unprocessed: { IdentityId: string; ErrorCode: 'AccessDenied' }[] = [];
      for (const identityId of new Set(IdentityIdsToDelete)) {
        const reachable = region === undefined || regionOfId(identityId) === region;
        if (reachable && writer.identity(identityId)) writer.deleteIdentity(identityId);
        else unprocessed.push({ IdentityId: identityId, ErrorCode: 'AccessDenied' });
      }
      return { UnprocessedIdentityIds: unprocessed };
    });
