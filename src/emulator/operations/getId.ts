import { linkLogins } from '../linking.ts';
import { requirePool } from '../poolAccess.ts';
import { guestsNotAllowed } from '../presentedLogins.ts';
import type { Handler, Services } from '../services.ts';

export const getId =
  ({ store, publicLogins, clock }: Pick<Services, 'store' | 'publicLogins' | 'clock'>): Handler<'GetId'> =>
  async ({ IdentityPoolId, Logins = {} }) => {
    const pool = store.read((reader) => requirePool(reader, IdentityPoolId));
    if (Object.keys(Logins).length === 0) {
      if (!pool.allowUnauthenticatedIdentities) throw guestsNotAllowed();
      // A new guest on every call, as on AWS: nothing tells two guests apart.
      const guest = await store.write((writer) => writer.createIdentity(IdentityPoolId, clock.now()));
      return { IdentityId: guest.identityId };
    }
    const proven = await publicLogins.verify(pool, Logins);
    const identity = await linkLogins(store, {
      identityPoolId: IdentityPoolId,
      publicLogins: proven,
      now: clock.now(),
    });
    return { IdentityId: identity.identityId };
  };
