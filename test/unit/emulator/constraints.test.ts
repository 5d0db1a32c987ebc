import { describe, expect, it } from 'vitest';
import { AwsError } from '../../../src/emulator/errors.ts';
import { inputs, type OperationName } from '../../../src/emulator/validation/cognitoShapes.ts';
import type { NumberShape, Shape, StringShape } from '../../../src/emulator/validation/shapes.ts';
import { validate } from '../../../src/emulator/validation/validate.ts';

/** What has to come of a value: nothing, the wrong JSON type, or a rule that is broken at a place. */
type Expected = 'valid' | 'wrong type' | { readonly at: string; readonly rule: string };

interface Case {
  readonly what: string;
  readonly value: unknown;
  readonly expected: Expected;
}

/** A member of a request, however deep, and how to put a value there without anything else being wrong. */
interface Place {
  readonly path: string;
  readonly shape: Shape;
  readonly required: boolean;
  readonly request: (value: unknown) => unknown;
}

const fillers = [
  (length: number) => 'a'.repeat(length),
  (length: number) => '1'.repeat(length),
  (length: number) => `a:${'0'.repeat(Math.max(0, length - 2))}`,
  () => 'authenticated',
];

/** A text of that length which the shape's pattern admits; undefined when there is none. */
function text({ pattern, values }: StringShape, length: number): string | undefined {
  if (values) return values[0];
  const candidates = fillers.map((fill) => fill(length)).filter((candidate) => candidate.length === length);
  return candidates.find((candidate) => pattern?.expression.test(candidate) ?? true);
}

function sample(shape: Shape): unknown {
  switch (shape.type) {
    case 'string':
      return text(shape, Math.max(shape.min ?? 1, 3)) ?? text(shape, 'authenticated'.length);
    case 'long':
    case 'integer':
      return shape.min;
    case 'boolean':
      return true;
    case 'list':
      return [sample(shape.member)];
    case 'map':
      return { [sample(shape.key) as string]: sample(shape.value) };
    case 'structure':
      return requiredOf(shape.members);
  }
}

type Members = (typeof inputs)[OperationName]['members'];

const requiredOf = (members: Record<string, { shape: Shape; required: boolean }>) =>
  Object.fromEntries(
    Object.entries(members)
      .filter(([, member]) => member.required)
      .map(([name, { shape }]) => [name, sample(shape)]),
  );

const lowerFirst = (name: string) => name.charAt(0).toLowerCase() + name.slice(1);

/** Every member of a structure, and those of structures inside it, which AWS addresses by key or by position from 1. */
function placesIn(members: Members, prefix: string, request: (value: object) => unknown): Place[] {
  return Object.entries(members as Record<string, { shape: Shape; required: boolean }>).flatMap(
    ([name, { shape, required }]) => {
      const path = `${prefix}${lowerFirst(name)}`;
      const put = (value: unknown) => request({ ...requiredOf(members), [name]: value });
      return [{ path, shape, required, request: put }, ...placesBelow(shape, path, put)];
    },
  );
}

function placesBelow(shape: Shape, path: string, put: (value: unknown) => unknown): Place[] {
  switch (shape.type) {
    case 'structure':
      return placesIn(shape.members, `${path}.`, put);
    case 'list':
      return placesBelow(shape.member, `${path}.1.member`, (value) => put([value]));
    case 'map': {
      const key = sample(shape.key) as string;
      return placesBelow(shape.value, `${path}.${key}.member`, (value) => put({ [key]: value }));
    }
    default:
      return [];
  }
}

const nothing = Symbol('absent');
const otherTypes: Readonly<Record<Shape['type'], readonly unknown[]>> = {
  string: [1, true, {}, []],
  long: ['1', 1.5, true, {}, []],
  integer: ['1', 1.5, true, {}, []],
  boolean: ['true', 1, {}, []],
  list: ['a', 1, true, {}],
  map: ['a', 1, true, []],
  structure: ['a', 1, true, []],
};

function casesOf({ path, shape, required }: Place): Case[] {
  const at = (rule: string) => ({ at: path, rule });
  const absent: Expected = required ? at('Member must not be null') : 'valid';
  return [
    { what: 'null', value: null, expected: absent },
    { what: 'nothing', value: nothing, expected: absent },
    ...otherTypes[shape.type].map(
      (value): Case => ({ what: `the type of ${JSON.stringify(value)}`, value, expected: 'wrong type' }),
    ),
    ...boundCases(shape, at),
  ];
}

