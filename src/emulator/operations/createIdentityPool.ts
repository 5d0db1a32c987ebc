import { randomUUID } from 'node:crypto';
import { poolOf } from '../poolSettings.ts';
import type { Handler, Services } from '../services.ts';
import { poolView } from '../views.ts';

export const createIdentityPool =
  ({ store }: Pick<Services, 'store'>): Handler<'CreateIdentityPool'> =>
  async (request, { region }) => {
    const pool = poolOf(`${region}:${randomUUID()}`, request);
    await store.write((writer) => writer.savePool(pool));
    return poolView(pool);
  };
