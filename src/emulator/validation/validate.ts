import { AwsError } from '../errors.ts';
import type {
  ListShape,
  MapShape,
  Member,
  NumberShape,
  Shape,
  StringShape,
  StructureShape,
} from './shapes.ts';

/**
 * Turns a parsed JSON body into a validated request: unknown members are dropped and nulls count as absent, as Coral does.
 *
 * @throws AwsError `SerializationException` when a value has the wrong JSON type, before any constraint is looked at;
 *   `ValidationException` with every broken constraint in one message.
 */
export function validate(shape: StructureShape, body: unknown): Record<string, unknown> {
  const request = deserializeStructure(shape, body);
  const problems: string[] = [];
  checkStructure(shape, request, '', problems);
  if (problems.length > 0) {
    const count = `${problems.length} validation error${problems.length === 1 ? '' : 's'} detected`;
    throw new AwsError('ValidationException', `${count}: ${problems.join('; ')}`);
  }
  return request;
}

const serializationError = (message: string) => new AwsError('SerializationException', message);

const jsonTypeNames: Record<string, string> = {
  string: 'STRING_VALUE',
  number: 'NUMBER_VALUE',
  boolean: 'BOOLEAN_VALUE',
};

const javaTypeNames = { string: 'String', long: 'Long', integer: 'Integer', boolean: 'Boolean' } as const;

function deserialize(shape: Shape, value: unknown): unknown {
  if (value === null || value === undefined) return undefined;
  switch (shape.type) {
    case 'structure':
      return deserializeStructure(shape, value);
    case 'list':
      if (!Array.isArray(value)) throw unexpected(value, 'list');
      // A null stays in its place: its position is part of the error that the constraint check makes of it.
      return value.map((item) => deserialize(shape.member, item));
    case 'map':
      if (typeof value !== 'object' || Array.isArray(value)) throw unexpected(value, 'map');
      return fromEntries(Object.entries(value).map(([key, item]) => [key, deserialize(shape.value, item)]));
    case 'string':
    case 'boolean':
      if (typeof value !== shape.type) throw cannotConvert(value, javaTypeNames[shape.type]);
      return value;
    case 'long':
    case 'integer':
      if (!Number.isSafeInteger(value)) throw cannotConvert(value, javaTypeNames[shape.type]);
      return value;
  }
}

function deserializeStructure(shape: StructureShape, value: unknown): Record<string, unknown> {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw unexpected(value, 'structure');
  const source = value as Record<string, unknown>;
  const result: Record<string, unknown> = {};
  for (const name of Object.keys(shape.members)) {
    if (!Object.hasOwn(source, name)) continue;
    const item = deserialize((shape.members[name] as Member).shape, source[name]);
    if (item !== undefined) result[name] = item;
  }
  return result;
}

/** A map keyed by what a client sends must not be reachable through `__proto__`. */
function fromEntries(entries: [string, unknown][]): Record<string, unknown> {
  const result: Record<string, unknown> = Object.create(null);
  for (const [key, value] of entries) result[key] = value;
  return result;
}

function unexpected(value: unknown, wanted: string): AwsError {
  if (Array.isArray(value))
    return serializationError('Unexpected list found where a different type was expected.');
  if (typeof value === 'object' && value !== null && wanted !== 'map' && wanted !== 'structure') {
    return serializationError('Start of structure or map found where not expected.');
  }
  return serializationError(`Expected a ${wanted} but found ${jsonTypeNames[typeof value] ?? 'null'}.`);
}

function cannotConvert(value: unknown, javaType: string): AwsError {
  if (typeof value === 'object') {
    return serializationError(
      Array.isArray(value)
        ? 'Unexpected list found where a different type was expected.'
        : 'Start of structure or map found where not expected.',
    );
  }
  return serializationError(`${jsonTypeNames[typeof value]} can not be converted to a ${javaType}`);
}

const decapitalized = (name: string) => name.charAt(0).toLowerCase() + name.slice(1);

// The checks add to one list of problems, so that a valid request, the common one, makes none on its way.

function checkStructure(
  shape: StructureShape,
  value: Record<string, unknown>,
  path: string,
  problems: string[],
): void {
  for (const name of Object.keys(shape.members)) {
    const { shape: memberShape, required } = shape.members[name] as Member;
    const item = value[name];
    if (item !== undefined) check(memberShape, item, `${path}${decapitalized(name)}`, problems);
    else if (required) problems.push(nullProblem(`${path}${decapitalized(name)}`));
  }
}

function check(shape: Shape, value: unknown, at: string, problems: string[]): void {
  switch (shape.type) {
    case 'structure':
      checkStructure(shape, value as Record<string, unknown>, `${at}.`, problems);
      break;
    case 'list':
      checkList(shape, value as unknown[], at, problems);
      break;
    case 'map':
      checkMap(shape, value as Record<string, unknown>, at, problems);
      break;
    case 'boolean':
      break;
    default:
      for (const rule of brokenRules(shape, value)) problems.push(problem(shape, value, at, rule));
  }
}

