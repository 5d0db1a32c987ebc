import { invalidParameter } from '../errors.ts';
import type { Handler, Services } from '../services.ts';
import { requirePoolByArn } from '../taggedPool.ts';

const maxTags = 50;

export const tagResource =
  ({ store, accountId }: Pick<Services, 'store' | 'accountId'>): Handler<'TagResource'> =>
  async ({ ResourceArn, Tags }, call) => {
    await store.write((writer) => {
      const pool = requirePoolByArn(writer, ResourceArn, accountId, call);
      const tags = { ...pool.tags, ...Tags };
      if (Object.keys(tags).length > maxTags) {
        throw invalidParameter(`An identity pool can have at most ${maxTags} tags.`);
      }
      writer.savePool({ ...pool, tags });
    });
    return {};
  };
