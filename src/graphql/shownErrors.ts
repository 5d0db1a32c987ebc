import { defaultFieldResolver, GraphQLError, GraphQLObjectType, type GraphQLSchema } from 'graphql';
import { ServiceError } from '../errors.ts';

/**
 * Makes what resolvers throw fit to be seen, for servers of others: some hide every error that graphql-js did not make, and with it
 * our codes; some show every message, and with it what is ours to know. For the host's log, `cause` holds our error and
 * `originalError` what went wrong unexpectedly.
 */
export function showErrors(schema: GraphQLSchema): GraphQLSchema {
  for (const type of Object.values(schema.getTypeMap())) {
    if (!(type instanceof GraphQLObjectType) || type.name.startsWith('__')) continue;
    for (const field of Object.values(type.getFields())) {
      const { resolve = defaultFieldResolver } = field;
      field.resolve = (...args) => {
        try {
          const result: unknown = resolve(...args);
          return result instanceof Promise ? result.then(settle, throwShown) : settle(result);
        } catch (error) {
          return throwShown(error);
        }
      };
    }
  }
  return schema;
}

/** A field that failed alone answers its error in place of a value. */
const settle = (value: unknown) => (value instanceof Error ? throwShown(value) : value);

function throwShown(error: unknown): never {
  if (error instanceof GraphQLError) throw error;
  if (error instanceof ServiceError) {
    // Not as `originalError`: by that, those who hide errors tell what was meant to be seen from what was not.
    const { message, extensions } = error;
    throw Object.assign(new GraphQLError(message, { extensions }), { cause: error });
  }
  throw new GraphQLError('Something went wrong on our side.', {
    originalError: error instanceof Error ? error : new Error('a value was thrown that is no error'),
    extensions: { code: 'INTERNAL_SERVER_ERROR' },
  });
}
