import { requirePool } from '../poolAccess.ts';
import type { Handler, Services } from '../services.ts';
import { poolView } from '../views.ts';

export const describeIdentityPool =
  ({ store }: Pick<Services, 'store'>): Handler<'DescribeIdentityPool'> =>
  ({ IdentityPoolId }, call) =>
    poolView(store.read((reader) => requirePool(reader, IdentityPoolId, call)));
