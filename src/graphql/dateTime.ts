import { GraphQLError, GraphQLScalarType } from 'graphql';

/** Answers only: no argument of this schema is a date. Resolvers hand over milliseconds since the epoch. */
export const DateTimeScalar = new GraphQLScalarType<never, string>({
  name: 'DateTime',
  description: 'Date and time in ISO 8601, UTC with a trailing Z, such as `2026-11-25T10:15:30.000Z`.',
  specifiedByURL: 'https://www.rfc-editor.org/rfc/rfc3339',
  serialize(value) {
    const date = new Date(typeof value === 'number' ? value : Number.NaN);
    if (Number.isNaN(date.getTime())) throw new GraphQLError('DateTime cannot represent this value.');
    return date.toISOString();
  },
  parseValue() {
    throw new GraphQLError('DateTime is not accepted as input.');
  },
});
