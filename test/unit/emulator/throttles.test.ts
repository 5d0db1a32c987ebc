import { expect, it } from 'vitest';
import { createThrottles, publishedRates } from '../../../src/emulator/throttles.ts';
import { inputs } from '../../../src/emulator/validation/cognitoShapes.ts';

/** Requests per second on AWS's quotas page. */
const published: Readonly<Record<string, number>> = {
  GetId: 25,
  GetOpenIdToken: 200,
  GetCredentialsForIdentity: 200,
  GetOpenIdTokenForDeveloperIdentity: 50,
  ListIdentities: 5,
  DeleteIdentities: 10,
  TagResource: 5,
  UntagResource: 5,
  ListTagsForResource: 10,
};

const stopped = { now: () => 1_800_000_000_000 };
const allowed = (operation: string, rates: Readonly<Record<string, number>>, calls: number) => {
  const throttles = createThrottles(stopped, rates);
  return Array.from({ length: calls }, () => throttles.allows(operation)).filter(Boolean).length;
};

it.each(Object.keys(inputs))('lets %s through as often as AWS publishes', (operation) => {
  expect(publishedRates[operation]).toBe(published[operation]);
  expect(allowed(operation, publishedRates, 300)).toBe(published[operation] ?? 300);
});

it('counts every operation by itself', () => {
  const throttles = createThrottles(stopped, { TagResource: 1, UntagResource: 1 });
  expect(throttles.allows('TagResource')).toBe(true);
  expect(throttles.allows('UntagResource')).toBe(true);
  expect(throttles.allows('TagResource')).toBe(false);
});

it('forgets what was used when other rates are set', () => {
  const throttles = createThrottles(stopped, { GetId: 1 });
  expect([throttles.allows('GetId'), throttles.allows('GetId')]).toEqual([true, false]);
  throttles.set({ GetId: 2 });
  expect([throttles.allows('GetId'), throttles.allows('GetId'), throttles.allows('GetId')]).toEqual([
    true,
    true,
    false,
  ]);
});

it('never lets more than a second worth of calls pile up', () => {
  let now = 0;
  const throttles = createThrottles({ now: () => now }, { GetId: 2 });
  now = 3_600_000;
  expect([throttles.allows('GetId'), throttles.allows('GetId'), throttles.allows('GetId')]).toEqual([
    true,
    true,
    false,
  ]);
});
