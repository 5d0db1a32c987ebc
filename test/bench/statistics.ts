/** The middle value; of an even number of values the mean of the two in the middle. Throws RangeError without any value. */
export function median(values: readonly number[]): number {
  if (values.length === 0) throw new RangeError('a median needs at least one value');
  const sorted = [...values].sort((a, b) => a - b);
  const half = Math.floor(sorted.length / 2);
  const upper = sorted[half] as number;
  return sorted.length % 2 === 1 ? upper : ((sorted[half - 1] as number) + upper) / 2;
}

/** How far the values lie apart: half of the distance from the least to the greatest, as a part of the median (0.05 is ±5 %). */
export function spread(values: readonly number[]): number {
  const middle = median(values);
  return middle === 0 ? 0 : (Math.max(...values) - Math.min(...values)) / 2 / middle;
}

/**
 * The median over rounds of one server's figure divided by the base's in the same round: what disturbs a whole round disturbs both.
 * Rounds in which either has no figure are left out; undefined when there is none left.
 */
export function medianRatio(
  values: readonly (number | undefined)[],
  base: readonly (number | undefined)[],
): number | undefined {
  const ratios = values.flatMap((value, round) => {
    const other = base[round];
    return value === undefined || other === undefined || other === 0 ? [] : [value / other];
  });
  return ratios.length === 0 ? undefined : median(ratios);
}
