import { readdirSync, readFileSync } from 'node:fs';
import fc from 'fast-check';
import { buildSchema, getIntrospectionQuery, parse, specifiedRules, validate } from 'graphql';
import { describe, expect, it } from 'vitest';
import {
  defaultOperationLimits,
  limitOperations,
  type OperationLimits,
  parseOptionsFor,
} from '../../../../src/graphql/limits/index.ts';

const schema = buildSchema(readFileSync('schema/schema.graphql', 'utf8'));
const onceMessage = 'The operation may have one of cognitoCredentials, linkGuestIdentity, and only once.';

/** Messages of the limits alone. */
function problems(source: string, limits: Partial<OperationLimits> = {}): string[] {
  return validate(schema, parse(source), [limitOperations(limits)], { maxErrors: 1000 }).map(
    ({ message }) => message,
  );
}
const times = (count: number, piece: (index: number) => string) =>
  Array.from({ length: count }, (_, i) => piece(i)).join(' ');

describe('what the product itself sends', () => {
  it.each(readdirSync('schema/operations'))('%s passes together with the standard rules', (file) => {
    const document = parse(
      readFileSync(`schema/operations/${file}`, 'utf8'),
      parseOptionsFor(defaultOperationLimits),
    );
    expect(validate(schema, document, [...specifiedRules, limitOperations()])).toEqual([]);
  });

  it('explorers may introspect', () => {
    const query = getIntrospectionQuery({
      descriptions: true,
      specifiedByUrl: true,
      directiveIsRepeatable: true,
      schemaDescription: true,
      inputValueDeprecation: true,
      oneOf: true,
    });
    const document = parse(query, parseOptionsFor(defaultOperationLimits));
    expect(validate(schema, document, [...specifiedRules, limitOperations()])).toEqual([]);
  });
});

describe('G04 one request cannot mint many tokens', () => {
  it.each([
    ['one', 'mutation{cognitoCredentials{identityId}}'],
    ['one, aliased', 'mutation{mine:cognitoCredentials{identityId}}'],
    ['one, in a fragment', 'mutation{...F} fragment F on Mutation{cognitoCredentials{identityId}}'],
    [
      'one in each of two operations',
      'mutation A{cognitoCredentials{identityId}} mutation B{cognitoCredentials{identityId}}',
    ],
    [
      'one beside another mutation',
      'mutation{cognitoCredentials{identityId} deleteIdentities(input:{identityIds:[]}){deletedIdentityIds}}',
    ],
    ['a field of that name elsewhere', '{me{cognitoCredentials identity{cognitoCredentials}}}'],
  ])('%s is allowed', (_name, source) => {
    expect(problems(source)).toEqual([]);
  });

  it.each([
    ['two aliases', 'mutation{a:cognitoCredentials{identityId} b:cognitoCredentials{identityId}}'],
    [
      'an alias and the plain field',
      'mutation{cognitoCredentials{identityId} b:cognitoCredentials{identityId}}',
    ],
    ['the same field twice', 'mutation{cognitoCredentials{identityId} cognitoCredentials{region}}'],
    [
      'both kinds',
      'mutation{cognitoCredentials{identityId} linkGuestIdentity(input:{guestIdentityId:"a",guestOpenIdToken:"b"}){identityId}}',
    ],
    [
      'inline fragments',
      'mutation{...{a:cognitoCredentials{identityId}} ...on Mutation{b:cognitoCredentials{identityId}}}',
    ],
    ['a fragment spread twice', 'mutation{...F ...F} fragment F on Mutation{cognitoCredentials{identityId}}'],
    [
      'nested fragments',
      'mutation{...F b:cognitoCredentials{identityId}} fragment F on Mutation{...G} fragment G on Mutation{a:cognitoCredentials{identityId}}',
    ],
    [
      'one behind @skip',
      'mutation{a:cognitoCredentials{identityId} b:cognitoCredentials @skip(if:true){identityId}}',
    ],
    [
      'two in an operation that is not the first',
      'query Q{me{userId}} mutation M{a:cognitoCredentials{identityId} b:cognitoCredentials{identityId}}',
    ],
  ])('%s is refused', (_name, source) => {
    expect(problems(source)).toEqual([onceMessage]);
  });

  it('500 aliases are refused', () => {
    expect(problems(`mutation{${times(500, (i) => `a${i}:cognitoCredentials{identityId}`)}}`)).toEqual([
      'The operation has more than 15 aliases.',
      'The operation has more than 10 root fields.',
      'The operation has more than 250 fields.',
      onceMessage,
    ]);
  });

  it('30 aliases of a look-up are refused', () => {
    expect(problems(`{${times(30, (i) => `a${i}:identity(id:"x"){id}`)}}`)).toEqual([
      'The operation has more than 15 aliases.',
      'The operation has more than 10 root fields.',
    ]);
    expect(
      problems(
        `{me{identity{${times(30, (i) => `a${i}:developerUserIdentifiers{pageInfo{hasNextPage}}`)}}}}`,
      ),
    ).toEqual(['The operation has more than 15 aliases.']);
  });

  it('the same field through 50 fragments is refused', () => {
    const spreads = times(50, (i) => `...F${i}`);
    const fragments = times(50, (i) => `fragment F${i} on Mutation{cognitoCredentials{identityId}}`);
    expect(problems(`mutation{${spreads}} ${fragments}`)).toEqual([
      'The operation has more than 10 root fields.',
      'The operation has more than 30 fragment spreads.',
      onceMessage,
    ]);
  });

  it('two aliases of a harmless field are allowed', () => {
    expect(problems('{a:me{userId} b:me{userId}}')).toEqual([]);
  });
});

