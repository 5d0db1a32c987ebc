import { type AppParts, createApp, type DetachedApp } from './app.ts';
import type { Config } from './config/config.ts';
import { loadConfig } from './config/loadConfig.ts';
import { assertHttpEvent, type HttpEvent, type HttpResult, toRequest, toResult } from './http/lambdaEvent.ts';

export type { HttpEvent, HttpResult } from './http/lambdaEvent.ts';

/** What is used of Lambda's context object. */
export interface LambdaContext {
  readonly awsRequestId?: string;
  /** Milliseconds until the function is stopped. */
  getRemainingTimeInMillis?(): number;
}

export type LambdaHandler = (event: HttpEvent, context?: LambdaContext) => Promise<HttpResult>;

/**
 * A Lambda function over the service's routes, for API Gateway HTTP APIs (payload format 2.0) and function URLs. The service
 * starts at once, so that what is called outside a handler is part of Lambda's initialization; when the start has failed,
 * each event tries it once more, and fails with the reason when that fails too.
 *
 * @param config Default: from the environment, as for the server. Throws what is wrong with it.
 */
export function createLambdaHandler(config?: Config, parts: AppParts = {}): LambdaHandler {
  const authenticator = parts.authenticator === undefined ? 'settings' : 'host';
  const settled = config ?? loadConfig(process.env, { authenticator });
  const start = (): Promise<DetachedApp> => {
    const starting = createApp(settled, parts).startWithoutListening();
    // The invocation that waits for it gets the error; without one it must not end the process.
    starting.catch(() => undefined);
    return starting;
  };
  let app = start();

  return async (event, context) => {
    assertHttpEvent(event);
    const first = app;
    const started = await first.catch(() => {
      if (app === first) app = start();
      return app;
    });
    return toResult(await started.handle(toRequest(event, context)));
  };
}

let ready: LambdaHandler | undefined;

/** The handler with its settings from the environment. They are read at the first event, not when this module is loaded. */
export const handler: LambdaHandler = async (event, context) => {
  ready ??= createLambdaHandler();
  return ready(event, context);
};
