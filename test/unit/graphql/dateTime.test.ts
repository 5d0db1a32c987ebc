import { describe, expect, it } from 'vitest';
import { DateTimeScalar } from '../../../src/graphql/dateTime.ts';

describe('a date in an answer', () => {
  it.each([
    [0, '1970-01-01T00:00:00.000Z'],
    [1_795_563_000_000, '2026-11-24T23:30:00.000Z'],
    [Date.UTC(2039, 0, 19, 3, 14, 8), '2039-01-19T03:14:08.000Z'],
  ])('%d is %s', (milliseconds, text) => expect(DateTimeScalar.serialize(milliseconds)).toBe(text));

  it.each([[Number.NaN], [Number.POSITIVE_INFINITY], [1e300], ['2026-13-45'], [null], [undefined]])(
    'is never made of %s',
    (value) => expect(() => DateTimeScalar.serialize(value)).toThrow('DateTime cannot represent this value.'),
  );
});

it.each(['2026-13-45', '2026-11-25T10:15:30.000Z', 0])('a date is not taken as input: %s', (value) => {
  expect(() => DateTimeScalar.parseValue(value)).toThrow('DateTime is not accepted as input.');
});
