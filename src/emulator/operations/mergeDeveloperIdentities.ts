import { AwsError } from '../errors.ts';
import { mergeInto } from '../linking.ts';
import { requireDeveloperProvider, requirePool } from '../poolAccess.ts';
import type { Handler, Services } from '../services.ts';

export const mergeDeveloperIdentities =
  ({ store, clock }: Pick<Services, 'store' | 'clock'>): Handler<'MergeDeveloperIdentities'> =>
  async ({ SourceUserIdentifier, DestinationUserIdentifier, DeveloperProviderName, IdentityPoolId }, call) =>
    store.write((writer) => {
      const pool = requirePool(writer, IdentityPoolId, call);
      requireDeveloperProvider(pool, DeveloperProviderName);
      const source = writer.byDeveloperUser(IdentityPoolId, SourceUserIdentifier) ?? unknown('Source');
      const destination =
        writer.byDeveloperUser(IdentityPoolId, DestinationUserIdentifier) ?? unknown('Destination');
      if (source.identityId !== destination.identityId) {
        mergeInto(writer, destination, [source], { now: clock.now() });
      }
      return { IdentityId: destination.identityId };
    });

function unknown(which: 'Source' | 'Destination'): never {
  throw new AwsError('ResourceNotFoundException', `${which} user identifier not found.`);
}
