import { readFileSync } from 'node:fs';
import { type Change, CriticalityLevel, diff } from '@graphql-inspector/core';
import {
  buildSchema,
  type GraphQLSchema,
  isIntrospectionType,
  isObjectType,
  isScalarType,
  isSpecifiedScalarType,
} from 'graphql';
import { describe, expect, it } from 'vitest';
import { errorCodes } from '../../src/errors.ts';
import { emitAll, staleFiles } from '../support/codegen.ts';

const read = (path: string) => readFileSync(path, 'utf8');
const committed = buildSchema(read('schema/schema.graphql'));

/** Breaking changes since the last release that the change log does not name under "Breaking" by their path. */
async function unannounced(
  released: GraphQLSchema,
  current: GraphQLSchema,
  changeLog: string,
): Promise<string[]> {
  const breaking =
    /### Breaking\n([\s\S]*?)(?=\n##|$)/.exec(changeLog.split(/\n## (?!Unreleased)/)[0] ?? '')?.[1] ?? '';
  const changes: Change[] = await diff(released, current);
  return changes
    .filter(
      ({ criticality, path }) =>
        criticality.level === CriticalityLevel.Breaking && !breaking.includes(`\`${path}\``),
    )
    .map(({ message }) => message);
}

describe('the schema', () => {
  it('and what is generated from it are committed as they are emitted', async () => {
    expect(await staleFiles(await emitAll())).toEqual([]);
  });

  it('describes every type, field, argument and input field', () => {
    const bare: string[] = [];
    for (const type of Object.values(committed.getTypeMap())) {
      if (isIntrospectionType(type) || (isScalarType(type) && isSpecifiedScalarType(type))) continue;
      if (['Query', 'Mutation'].includes(type.name) === false && !type.description) bare.push(type.name);
      if (!('getFields' in type)) continue;
      for (const field of Object.values(type.getFields())) {
        if (!field.description) bare.push(`${type.name}.${field.name}`);
        if (!isObjectType(type) || !('args' in field)) continue;
        for (const argument of field.args) {
          if (!argument.description) bare.push(`${type.name}.${field.name}.${argument.name}`);
        }
      }
    }
    expect(bare).toEqual([]);
  });

  it('lists every error code', () => {
    const values = committed.getType('ErrorCode')?.toConfig() as { values: object };
    expect(Object.keys(values.values).sort()).toEqual([...errorCodes].sort());
  });

  it('has no breaking change since the last release that the change log does not announce', async () => {
    const released = buildSchema(read('test/fixtures/releasedSchema.graphql'));
    expect(await unannounced(released, committed, read('CHANGELOG.md'))).toEqual([]);
  });
});

describe('the check for breaking changes', () => {
  const [before, after] = [
    buildSchema('type Query { a: Int, b: Int }'),
    buildSchema('type Query { a: Int }'),
  ];

  it('finds a field that is gone', async () => {
    expect(await unannounced(before, after, '## Unreleased\n')).toEqual([
      "Field 'b' was removed from object type 'Query'",
    ]);
  });

  it('accepts one that is announced, and only in the part about the next release', async () => {
    expect(
      await unannounced(before, after, '## Unreleased\n\n### Breaking\n\n- `Query.b` is gone.\n'),
    ).toEqual([]);
    expect(
      await unannounced(before, after, '## Unreleased\n\n## 1.0.0\n\n### Breaking\n\n- `Query.b`\n'),
    ).toHaveLength(1);
  });
});
