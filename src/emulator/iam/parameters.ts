import { QueryError, type QueryServices } from '../protocols/queryOperation.ts';
import type { ParameterReader } from '../protocols/queryParameters.ts';
import type { Role } from './roleStore.ts';

const nameForm = /^[\w+=,.@-]+$/;

/** RoleName: 1–64 characters, `[\w+=,.@-]+`. Runs the reader's checks. */
export function readRoleName(read: ParameterReader): string {
  return readName(read, 'RoleName', 64);
}

/** PolicyName: 1–128 characters, `[\w+=,.@-]+`. Runs the reader's checks. */
export function readPolicyName(read: ParameterReader): string {
  return readName(read, 'PolicyName', 128);
}

function readName(read: ParameterReader, name: 'RoleName' | 'PolicyName', max: number): string {
  const value = read.required(name, { min: 1, max });
  read.check();
  // IAM has its own sentence for this, which names the field and not the value.
  if (!nameForm.test(value)) {
    throw new QueryError(
      'ValidationError',
      `The specified value for ${name === 'RoleName' ? 'roleName' : 'policyName'} is invalid. It must contain only alphanumeric characters and/or the following: +=,.@_-`,
    );
  }
  return value;
}

/** The role, or `NoSuchEntity`. */
export function findRole({ roles }: Pick<QueryServices, 'roles'>, roleName: string): Role {
  const role = roles.get(roleName);
  if (!role) throw noSuchEntity(`The role with name ${roleName} cannot be found.`);
  return role;
}

export function noSuchEntity(message: string): QueryError {
  return new QueryError('NoSuchEntity', message, 404);
}

/** `MaxItems` 1–1000 (default 100) and `Marker`. */
export interface Page {
  readonly maxItems: number;
  readonly marker: string | undefined;
}

export function readPage(read: ParameterReader): Page {
  return {
    maxItems: read.integer('MaxItems', { min: 1, max: 1000 }) ?? 100,
    marker: read.optional('Marker', { min: 1, max: 1024 }),
  };
}

/** One page of a list, in order of its names. The marker is the last name given out, encoded so that nobody reads it. */
export function paginate<Item>(
  list: readonly Item[],
  nameOf: (item: Item) => string,
  { maxItems, marker }: Page,
): { readonly items: readonly Item[]; readonly IsTruncated: boolean; readonly Marker: string | undefined } {
  const sorted = [...list].sort((a, b) => compareNames(nameOf(a), nameOf(b)));
  const after = marker === undefined ? undefined : decodeMarker(marker);
  const rest = after === undefined ? sorted : sorted.filter((item) => compareNames(nameOf(item), after) > 0);
  const items = rest.slice(0, maxItems);
  const last = items.at(-1);
  const truncated = rest.length > items.length && last !== undefined;
  return {
    items,
    IsTruncated: truncated,
    Marker: truncated ? Buffer.from(`after:${nameOf(last)}`).toString('base64url') : undefined,
  };
}

/** Without regard to case first, so that the order is that of people. */
function compareNames(a: string, b: string): number {
  const order = (x: string, y: string) => (x < y ? -1 : x > y ? 1 : 0);
  return order(a.toLowerCase(), b.toLowerCase()) || order(a, b);
}

function decodeMarker(marker: string): string {
  const text = Buffer.from(marker, 'base64url').toString('utf8');
  if (!text.startsWith('after:')) throw new QueryError('ValidationError', 'Invalid Marker.');
  return text.slice('after:'.length);
}

export interface Tag {
  readonly key: string;
  readonly value: string;
}

const maxTags = 50;

/** `Tags.member.N.Key` (1–128) and `.Value` (0–256). */
export function readTags(read: ParameterReader): readonly Tag[] {
  const keys = read.list('Tags', 'Key', { min: 1, max: 128, maxItems: maxTags });
  const values = read.list('Tags', 'Value', { max: 256, maxItems: maxTags });
  read.check();
  if (keys.length !== values.length) {
    throw new QueryError('ValidationError', 'Every tag must have a Key and a Value.');
  }
  if (new Set(keys.map((key) => key.toLowerCase())).size !== keys.length) {
    throw new QueryError(
      'InvalidInput',
      'Duplicate tag keys found. Please note that Tag keys are case insensitive.',
    );
  }
  return keys.map((key, index) => ({ key, value: values[index] as string }));
}

/** The tags of a role with others put over them; `LimitExceeded` beyond 50. */
export function mergeTags(before: Role['tags'], tags: readonly Tag[]): Role['tags'] {
  const merged = { ...before, ...Object.fromEntries(tags.map(({ key, value }) => [key, value])) };
  if (Object.keys(merged).length > maxTags) {
    throw new QueryError('LimitExceeded', `The number of tags has reached the maximum limit.`, 409);
  }
  return merged;
}
