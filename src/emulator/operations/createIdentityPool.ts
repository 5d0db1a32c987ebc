import { randomUUID } from 'node:crypto';
import { AwsError } from '../errors.ts';
import { poolOf } from '../poolSettings.ts';
import type { Handler, Services } from '../services.ts';
import { poolView } from '../views.ts';

/** The documented quota of an account, here in each Region. */
const maxPools = 1000;

export const createIdentityPool =
  ({ store }: Pick<Services, 'store'>): Handler<'CreateIdentityPool'> =>
  async (request, { region }) => {
    const pool = poolOf(`${region}:${randomUUID()}`, request);
    await store.write((writer) => {
      if (region !== undefined && writer.pools(region, undefined, maxPools).pools.length === maxPools) {
        throw new AwsError(
          'LimitExceededException',
          `An account can have at most ${maxPools} identity pools.`,
        );
      }
      writer.savePool(pool);
    });
    return poolView(pool);
  };
