import { requireIdentity } from '../poolAccess.ts';
import type { Handler, Services } from '../services.ts';
import { identityView } from '../views.ts';

export const describeIdentity =
  ({ store }: Pick<Services, 'store'>): Handler<'DescribeIdentity'> =>
  ({ IdentityId }, call) =>
    store.read((reader) => {
      const identity = requireIdentity(reader, IdentityId, call);
      return identityView(identity, reader.pool(identity.identityPoolId));
    });
