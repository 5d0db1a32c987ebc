import { randomUUID } from 'node:crypto';
import { AwsError } from './errors.ts';
import { type Handlers, unsignedOperations } from './operations/index.ts';
import { type HttpAnswer, jsonAnswer, jsonError, parseBody } from './protocols/awsJson.ts';
import type { QueryServices } from './protocols/queryOperation.ts';
import type { CallContext, Handler } from './services.ts';
import { verifySignature, type WireRequest } from './sigv4.ts';
import { secretLookup } from './sts/callers.ts';
import { inputs, type OperationName } from './validation/cognitoShapes.ts';
import { validate } from './validation/validate.ts';

export interface CognitoService {
  /** Answers one call. Never throws. */
  handle(
    operation: string,
    request: WireRequest,
    observe?: (request: Record<string, unknown>) => void,
  ): Promise<HttpAnswer>;
}

export interface CognitoServiceOptions {
  readonly handlers: Handlers;
  readonly signatures: Pick<
    QueryServices,
    'clock' | 'sessions' | 'accessKeyOf' | 'trustForwardedHost' | 'checkSignature'
  >;
  /** Applied to the parsed body before validation; lenient mode relaxes here. */
  readonly relax?: (operation: OperationName, body: unknown) => unknown;
  /** Runs before a valid request is handled. */
  readonly prepare?: (
    operation: OperationName,
    request: Record<string, unknown>,
    call: CallContext,
  ) => Promise<void>;
}

const isOperation = (name: string): name is OperationName => Object.hasOwn(inputs, name);

/** Shape, then signature, then meaning. */
export function createCognitoService({
  handlers,
  signatures,
  relax,
  prepare,
}: CognitoServiceOptions): CognitoService {
  const answer = async (
    name: string,
    wire: WireRequest,
    requestId: string,
    observe: ((request: Record<string, unknown>) => void) | undefined,
  ) => {
    if (!isOperation(name)) throw new AwsError('UnknownOperationException', '');
    const body = parseBody(wire.body);
    const request = validate(inputs[name], relax ? relax(name, body) : body);
    observe?.(request);
    const region = unsignedOperations.has(name) ? undefined : authenticate(name, wire, signatures);
    const call: CallContext = { requestId, region };
    await prepare?.(name, request, call);
    // `validate` has just made it the input of this very operation, which the type of the table cannot say.
    return (handlers[name] as Handler<OperationName>)(request as never, call);
  };
  return {
    handle: async (name, wire, observe) => {
      const requestId = randomUUID();
      try {
        return jsonAnswer(await answer(name, wire, requestId, observe), requestId);
      } catch (error) {
        // Anything else is a fault of ours, and its message may hold what was sent.
        const told =
          error instanceof AwsError
            ? error
            : new AwsError('InternalErrorException', 'An internal error occurred.', 500);
        return jsonError(told, requestId);
      }
    },
  };
}

/**
 * The Region that was signed for.
 *
 * @throws AwsError for a signature that is missing, wrong or expired, and for keys that were issued to a user of the pool: no
 *   permissions policy is evaluated here, and such a user must not be able to act for others.
 */
function authenticate(
  operation: OperationName,
  wire: WireRequest,
  signatures: CognitoServiceOptions['signatures'],
): string {
  const now = signatures.clock.now();
  const lookup = secretLookup(signatures, now);
  const verified = verifySignature(wire, {
    service: 'cognito-identity',
    secretOf: lookup.secretOf,
    now,
    ...(signatures.trustForwardedHost && { trustForwardedHost: true }),
    ...(signatures.checkSignature === false && { checkSignature: false }),
  });
  if (!verified.ok) throw new AwsError(verified.name, verified.message, verified.status);
  const caller = lookup.callerOf(verified.accessKeyId);
  if (caller.kind === 'session') {
    const action = `cognito-identity:${operation}`;
    throw new AwsError(
      'AccessDeniedException',
      `User: ${caller.session.assumedRoleArn} is not authorized to perform: ${action} because no identity-based policy allows the ${action} action`,
    );
  }
  return verified.region;
}