describe('each limit', () => {
  const nested = (depth: number) => `{${'a{'.repeat(depth - 1)}a${'}'.repeat(depth - 1)}}`;
  it.each<[string, string, string, string]>([
    ['depth', nested(10), nested(11), 'The operation has more than 10 levels of fields.'],
    [
      'depth through fragments',
      '{...F} fragment F on Query{a{b{c{d{e{f{g{h{i{j}}}}}}}}}}',
      '{x{...F}} fragment F on Query{a{b{c{d{e{f{g{h{i{j}}}}}}}}}}',
      'The operation has more than 10 levels of fields.',
    ],
    [
      'aliases',
      `{me{${times(15, (i) => `a${i}:userId`)}}}`,
      `{me{${times(16, (i) => `a${i}:userId`)}}}`,
      'The operation has more than 15 aliases.',
    ],
    [
      'root fields',
      `{${times(10, () => 'me{userId}')}}`,
      `{${times(11, () => 'me{userId}')}}`,
      'The operation has more than 10 root fields.',
    ],
    [
      'root fields in inline fragments',
      `{...{${times(10, () => 'me{userId}')}}}`,
      `{...{...{${times(11, () => 'me{userId}')}}}}`,
      'The operation has more than 10 root fields.',
    ],
    [
      'fields',
      `{me{${times(249, () => 'userId')}}}`,
      `{me{${times(250, () => 'userId')}}}`,
      'The operation has more than 250 fields.',
    ],
    [
      'spreads',
      `{me{${times(30, () => '...F')}}} fragment F on Viewer{userId}`,
      `{me{${times(31, () => '...F')}}} fragment F on Viewer{userId}`,
      'The operation has more than 30 fragment spreads.',
    ],
    [
      'directives on fields',
      `{me{${times(20, () => 'userId @skip(if:true)')}}}`,
      `{me{${times(21, () => 'userId @skip(if:true)')}}}`,
      'The operation has more than 20 directives.',
    ],
    [
      'directives on the operation and its variables',
      `query($v:Int ${times(10, () => '@a')}) ${times(10, () => '@a')}{me{userId}}`,
      `query($v:Int ${times(10, () => '@a')}) ${times(11, () => '@a')}{me{userId}}`,
      'The operation has more than 20 directives.',
    ],
    [
      'directives on fragments',
      `{...F @a ...{me{userId}}} fragment F on Query ${times(19, () => '@a')}{me{userId}}`,
      `{...F @a ...@a{me{userId}}} fragment F on Query ${times(19, () => '@a')}{me{userId}}`,
      'The operation has more than 20 directives.',
    ],
    [
      'introspection depth',
      `{__schema{${'a{'.repeat(18)}a${'}'.repeat(18)}}}`,
      `{__schema{${'a{'.repeat(19)}a${'}'.repeat(19)}}}`,
      'The operation has more than 20 levels of introspection fields.',
    ],
    [
      'introspection fields',
      `{__schema{${times(1500, () => 'a')}}}`,
      `{__type(name:"A"){...F}} fragment F on __Type{${times(1501, () => 'a')}}`,
      'The operation has more than 1500 introspection fields.',
    ],
  ])('of %s is exact', (_name, allowed, refused, message) => {
    expect(problems(allowed)).toEqual([]);
    expect(problems(refused)).toEqual([message]);
  });

  it('of tokens stops the parser', () => {
    const source = `{me{${times(2000, () => 'a')}}}`;
    expect(() => parse(source, parseOptionsFor(defaultOperationLimits))).toThrow(
      'Syntax Error: Document contains more that 2000 tokens. Parsing aborted.',
    );
    expect(() => parse('{me{userId}}', parseOptionsFor({ maxTokens: 6 }))).not.toThrow();
    expect(() => parse('{me{userId}}', parseOptionsFor({ maxTokens: 5 }))).toThrow();
  });

  it('can be set', () => {
    expect(problems('{a:me{userId}}', { maxAliases: 1, maxDepth: 1 })).toEqual([
      'The operation has more than 1 levels of fields.',
    ]);
    expect(problems('{me{userId} b:me{userId}}', { onlyOnceAltogether: ['me'] })).toEqual([
      'The operation may have one of me, and only once.',
    ]);
  });

  it.each([
    [{ maxDepth: 0 }],
    [{ maxAliases: Number.NaN }],
    [{ maxTokens: 1.5 }],
    [{ introspection: { maxDepth: 0, maxFields: 1 } }],
  ])('must make sense: %j', (limits) => {
    expect(() => limitOperations(limits)).toThrow(RangeError);
  });

  it('is reported with a code and a place, and with nothing of the document', () => {
    const [error] = validate(
      schema,
      parse(
        `mutation Secret{${times(2, (i) => `secret${i}:cognitoCredentials(input:{previousIdentityId:"secret"}){identityId}`)}}`,
      ),
      [limitOperations()],
    );
    expect(error?.toJSON()).toEqual({
      message: onceMessage,
      locations: [{ line: 1, column: 1 }],
      extensions: { code: 'GRAPHQL_VALIDATION_FAILED' },
    });
  });
});

