import type { Handler, Services } from '../services.ts';
import { requirePoolByArn } from '../taggedPool.ts';

export const untagResource =
  ({ store, accountId }: Pick<Services, 'store' | 'accountId'>): Handler<'UntagResource'> =>
  async ({ ResourceArn, TagKeys }, call) => {
    await store.write((writer) => {
      const pool = requirePoolByArn(writer, ResourceArn, accountId, call);
      const tags = Object.entries(pool.tags).filter(([key]) => !TagKeys.includes(key));
      writer.savePool({ ...pool, tags: Object.fromEntries(tags) });
    });
    return {};
  };
