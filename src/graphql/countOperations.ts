import type { ApolloServerPlugin } from '@apollo/server';
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
        const codeOf = (extensions: (typeof errors)[number]['extensions']) =>
          String(extensions?.['code'] ?? 'INTERNAL_SERVER_ERROR');
        // `operation` is there before it is validated.
        if (!valid || !operation || document === undefined) {
          return count('invalid', codeOf(errors[0]?.extensions));
        }
        const codes = new Map<unknown, string>();
        for (const { path, extensions } of errors) codes.set(path?.[0], codeOf(extensions));
        const whole = codes.get(undefined);
        for (const [name, field] of rootFieldsOf(operation, document)) {
          const code = codes.get(name) ?? whole;
          // Left out by @skip or @include.
          if (code === undefined && !(data && name in data)) continue;
          count(field, code ?? 'OK');
        }
      },
    };
  },
});
