import { defaultFieldResolver, type GraphQLFieldResolver, type GraphQLSchema } from 'graphql';
import { inSpan } from '../telemetry/tracing.ts';

type Resolver = GraphQLFieldResolver<unknown, unknown>;

/** Puts a span around every resolver of a root field. The fields below cost nothing more: they are left as they are. */
export function traceRootFields(schema: GraphQLSchema): GraphQLSchema {
  const roots = [
    ['query', schema.getQueryType()],
    ['mutation', schema.getMutationType()],
  ] as const;
  for (const [operation, type] of roots) {
    for (const field of Object.values(type?.getFields() ?? {})) {
      const { resolve = defaultFieldResolver as Resolver } = field;
      const attributes = { 'graphql.operation.type': operation, 'graphql.field.name': field.name };
      const facts = () => ({ name: `${operation} ${field.name}`, attributes });
      field.resolve = (...args) => inSpan(facts, () => resolve(...args));
    }
  }
  return schema;
}
