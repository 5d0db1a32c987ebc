import { requireFewTags } from '../poolSettings.ts';
import type { Handler, Services } from '../services.ts';
import { requirePoolByArn } from '../taggedPool.ts';

export const tagResource =
  ({ store, accountId }: Pick<Services, 'store' | 'accountId'>): Handler<'TagResource'> =>
  async ({ ResourceArn, Tags }, call) => {
    await store.write((writer) => {
      const pool = requirePoolByArn(writer, ResourceArn, accountId, call);
      const tags = { ...pool.tags, ...Tags };
      requireFewTags(tags);
      writer.savePool({ ...pool, tags });
    });
    return {};
  };
