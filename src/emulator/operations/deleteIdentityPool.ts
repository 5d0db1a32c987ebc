import { requirePool } from '../poolAccess.ts';
import type { Handler, Services } from '../services.ts';

export const deleteIdentityPool =
  ({ store }: Pick<Services, 'store'>): Handler<'DeleteIdentityPool'> =>
  async ({ IdentityPoolId }, call) => {
    await store.write((writer) => {
      requirePool(writer, IdentityPoolId, call);
      writer.deletePool(IdentityPoolId);
    });
    return undefined;
  };
