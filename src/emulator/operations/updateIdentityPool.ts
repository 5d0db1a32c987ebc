import { invalidParameter } from '../errors.ts';
import { requirePool } from '../poolAccess.ts';
import { poolOf } from '../poolSettings.ts';
import type { Handler, Services } from '../services.ts';
import { poolView } from '../views.ts';

/** A full replacement: what is not sent falls back to its default, except the developer provider name and the tags. */
export const updateIdentityPool =
  ({ store }: Pick<Services, 'store'>): Handler<'UpdateIdentityPool'> =>
  async (request, call) =>
    store.write((writer) => {
      const before = requirePool(writer, request.IdentityPoolId, call);
      const { developerProviderName } = before;
      if (
        developerProviderName !== undefined &&
        (request.DeveloperProviderName ?? developerProviderName) !== developerProviderName
      ) {
        throw invalidParameter('The developer provider name of an identity pool cannot be changed.');
      }
      const pool = poolOf(request.IdentityPoolId, request, before);
      writer.savePool(pool);
      return poolView(pool);
    });
