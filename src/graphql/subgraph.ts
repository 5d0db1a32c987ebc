import {
  extendSchema,
  type GraphQLFieldResolver,
  type GraphQLSchema,
  type GraphQLUnionType,
  parse,
  printSchema,
} from 'graphql';
import { badUserInput } from '../errors.ts';

type Resolver = GraphQLFieldResolver<unknown, unknown>;

/** Apollo Federation's own part of a subgraph (https://specs.apollo.dev/federation, "subgraph specification"). */
const federation = parse(`
  scalar _Any
  type _Service { sdl: String! }
  union _Entity = Identity
  extend type Query {
    _service: _Service!
    _entities(representations: [_Any!]!): [_Entity]!
  }
`);

const link =
  'extend schema @link(url: "https://specs.apollo.dev/federation/v2.0", import: ["@key", "@shareable"])';

/** The schema for a composer: identities are entities by their id, and `PageInfo` may be in other subgraphs too. */
export function subgraphSdl(schema: GraphQLSchema): string {
  const sdl = printSchema(schema)
    .replace(/^type Identity \{/m, 'type Identity @key(fields: "id") {')
    .replace(/^type PageInfo \{/m, 'type PageInfo @shareable {');
  return `${link}\n\n${sdl}\n`;
}

/**
 * The same schema as a subgraph of Apollo Federation 2. An identity that another subgraph refers to is looked up as by the query
 * `identity`, with the same rights: the caller's own, any for administrators, null otherwise.
 */
export function toSubgraph(schema: GraphQLSchema): GraphQLSchema {
  const sdl = subgraphSdl(schema);
  const subgraph = extendSchema(schema, federation);
  const fields = subgraph.getQueryType()?.getFields() ?? {};
  const identity = fields['identity']?.resolve as Resolver;
  const resolvers: Record<string, Resolver> = {
    _service: () => ({ sdl }),
    _entities: (source, { representations }, context, info) =>
      (representations as unknown[]).map((representation) =>
        identity(source, { id: idOf(representation) }, context, info),
      ),
  };
  for (const [name, resolve] of Object.entries(resolvers)) Object.assign(fields[name] ?? {}, { resolve });
  (subgraph.getType('_Entity') as GraphQLUnionType).resolveType = () => 'Identity';
  return subgraph;
}

function idOf(representation: unknown): string {
  const { __typename, id } = Object(representation) as Record<string, unknown>;
  if (__typename === 'Identity' && typeof id === 'string') return id;
  throw badUserInput([{ field: 'representations', rule: 'must be identities with their id' }]);
}
