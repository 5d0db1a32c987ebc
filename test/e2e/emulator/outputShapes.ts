import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';

interface Shape {
  readonly shape?: string;
  readonly type?: string;
  readonly members?: Readonly<Record<string, Shape>>;
  readonly required?: readonly string[];
  readonly member?: Shape;
  readonly key?: Shape;
  readonly value?: Shape;
}

/** The API model as AWS publishes it with its SDK version 2. */
const file = createRequire(import.meta.url).resolve('aws-sdk/apis/cognito-identity-2014-06-30.min.json');
const model = JSON.parse(readFileSync(file, 'utf8')) as {
  readonly operations: Readonly<Record<string, { readonly output?: Shape; readonly authtype?: string }>>;
  readonly shapes: Readonly<Record<string, Shape>>;
};

export const operationNames = Object.keys(model.operations).sort();

export const unsignedNames = operationNames.filter((name) => model.operations[name]?.authtype === 'none');

/** The members that an answer to an operation can have, by the model. */
export const outputMembers = (operation: string): string[] =>
  Object.keys(resolve(model.operations[operation]?.output ?? {}).members ?? {}).map(
    (member) => `${operation}.${member}`,
  );

const resolve = (given: Shape): Shape =>
  given.shape === undefined ? given : { ...model.shapes[given.shape], ...given };

/**
 * What an answer's body does not have in common with the model's output shape: unknown members, missing ones, wrong types.
 */
export function deviations(operation: string, body: unknown): string[] {
  return compare(model.operations[operation]?.output ?? {}, body, operation);
}

function compare(given: Shape, value: unknown, path: string): string[] {
  const shape = resolve(given);
  const type = shape.type ?? (shape.members ? 'structure' : 'string');
  const wrong = (expected: string) => [`${path} should be a ${expected}`];
  const isObject = typeof value === 'object' && value !== null && !Array.isArray(value);
  switch (type) {
    case 'structure':
      if (!isObject) return wrong('structure');
      return [
        ...(shape.required ?? [])
          .filter((name) => !Object.hasOwn(value, name))
          .map((name) => `${path}.${name} is missing`),
        ...Object.entries(value).flatMap(([name, item]) => {
          const member = shape.members?.[name];
          return member ? compare(member, item, `${path}.${name}`) : [`${path}.${name} is not in the model`];
        }),
      ];
    case 'map':
      if (!isObject) return wrong('map');
      return Object.entries(value).flatMap(([name, item]) =>
        compare(shape.value ?? {}, item, `${path}.${name}`),
      );
    case 'list':
      if (!Array.isArray(value)) return wrong('list');
      return value.flatMap((item, index) => compare(shape.member ?? {}, item, `${path}[${index}]`));
    case 'boolean':
      return typeof value === 'boolean' ? [] : wrong('boolean');
    case 'integer':
    case 'long':
    case 'timestamp':
      return typeof value === 'number' ? [] : wrong('number');
    default:
      return typeof value === 'string' ? [] : wrong('string');
  }
}
