import { ApolloServer, type ApolloServerPlugin } from '@apollo/server';
import {
  ApolloServerPluginCacheControlDisabled,
  ApolloServerPluginUsageReportingDisabled,
} from '@apollo/server/plugin/disabled';
import type { GraphQLSchema } from 'graphql';
import type { Logger } from '../telemetry/logger.ts';
import { headOf, reportUnexpected } from './afterExecution.ts';
import { unauthenticated } from './authChecker.ts';
import type { GraphQLContext } from './context.ts';
import { formatError, toGraphQLError } from './errors.ts';
import { defaultOperationLimits, limitOperations, parseOptionsFor } from './limits/index.ts';
import { asksForMetaOnly, rootFieldsOf } from './rootFields.ts';

export interface ApolloServerOptions {
  readonly schema: GraphQLSchema;
  readonly logger: Logger;
  readonly production: boolean;
  /** Default: outside production. */
  readonly introspection?: boolean;
  /** Landing page and the like; they come from the HTTP side. */
  readonly plugins?: readonly ApolloServerPlugin<GraphQLContext>[];
}

/**
 * Apollo Server as this service runs it: no batching, no HTTP server of its own, no reporting, and every error through
 * `formatError`.
 */
export function createApolloServer(options: ApolloServerOptions): ApolloServer<GraphQLContext> {
  const { schema, logger, production, introspection = !production } = options;
  return new ApolloServer<GraphQLContext>({
    schema,
    introspection,
    hideSchemaDetailsFromClientErrors: !introspection,
    includeStacktraceInErrorResponses: false,
    allowBatchedHttpRequests: false,
    csrfPrevention: true,
    persistedQueries: false,
    nodeEnv: production ? 'production' : 'development',
    stopOnTerminationSignals: false,
    formatError,
    logger: apolloLogger(logger),
    parseOptions: parseOptionsFor(defaultOperationLimits),
    validationRules: [limitOperations()],
    plugins: [
      // Their headers and reports are not wanted: every answer is no-store, and nothing leaves this process.
      ApolloServerPluginCacheControlDisabled(),
      ApolloServerPluginUsageReportingDisabled(),
      refuseAnonymous,
      answerWithStatus(logger),
      ...(options.plugins ?? []),
    ],
  });
}

/**
 * Refuses a request without credentials before anything is executed, unless it asks for nothing but the schema. The auth
 * checker on the fields would refuse it too, but only after execution has begun, with `data: null` in the answer.
 */
const refuseAnonymous: ApolloServerPlugin<GraphQLContext> = {
  async requestDidStart() {
    return {
      async didResolveOperation({ contextValue, operation, document }) {
        if (contextValue.principal !== null || operation === undefined) return;
        if (!asksForMetaOnly(rootFieldsOf(operation, document))) throw toGraphQLError(unauthenticated());
      },
    };
  },
};

/** Gives an answer without data the HTTP status of its error, and an unexpected error the request id to find it by. */
const answerWithStatus = (logger: Logger): ApolloServerPlugin<GraphQLContext> => ({
  async requestDidStart() {
    return {
      async willSendResponse({ contextValue, response, errors }) {
        if (response.body.kind !== 'single' || errors === undefined) return;
        const { data, errors: formatted = [] } = response.body.singleResult;
        reportUnexpected(errors, formatted, contextValue.requestId, logger);
        const head = headOf(data, formatted);
        if (head === null) return;
        response.http.status = head.status;
        for (const [name, value] of head.headers) response.http.headers.set(name, value);
      },
    };
  },
});

/** Apollo's own lines carry no request data at these levels. */
const apolloLogger = (logger: Logger) => ({
  debug: () => undefined,
  info: () => undefined,
  warn: (message?: unknown) => logger.warn({ source: 'apollo' }, String(message)),
  error: (message?: unknown) => logger.error({ source: 'apollo' }, String(message)),
});