describe('hostile documents', () => {
  it('that expand without bound are measured in the time it takes to read them', () => {
    const levels = 300;
    const fragments = times(levels, (i) => `fragment F${i} on Query{...F${i + 1} ...F${i + 1}}`);
    expect(problems(`{...F0} ${fragments} fragment F${levels} on Query{me{userId}}`)).toEqual([
      'The operation has more than 10 root fields.',
      'The operation has more than 250 fields.',
      'The operation has more than 30 fragment spreads.',
    ]);
  });

  it('that expand beyond all numbers are refused too', () => {
    const levels = 1200;
    const fragments = times(levels, (i) => `fragment F${i} on Query{...F${i + 1} ...F${i + 1}}`);
    expect(problems(`{...F0} ${fragments} fragment F${levels} on Query{me{userId}}`)).toContain(
      'The operation has more than 250 fields.',
    );
  });

  it('with cycles or missing fragments are left to the other rules', () => {
    expect(problems('{...A} fragment A on Query{...B} fragment B on Query{...A me{userId}}')).toEqual([]);
    expect(problems('{...Nothing}')).toEqual([]);
  });

  it('count exactly what they expand to, whatever the fragments', () => {
    // Fragment i spreads only later ones, so that the expansion is finite and can be counted the slow way.
    const shape = fc.array(
      fc.record({ fields: fc.nat(2), aliases: fc.nat(1), spreads: fc.array(fc.nat(4), { maxLength: 3 }) }),
      { minLength: 1, maxLength: 6 },
    );
    fc.assert(
      fc.property(shape, (parts) => {
        const target = (index: number, offset: number) => index + 1 + offset;
        const inner = (index: number) => {
          const part = parts[index] as (typeof parts)[number];
          const spreads = part.spreads
            .filter((offset) => target(index, offset) < parts.length)
            .map((offset) => `...F${target(index, offset)}`);
          return [
            `plain`,
            times(part.fields, () => 'me'),
            times(part.aliases, (i) => `a${i}:me`),
            ...spreads,
          ].join(' ');
        };
        const expand = (index: number): { fields: number; aliases: number } => {
          const part = parts[index] as (typeof parts)[number];
          return part.spreads
            .map((offset) => target(index, offset))
            .filter((next) => next < parts.length)
            .map(expand)
            .reduce(
              (sum, next) => ({ fields: sum.fields + next.fields, aliases: sum.aliases + next.aliases }),
              { fields: 1 + part.fields + part.aliases, aliases: part.aliases },
            );
        };
        const source = `{${inner(0)}} ${parts
          .slice(1)
          .map((_, i) => `fragment F${i + 1} on Query{${inner(i + 1)}}`)
          .join(' ')}`;
        const { fields, aliases } = expand(0);
        const roomy = {
          maxFields: fields,
          maxRootFields: fields,
          maxAliases: Math.max(1, aliases),
          maxFragmentSpreads: 10_000,
        };
        expect(problems(source, roomy)).toEqual([]);
        expect(
          problems(source, {
            ...roomy,
            maxFields: Math.max(1, fields - 1),
            maxRootFields: Math.max(1, fields - 1),
          }),
        ).toHaveLength(fields > 1 ? 2 : 0);
        expect(problems(source, { ...roomy, maxAliases: Math.max(1, aliases - 1) })).toHaveLength(
          aliases > 1 ? 1 : 0,
        );
      }),
    );
  });
});
