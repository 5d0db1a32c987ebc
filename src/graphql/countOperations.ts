import type { ApolloServerPlugin } from '@apollo/server';
import { codeOf, countRootFields } from './afterExecution.ts';
import type { GraphQLContext } from './context.ts';
import { rootFieldsOf } from './rootFields.ts';

/**
 * Counts every root field that was asked for, with the code of the error in or below it, or `OK`. A document that is refused
 * before its fields are known to exist counts once, as `invalid`: only names of the schema are ever passed on.
 */
export const countOperations = (
  count: (field: string, code: string) => void,
): ApolloServerPlugin<GraphQLContext> => ({
  async requestDidStart() {
    let valid = false;
    return {
      async didResolveOperation() {
        valid = true;
      },
      async willSendResponse({ operation, document, response }) {
        if (response.body.kind !== 'single') return;
        const { data, errors = [] } = response.body.singleResult;
        // `operation` is there before it is validated.
        if (!valid || !operation || document === undefined) {
          return count('invalid', codeOf(errors[0]?.extensions));
        }
        countRootFields(count, rootFieldsOf(operation, document), data, errors);
      },
    };
  },
});
