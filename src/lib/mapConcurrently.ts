/**
 * Maps items with at most `limit` calls under way, in order of the items. A failure becomes a value at its place, so that
 * one bad item does not hide the others.
 */
export async function mapConcurrently<T, R>(
  items: readonly T[],
  limit: number,
  map: (item: T) => Promise<R>,
): Promise<(R | Error)[]> {
  const results: (R | Error)[] = new Array(items.length);
  let next = 0;
  const worker = async () => {
    while (next < items.length) {
      const index = next++;
      results[index] = await map(items[index] as T).catch((error: unknown) =>
        error instanceof Error ? error : new Error('not an Error', { cause: error }),
      );
    }
  };
  await Promise.all(Array.from({ length: Math.min(limit, items.length) }, worker));
  return results;
}
