import { randomUUID } from 'node:crypto';
import { AwsError } from './errors.ts';
import { type Handlers, unsignedOperations } from './operations/index.ts';
import { type HttpAnswer, jsonAnswer, jsonError, parseBody } from './protocols/awsJson.ts';
import type { QueryServices } from './protocols/queryOperation.ts';
import type { CallContext, Handler } from './services.ts';
import { verifySignature } from './sigv4.ts';
import { secretLookup } from './sts/callers.ts';
import { inputs, type OperationName } from './validation/cognitoShapes.ts';
import { validate } from './validation/validate.ts';
import type { WireRequest } from './wireRequest.ts';

export interface CallOptions {
  /** By how much the time for checking the signature is off, milliseconds. */
  readonly clockOffsetMs?: number;
  /** Is shown the request once its shape is known to be valid. */
  observe?(request: Record<string, unknown>): void;
}

export interface CognitoService {
  /** Answers one call. Never throws. */
  handle(operation: string, request: WireRequest, options?: CallOptions): Promise<HttpAnswer>;
}

export interface CognitoServiceOptions {
  readonly handlers: Handlers;
  readonly signatures: Pick<
    QueryServices,
    'clock' | 'sessions' | 'accessKeyOf' | 'trustForwardedHost' | 'checkSignature'
  >;
  /** Serve every pool whatever Region was signed for. */
  readonly anyRegion?: boolean;
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

/** Operations without a pool or identity, whose Region can only be that of the signature. */
const regional: ReadonlySet<OperationName> = new Set(['CreateIdentityPool', 'ListIdentityPools']);

/** Shape, then signature, then meaning. */
export function createCognitoService(options: CognitoServiceOptions): CognitoService {
  const { handlers, signatures, relax, prepare, anyRegion = false } = options;

  const answer = (name: string, wire: WireRequest, requestId: string, call: CallOptions) => {
    if (!isOperation(name)) throw new AwsError('UnknownOperationException', '');
    const body = parseBody(wire.body);
    const request = validate(inputs[name], relax ? relax(name, body) : body);
    call.observe?.(request);
    const now = signatures.clock.now() + (call.clockOffsetMs ?? 0);
    const signedFor = unsignedOperations.has(name) ? undefined : authenticate(name, wire, signatures, now);
    const context: CallContext = {
      requestId,
      region: anyRegion && !regional.has(name) ? undefined : signedFor,
    };
    // `validate` has just made it the input of this very operation, which the type of the table cannot say.
    const handle = () => (handlers[name] as Handler<OperationName>)(request as never, context);
    return prepare ? prepare(name, request, context).then(handle) : handle();
  };

  return {
    handle: async (name, wire, call = {}) => {
      const requestId = randomUUID();
      try {
        return jsonAnswer(await answer(name, wire, requestId, call), requestId);
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
  now: number,
): string {
  const lookup = secretLookup(signatures, now);
  const verified = verifySignature(wire, {
    service: 'cognito-identity',
    secretOf: lookup.secretOf,
    now,
    trustForwardedHost: signatures.trustForwardedHost ?? false,
    checkSignature: signatures.checkSignature ?? true,
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
