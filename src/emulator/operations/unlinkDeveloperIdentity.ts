import { AwsError, identityNotFound, resourceConflict } from '../errors.ts';
import { saveUnlinked } from '../linking.ts';
import { requireDeveloperProvider, requirePool } from '../poolAccess.ts';
import type { Handler, Services } from '../services.ts';

export const unlinkDeveloperIdentity =
  ({ store, clock }: Pick<Services, 'store' | 'clock'>): Handler<'UnlinkDeveloperIdentity'> =>
  async ({ IdentityId, IdentityPoolId, DeveloperProviderName, DeveloperUserIdentifier }, call) => {
    await store.write((writer) => {
      const pool = requirePool(writer, IdentityPoolId, call);
      requireDeveloperProvider(pool, DeveloperProviderName);
      const identity = writer.identity(IdentityId);
      if (identity?.identityPoolId !== IdentityPoolId) throw identityNotFound(IdentityId);
      const owner = writer.byDeveloperUser(IdentityPoolId, DeveloperUserIdentifier);
      if (!owner) throw new AwsError('ResourceNotFoundException', 'Developer user identifier not found.');
      if (owner.identityId !== IdentityId) {
        throw resourceConflict('The developer user identifier is linked to another identity.');
      }
      const developerUserIdentifiers = owner.developerUserIdentifiers.filter(
        (user) => user !== DeveloperUserIdentifier,
      );
      saveUnlinked(writer, { ...owner, developerUserIdentifiers }, clock.now());
    });
    return undefined;
  };
