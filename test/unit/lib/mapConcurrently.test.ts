import { describe, expect, it } from 'vitest';
import { mapConcurrently } from '../../../src/lib/mapConcurrently.ts';

describe('mapConcurrently', () => {
  it('keeps the order of the items and never has more calls under way than allowed', async () => {
    let underWay = 0;
    let most = 0;
    const results = await mapConcurrently([5, 1, 4, 2, 3], 2, async (item) => {
      most = Math.max(most, ++underWay);
      for (let turn = 0; turn < item; turn++) await Promise.resolve();
      underWay--;
      return item * 10;
    });
    expect(results).toEqual([50, 10, 40, 20, 30]);
    expect(most).toBe(2);
  });

  it('puts a failure in the place of its item and goes on with the others', async () => {
    const broken = new Error('broken');
    const results = await mapConcurrently(['a', 'b', 'c'], 1, async (item) => {
      if (item === 'b') throw broken;
      return item;
    });
    expect(results).toEqual(['a', broken, 'c']);
  });

  it('maps nothing to nothing', async () => {
    expect(await mapConcurrently([], 3, async () => 1)).toEqual([]);
  });
});
