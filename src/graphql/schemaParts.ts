import { type GraphQLSchema, printSchema } from 'graphql';
import { createResolversMap } from 'type-graphql';

/** A schema in two parts, as `makeExecutableSchema` and its kin take them. */
export interface SchemaParts {
  readonly typeDefs: string;
  /** By type and field; scalars and enums by type. */
  readonly resolvers: ReturnType<typeof createResolversMap>;
}

export const partsOf = (schema: GraphQLSchema): SchemaParts => ({
  typeDefs: printSchema(schema),
  resolvers: createResolversMap(schema),
});