function checkList(shape: ListShape, items: unknown[], at: string, problems: string[]): void {
  for (const rule of sizeRules(shape.min, shape.max, items.length)) {
    problems.push(problem(shape, items, at, rule));
  }
  if (shape.member.type === 'structure') {
    items.forEach((item, index) => {
      checkNested(shape.member, item, `${at}.${index + 1}.member`, problems);
    });
  } else if (items.some((item) => !satisfies(shape.member, item))) {
    problems.push(problem(shape, items, at, `Member must satisfy constraint: [${ruleList(shape.member)}]`));
  }
}

function checkMap(shape: MapShape, entries: Record<string, unknown>, at: string, problems: string[]): void {
  const keys = Object.keys(entries);
  for (const rule of sizeRules(undefined, shape.max, keys.length)) {
    problems.push(problem(shape, entries, at, rule));
  }
  if (keys.some((key) => !satisfies(shape.key, key))) {
    problems.push(problem(shape, entries, at, `Map keys must satisfy constraint: [${ruleList(shape.key)}]`));
  }
  if (shape.value.type === 'structure') {
    for (const key of keys) checkNested(shape.value, entries[key], `${at}.${key}.member`, problems);
  } else if (keys.some((key) => !satisfies(shape.value, entries[key]))) {
    problems.push(
      problem(shape, entries, at, `Map value must satisfy constraint: [${ruleList(shape.value)}]`),
    );
  }
}

function checkNested(shape: Shape, value: unknown, at: string, problems: string[]): void {
  if (value === undefined) problems.push(nullProblem(at));
  else check(shape, value, at, problems);
}

const nullProblem = (at: string) =>
  `Value null at '${at}' failed to satisfy constraint: Member must not be null`;

const satisfies = (shape: Shape, value: unknown) =>
  value !== undefined &&
  (shape.type === 'string' || shape.type === 'long' || shape.type === 'integer'
    ? brokenRules(shape, value).length === 0
    : true);

const lengthAtMost = (max: number) => `Member must have length less than or equal to ${max}`;
const lengthAtLeast = (min: number) => `Member must have length greater than or equal to ${min}`;

function sizeRules(min: number | undefined, max: number | undefined, size: number): string[] {
  const broken: string[] = [];
  if (max !== undefined && size > max) broken.push(lengthAtMost(max));
  if (min !== undefined && size < min) broken.push(lengthAtLeast(min));
  return broken;
}

function brokenRules(shape: StringShape | NumberShape, value: unknown): string[] {
  if (shape.type !== 'string') {
    const number = value as number;
    const broken: string[] = [];
    if (shape.max !== undefined && number > shape.max) {
      broken.push(`Member must have value less than or equal to ${shape.max}`);
    }
    if (shape.min !== undefined && number < shape.min) {
      broken.push(`Member must have value greater than or equal to ${shape.min}`);
    }
    return broken;
  }
  const text = value as string;
  const broken = sizeRules(shape.min, shape.max, text.length);
  if (shape.pattern && !shape.pattern.expression.test(text)) {
    broken.push(`Member must satisfy regular expression pattern: ${shape.pattern.printed}`);
  }
  if (shape.values && !shape.values.includes(text)) {
    broken.push(`Member must satisfy enum value set: [${shape.values.join(', ')}]`);
  }
  return broken;
}

/** All rules of a list's or a map's element: AWS names them together, without saying which was broken. */
function ruleList(shape: Shape): string {
  const rules: string[] = [];
  if (shape.type === 'string') {
    if (shape.max !== undefined) rules.push(lengthAtMost(shape.max));
    if (shape.min !== undefined) rules.push(lengthAtLeast(shape.min));
    if (shape.pattern) rules.push(`Member must satisfy regular expression pattern: ${shape.pattern.printed}`);
    if (shape.values) rules.push(`Member must satisfy enum value set: [${shape.values.join(', ')}]`);
  }
  return [...rules, 'Member must not be null'].join(', ');
}

function problem(shape: Shape, value: unknown, at: string, rule: string): string {
  const shown = isSensitive(shape) ? 'Value' : `Value '${printed(value)}'`;
  return `${shown} at '${at}' failed to satisfy constraint: ${rule}`;
}

function isSensitive(shape: Shape): boolean {
  if (shape.type === 'string') return shape.sensitive === true;
  if (shape.type === 'map') return isSensitive(shape.value);
  return shape.type === 'list' && isSensitive(shape.member);
}

/** Java's `toString` of strings, lists and maps, which is what AWS echoes. */
function printed(value: unknown): string {
  if (value === undefined) return 'null';
  if (Array.isArray(value)) return `[${value.map(printed).join(', ')}]`;
  if (typeof value === 'object' && value !== null) {
    return `{${Object.entries(value)
      .map(([key, item]) => `${key}=${printed(item)}`)
      .join(', ')}}`;
  }
  return String(value);
}
