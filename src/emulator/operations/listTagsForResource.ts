import type { Handler, Services } from '../services.ts';
import { requirePoolByArn } from '../taggedPool.ts';

export const listTagsForResource =
  ({ store, accountId }: Pick<Services, 'store' | 'accountId'>): Handler<'ListTagsForResource'> =>
  ({ ResourceArn }, call) => ({
    Tags: store.read((reader) => requirePoolByArn(reader, ResourceArn, accountId, call)).tags,
  });
