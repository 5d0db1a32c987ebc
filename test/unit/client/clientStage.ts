import { afterEach, beforeEach } from 'vitest';
import {
  type CognitoGraphQLOptions,
  type CognitoGraphQLProvider,
  fromCognitoGraphQL,
} from '../../../src/client/index.ts';
import { type Backend, loginOf, startBackend } from './testServers.ts';

export interface ClientStage {
  /** Fresh for each test. */
  readonly backend: Pick<Backend, 'api' | 'cognito'>;
  /** A provider for alice at the backend, with the given options replaced. */
  providerFor(options?: Partial<CognitoGraphQLOptions>): CognitoGraphQLProvider;
}

/** An API and a Cognito for each test of the calling file. */
export function useBackend(): ClientStage {
  let current: Backend;
  beforeEach(async () => {
    current = await startBackend();
  });
  afterEach(() => current.close());
  return {
    backend: {
      get api() {
        return current.api;
      },
      get cognito() {
        return current.cognito;
      },
    },
    providerFor: (options = {}) =>
      fromCognitoGraphQL({
        endpoint: current.api.url,
        cognitoEndpoint: current.cognito.url,
        getToken: () => loginOf('alice'),
        ...options,
      }),
  };
}

/** Something that waits until it is let go. */
export function gate() {
  let open = () => {};
  const opened = new Promise<void>((resolve) => {
    open = resolve;
  });
  return { opened, open: () => open() };
}

export async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, 2));
}
