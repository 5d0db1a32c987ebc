import { describe, expect, it } from 'vitest';
import { median, medianRatio, spread } from '../../bench/statistics.ts';

describe('the statistics of the benchmark', () => {
  it('take the middle of an odd number of values, in whatever order they come', () => {
    expect(median([10, 9, 100])).toBe(10);
  });

  it('take the mean of the two in the middle of an even number of values', () => {
    expect(median([4, 1, 3, 2])).toBe(2.5);
  });

  it('have no median of nothing', () => {
    expect(() => median([])).toThrow(new RangeError('a median needs at least one value'));
  });

  it('give the spread as half of the whole range, in parts of the median', () => {
    expect(spread([90, 100, 120])).toBe(0.15);
    expect(spread([7])).toBe(0);
    expect(spread([0, 0])).toBe(0);
  });

  it('compare within a round, so that a slow round changes no ratio', () => {
    expect(medianRatio([50, 5, 50], [100, 10, 100])).toBe(0.5);
  });

  it('leave out rounds in which one of the two has no figure', () => {
    expect(medianRatio([50, undefined, 30, 9], [100, 10, undefined, 0])).toBe(0.5);
    expect(medianRatio([undefined], [1])).toBe(undefined);
  });
});
