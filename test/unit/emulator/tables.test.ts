import { expect, it } from 'vitest';
import { choices, coverage } from '../../../src/emulator/index.ts';
import { inputs } from '../../../src/emulator/validation/cognitoShapes.ts';

it('says of every operation how it compares with AWS', () => {
  expect(Object.keys(coverage).sort()).toEqual(Object.keys(inputs).sort());
});

it('gives every choice once, with a reason', () => {
  const topics = choices.map(({ topic }) => topic);
  expect(new Set(topics).size).toBe(topics.length);
  expect(choices.filter(({ choice, reason }) => choice === '' || reason === '')).toEqual([]);
});
