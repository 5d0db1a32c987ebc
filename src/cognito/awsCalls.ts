import type {
  $Command,
  CognitoIdentityClient,
  CognitoIdentityClientResolvedConfig,
  ServiceInputTypes,
  ServiceOutputTypes,
} from '@aws-sdk/client-cognito-identity';
import toFastProperties from 'to-fast-properties';

export type CognitoCommand<Input extends ServiceInputTypes, Output extends ServiceOutputTypes> = $Command<
  Input,
  Output,
  CognitoIdentityClientResolvedConfig,
  ServiceInputTypes,
  ServiceOutputTypes
>;

/** Makes one call, which ends with the signal. */
export type Send = <Input extends ServiceInputTypes, Output extends ServiceOutputTypes>(
  command: CognitoCommand<Input, Output>,
  abortSignal: AbortSignal,
) => Promise<Output>;

/** The way of the SDK, for a client of somebody else's. */
export const sendThrough =
  (client: CognitoIdentityClient): Send =>
  (command, abortSignal) =>
    client.send(command, { abortSignal });

/**
 * For a client with `cacheMiddleware` and a single attempt per call, of which it replaces two steps. The SDK puts its layers together anew
 * for every call that comes with options, a fifth of what a call costs; a signal is one. So the signal is found by the input of its call.
 */
export function sendThroughKeptMiddleware(client: CognitoIdentityClient): Send {
  const signals = new WeakMap<object, AbortSignal>();
  // Its properties are too many for V8 to give them a layout unasked, and the SDK copies them four times per call.
  const { requestHandler } = toFastProperties(client.config);
  // Signing asks for its place by this name. The SDK's step makes an Error with its stack for each call, though nothing is repeated here.
  client.middlewareStack.add((next) => next, {
    name: 'retryMiddleware',
    step: 'finalizeRequest',
    priority: 'high',
    override: true,
  });
  client.middlewareStack.add(
    // In place of the SDK's own last step, which hands on the options of the call that came first.
    () =>
      ({ input, request }) => {
        const abortSignal = signals.get(input);
        return requestHandler.handle(
          request as Parameters<typeof requestHandler.handle>[0],
          abortSignal && { abortSignal },
        ) as Promise<never>;
      },
    { name: 'abortableRequest', step: 'deserialize', priority: 'low' },
  );
  return (command, abortSignal) => {
    signals.set(command.input, abortSignal);
    return client.send(command);
  };
}
