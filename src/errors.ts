/**
 * The stable codes of this service, as clients see them in `extensions.code`. Callers switch on codes, people read messages.
 * The emulator and the client package have vocabularies of their own.
 */
export const errorCodes = [
  'UNAUTHENTICATED',
  'FORBIDDEN',
  'BAD_USER_INPUT',
  'NOT_FOUND',
  'CONFLICT',
  'GUEST_IDENTITY_UNUSABLE',
  'TOO_MANY_REQUESTS',
  'AUTH_UNAVAILABLE',
  'AUDIT_UNAVAILABLE',
  'UPSTREAM_THROTTLED',
  'UPSTREAM_UNAVAILABLE',
  'UPSTREAM_MISCONFIGURED',
  'UPSTREAM_FORBIDDEN',
  'UPSTREAM_INVALID_RESPONSE',
  'INTERNAL_SERVER_ERROR',
] as const;

export type ErrorCode = (typeof errorCodes)[number];

/** One broken rule of one input field. Names the rule, never the value. */
export interface FieldProblem {
  /** Path of the field in the operation's arguments, e.g. `input.identityId`. */
  readonly field: string;
  /** What the value must be, e.g. `must have 1 to 1024 characters`. */
  readonly rule: string;
}

export interface ServiceErrorOptions {
  /** Whole seconds after which trying again can help. Left out where waiting does not help. */
  readonly retryAfter?: number;
  readonly problems?: readonly FieldProblem[];
  /** For the log of this service only; never sent to a client. */
  readonly cause?: unknown;
}

/**
 * The one error that travels between the rooms. Its message may be shown to any client: it says what to do next and holds
 * no token, no identifier and no upstream text. What only the operator may see goes into `cause`.
 */
export class ServiceError extends Error {
  override readonly name = 'ServiceError';
  readonly code: ErrorCode;
  readonly retryAfter: number | undefined;
  readonly problems: readonly FieldProblem[] | undefined;

  constructor(code: ErrorCode, message: string, options: ServiceErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.retryAfter = options.retryAfter;
    this.problems = options.problems;
  }

  /** What a client sees beside the message. graphql-js takes it over, whatever server it runs in. */
  get extensions(): Readonly<Record<string, unknown>> {
    const { code, retryAfter, problems } = this;
    return {
      code,
      ...(retryAfter !== undefined && { retryAfter }),
      ...(problems !== undefined && { problems }),
    };
  }
}

/** `BAD_USER_INPUT` for the given fields. */
export function badUserInput(problems: readonly FieldProblem[]): ServiceError {
  const fields = problems.map(({ field, rule }) => `${field} ${rule}`).join('; ');
  return new ServiceError('BAD_USER_INPUT', `Invalid input: ${fields}.`, { problems });
}
