import { expect, it } from 'vitest';
import { longId, shortId } from '../../../src/emulator/store/shortId.ts';

it('shortens an id of the usual form and gives it back', () => {
  const id = 'ap-southeast-2:01234567-89ab-4def-8123-456789abcdef';
  expect(shortId(id)).toBe('ap-southeast-2.ASNFZ4mrTe-BI0VniavN7w');
  expect(longId(shortId(id))).toBe(id);
});

it('leaves every other id as it is', () => {
  for (const id of ['us-east-1:0', 'x:01234567-89ab-4def-8123-456789abcde', 'x:--------', 'local:abc']) {
    expect(longId(shortId(id))).toBe(id);
  }
});