function boundCases(shape: Shape, at: (rule: string) => Expected): Case[] {
  switch (shape.type) {
    case 'string':
      return [...lengthCases(shape, at), ...patternCases(shape, at)];
    case 'long':
    case 'integer':
      return numberCases(shape, at);
    case 'boolean':
      return [true, false].map((value) => ({ what: String(value), value, expected: 'valid' }));
    case 'list':
      return [
        ...sizeCases(shape, at, (size) => Array(size).fill(sample(shape.member))),
        ...elementCases(shape.member, at, 'Member must satisfy constraint: [', (item) => [item]),
        ...(shape.member.type === 'structure'
          ? []
          : [{ what: 'a null in it', value: [null], expected: at('Member must satisfy constraint: [') }]),
      ];
    case 'map': {
      const key = sample(shape.key) as string;
      const keys = (size: number) => Array.from({ length: size }, (_, index) => `k${index}`);
      const patternless = !shape.key.pattern;
      return [
        ...sizeCases(patternless ? shape : {}, at, (size) =>
          Object.fromEntries(keys(size).map((name) => [name, sample(shape.value)])),
        ),
        ...elementCases(shape.key, at, 'Map keys must satisfy constraint: [', (name) => ({
          [name as string]: sample(shape.value),
        })),
        ...elementCases(shape.value, at, 'Map value must satisfy constraint: [', (value) => ({
          [key]: value,
        })),
      ];
    }
    case 'structure':
      return [];
  }
}

const atLeast = (min: number) => `Member must have length greater than or equal to ${min}`;
const atMost = (max: number) => `Member must have length less than or equal to ${max}`;

function lengthCases(shape: StringShape, at: (rule: string) => Expected): Case[] {
  const { min = 0, max = 0 } = shape;
  const cases: Case[] = [];
  const add = (length: number, expected: Expected) => {
    const value = length === 0 ? '' : text(shape, length);
    if (value !== undefined) cases.push({ what: `${length} characters`, value, expected });
  };
  if (min > 0) add(min - 1, at(atLeast(min)));
  if (shape.max === undefined) return cases;
  add(min, 'valid');
  add(max, 'valid');
  add(max + 1, at(atMost(max)));
  return cases;
}

/** No pattern of the model admits both a space and a NUL, and no enumeration knows the word. */
function patternCases({ pattern, values }: StringShape, at: (rule: string) => Expected): Case[] {
  const rule = pattern
    ? `Member must satisfy regular expression pattern: ${pattern.printed}`
    : `Member must satisfy enum value set: [${values?.join(', ')}]`;
  return pattern || values ? [{ what: 'a character too many', value: 'a \u0000:', expected: at(rule) }] : [];
}

function numberCases({ min = 0, max = 0 }: NumberShape, at: (rule: string) => Expected): Case[] {
  const numbers: readonly (readonly [number, Expected])[] = [
    [min - 1, at(`Member must have value greater than or equal to ${min}`)],
    [min, 'valid'],
    [max, 'valid'],
    [max + 1, at(`Member must have value less than or equal to ${max}`)],
  ];
  return numbers.map(([value, expected]) => ({ what: String(value), value, expected }));
}

function sizeCases(
  { min, max }: { readonly min?: number; readonly max?: number },
  at: (rule: string) => Expected,
  make: (size: number) => unknown,
): Case[] {
  const sizes: [number, Expected][] = [];
  if (min !== undefined) sizes.push([min - 1, at(atLeast(min))], [min, 'valid']);
  if (max !== undefined) sizes.push([max, 'valid'], [max + 1, at(atMost(max))]);
  return sizes.map(([size, expected]) => ({ what: `${size} entries`, value: make(size), expected }));
}

/** The bounds of an element, whose container is what AWS names. Structures inside are places of their own. */
function elementCases(
  shape: Shape,
  at: (rule: string) => Expected,
  rule: string,
  wrap: (item: unknown) => unknown,
): Case[] {
  if (shape.type !== 'string') return [];
  return [...lengthCases(shape, at), ...patternCases(shape, at)].map(({ what, value, expected }) => ({
    what: `${what} in it`,
    value: wrap(value),
    expected: expected === 'valid' ? expected : at(rule),
  }));
}

function outcome(operation: OperationName, request: unknown): { name: string; message: string } | 'valid' {
  try {
    validate(inputs[operation], request);
    return 'valid';
  } catch (error) {
    if (!(error instanceof AwsError)) throw error;
    return { name: error.name, message: error.message };
  }
}

const operations = Object.keys(inputs) as OperationName[];
const places = operations.flatMap((operation) =>
  placesIn(inputs[operation].members, '', (value) => value).map((place) => ({ operation, ...place })),
);

it('finds every member of all 23 operations', () => {
  expect(operations).toHaveLength(23);
  expect(places).toHaveLength(87);
  expect(places.flatMap(casesOf).length).toBeGreaterThan(900);
});

describe.each(places)('$operation: $path', ({ operation, ...place }) => {
  it.each(casesOf(place))('with $what', ({ value, expected }) => {
    const request = JSON.parse(
      JSON.stringify(place.request(value), (_, item) => (item === nothing ? undefined : item)),
    );
    const result = outcome(operation, request);
    if (expected === 'valid') expect(result).toBe('valid');
    else if (expected === 'wrong type') expect(result).toMatchObject({ name: 'SerializationException' });
    else {
      expect(result).toMatchObject({ name: 'ValidationException' });
      expect((result as { message: string }).message).toContain(
        `at '${expected.at}' failed to satisfy constraint: ${expected.rule}`,
      );
    }
  });
});
