import type { ApolloServerPlugin } from '@apollo/server';
import {
  type DocumentNode,
  execute,
  type GraphQLError,
  type GraphQLFormattedError,
  type GraphQLSchema,
} from 'graphql';
import { LRUCache } from 'lru-cache';
import type { Logger } from '../telemetry/logger.ts';
import { codeOf, countRootFields, reportUnexpected } from './afterExecution.ts';
import { answerOf, type GraphQLAnswer, refusal } from './answer.ts';
import { unauthenticated } from './authChecker.ts';
import type { GraphQLContext } from './context.ts';
import { formatError } from './errors.ts';
import { asksForMetaOnly, rootFieldsOf } from './rootFields.ts';

/**
 * Operations that Apollo Server has parsed, validated and let through once, and that are executed beside it from then on: half of what
 * a request costs is its pipeline. Parsing and validation depend on the text alone; what depends on the request (who asks, variables,
 * limits per user, audit) is decided by context and resolvers, which both ways share. See `src/decisions.md`.
 */
export interface ValidatedOperations {
  /** Remembers what the server lets through. Only for signed-in users: a stranger cannot fill the memory. */
  readonly plugin: ApolloServerPlugin<GraphQLContext>;
  find(query: string, operationName: string | undefined): ValidatedOperation | undefined;
}

export interface ValidatedOperation {
  /** Answers as Apollo Server would; null where the variables do not fit and nothing was executed: that answer is the server's. */
  execute(variables: Variables | undefined, context: GraphQLContext): Promise<GraphQLAnswer | null>;
}

export type Variables = Readonly<Record<string, unknown>>;

export interface ValidatedOperationsOptions {
  readonly schema: GraphQLSchema;
  readonly logger: Logger;
  readonly countField: (field: string, code: string) => void;
}

/** Characters of all documents together, and of one. Parsed they take some fifty times as much memory. */
const maxCharacters = 262_144;
const maxDocumentCharacters = 16_384;

export function createValidatedOperations(options: ValidatedOperationsOptions): ValidatedOperations {
  const known = new LRUCache<string, ValidatedOperation & { readonly operationName: string | undefined }>({
    maxSize: maxCharacters,
    maxEntrySize: maxDocumentCharacters,
    sizeCalculation: (_, query) => query.length,
  });
  return {
    find(query, operationName) {
      const found = known.get(query);
      return found?.operationName === operationName ? found : undefined;
    },
    plugin: {
      async requestDidStart() {
        return {
          async didResolveOperation({ request, source, document, operation, contextValue }) {
            if (contextValue.principal === null || operation === undefined) return;
            const { operationName } = request;
            const rootFields = rootFieldsOf(operation, document);
            const remembered = toExecutable({ ...options, document, operationName, rootFields });
            known.set(source, { operationName, execute: remembered });
          },
        };
      },
    },
  };
}

function toExecutable({
  schema,
  logger,
  countField,
  document,
  operationName,
  rootFields,
}: ValidatedOperationsOptions & {
  readonly document: DocumentNode;
  readonly operationName: string | undefined;
  readonly rootFields: ReadonlyMap<string, string>;
}): ValidatedOperation['execute'] {
  const openToStrangers = asksForMetaOnly(rootFields);
  return async (variableValues, contextValue) => {
    if (contextValue.principal === null && !openToStrangers) {
      const error = unauthenticated();
      countRootFields(countField, rootFields, undefined, [error]);
      return refusal(error);
    }
    const result = execute({ schema, document, operationName, variableValues, contextValue });
    const { data, errors = [] } = result instanceof Promise ? await result : result;
    if (data === undefined) return null;
    const formatted = errors.map(format);
    reportUnexpected(errors, formatted, contextValue.requestId, logger);
    countRootFields(countField, rootFields, data, formatted);
    return answerOf({ data, errors: formatted });
  };
}

/** As Apollo Server prepares an error for `formatError`. */
function format(error: GraphQLError): GraphQLFormattedError {
  return formatError(
    { ...error.toJSON(), extensions: { ...error.extensions, code: codeOf(error.extensions) } },
    error,
  );
}
