import { badUserInput, type ErrorCode, ServiceError } from '../errors.ts';
import type { CognitoGateway } from './gateway.ts';

/** One operation of the port. */
export type CognitoOperation = keyof CognitoGateway;

/** What went wrong at AWS, for this service's own log: upstream text without the values that AWS quotes in it. */
export class AwsFailure extends Error {
  override readonly name = 'AwsFailure';
  readonly operation: CognitoOperation;
  /** AWS's exception name, Node's error code, or the class of a parsing error. */
  readonly awsName: string;
  readonly httpStatusCode: number | undefined;
  readonly requestId: string | undefined;
  /** Whether AWS certainly did not execute the call, so that repeating it cannot do it twice. */
  readonly beforeExecution: boolean;

  constructor(operation: CognitoOperation, facts: Facts, beforeExecution: boolean) {
    super(facts.text === '' ? facts.name : `${facts.name}: ${facts.text}`);
    this.operation = operation;
    this.awsName = facts.name;
    this.httpStatusCode = facts.status;
    this.requestId = facts.requestId;
    this.beforeExecution = beforeExecution;
  }
}

interface Facts {
  readonly name: string;
  /** Safe to log. */
  readonly text: string;
  /** As AWS sent it; for matching only. */
  readonly raw: string;
  readonly status: number | undefined;
  readonly requestId: string | undefined;
  readonly retryAfter: number | undefined;
  readonly clockCorrected: boolean;
}

interface Rule {
  readonly names: readonly string[];
  /** Only for these operations; for all when left out. */
  readonly on?: readonly CognitoOperation[];
  /** Only where AWS uses one name for different things. */
  readonly text?: RegExp;
  /** `absent`: not an error, there is no such thing. */
  readonly becomes: 'absent' | readonly [ErrorCode, string];
  /** Seconds, unless AWS said otherwise. */
  readonly retryAfter?: number;
  readonly beforeExecution?: true;
}

const lookups = ['findIdentityId', 'listDeveloperUserIdentifiers'] as const;
const poolReads = ['describeIdentityPool', 'listIdentities'] as const;

const throttled = ['UPSTREAM_THROTTLED', 'Amazon Cognito asks to slow down. Try again later.'] as const;
const unavailable = [
  'UPSTREAM_UNAVAILABLE',
  'Amazon Cognito does not answer at present. Try again later.',
] as const;
const wrongTime = [
  'UPSTREAM_UNAVAILABLE',
  'The clock of this server and that of AWS differ. Try again.',
] as const;
const invalidResponse = [
  'UPSTREAM_INVALID_RESPONSE',
  'The answer of Amazon Cognito cannot be understood.',
] as const;
const unknownPool = [
  'UPSTREAM_MISCONFIGURED',
  'Amazon Cognito does not know this identity pool. Check COGNITO_IDENTITY_POOL_ID and AWS_REGION.',
] as const;
const unusableGuest = [
  'GUEST_IDENTITY_UNUSABLE',
  'The guest identity cannot be adopted. Continue without it.',
] as const;
const gone = ['NOT_FOUND', 'There is no such identity (any more).'] as const;
const conflict = ['CONFLICT', 'The user is already linked with another identity.'] as const;
const refusedCredentials = [
  'UPSTREAM_MISCONFIGURED',
  'AWS does not accept the credentials of this server. Check its AWS credentials and its clock.',
] as const;

/** The signature layer and the SDK's own credentials providers. */
const credentialRefusals: readonly string[] = [
  'ExpiredToken',
  'ExpiredTokenException',
  'UnrecognizedClientException',
  'InvalidClientTokenId',
  'InvalidSignatureException',
  'SignatureDoesNotMatch',
  'IncompleteSignature',
  'IncompleteSignatureException',
  'MissingAuthenticationToken',
  'MissingAuthenticationTokenException',
  'AuthFailure',
  'RequestExpired',
  'RequestInTheFuture',
  'RequestTimeTooSkewed',
  'CredentialsProviderError',
  'TokenProviderError',
  'OptInRequired',
];

/**
 * AWS names to our codes; the first rule that matches wins. Names and texts: API model 2014-06-30 and the public captures
 * collected for each exception; Cognito sends nearly all of them with status 400, so the status decides nothing here.
 * A refusal of our own call is never the user's fault: no rule leads to UNAUTHENTICATED.
 */
const rules: readonly Rule[] = [
  {
    // The class differs between reports, only the text is stable.
    names: ['InvalidParameterException', 'NotAuthorizedException', 'ResourceNotFoundException'],
    text: /developer provider/i,
    becomes: [
      'UPSTREAM_MISCONFIGURED',
      'The identity pool has no such developer provider. Check COGNITO_DEVELOPER_PROVIDER_NAME.',
    ],
  },
  {
    names: ['InvalidParameterException', 'NotAuthorizedException'],
    text: /^roleMappings are not supported/i,
    becomes: [
      'UPSTREAM_MISCONFIGURED',
      'The identity pool has role mappings, which Amazon Cognito does not support for developer authenticated identities.',
    ],
  },
  {
    names: ['InvalidIdentityPoolConfigurationException'],
    becomes: [
      'UPSTREAM_MISCONFIGURED',
      "The identity pool's role cannot be assumed. Check that the pool has an authenticated role, and that the role's trust policy " +
        'names this pool and allows sts:AssumeRoleWithWebIdentity, and sts:TagSession when principal tags are used.',
    ],
  },

  // Lookup of an unknown user, as reported from AWS (olegabu/cognito-helper#7): must not look like a refusal.
  {
    names: ['NotAuthorizedException'],
    on: lookups,
    text: /^Access to this identity pool is forbidden/,
    becomes: 'absent',
  },
  {
    names: ['NotAuthorizedException'],
    on: ['describeIdentity', 'listDeveloperUserIdentifiers'],
    text: /^Access to Identity /,
    becomes: 'absent',
  },
  {
    names: ['NotAuthorizedException'],
    on: ['linkIdentity'],
    text: /^Access to Identity |^Logins don't match/,
    becomes: unusableGuest,
  },
  // A disabled identity answers like a forbidden one.
  {
    names: ['NotAuthorizedException'],
    on: ['exchangeOpenIdToken', 'mergeDeveloperIdentities', 'unlinkDeveloperIdentity'],
    text: /^Access to Identity |^Logins don't match/,
    becomes: gone,
  },
  {
    names: ['NotAuthorizedException'],
    becomes: [
      'UPSTREAM_FORBIDDEN',
      'Amazon Cognito refused the call. Check the configuration of the identity pool.',
    ],
  },

  { names: ['ResourceNotFoundException'], text: /^IdentityPool /, becomes: unknownPool },
  { names: ['ResourceNotFoundException'], on: poolReads, becomes: unknownPool },
  { names: ['ResourceNotFoundException'], on: [...lookups, 'describeIdentity'], becomes: 'absent' },
  { names: ['ResourceNotFoundException'], on: ['linkIdentity'], becomes: unusableGuest },
  { names: ['ResourceNotFoundException'], becomes: gone },

  {
    names: ['ResourceConflictException', 'DeveloperUserAlreadyRegisteredException'],
    becomes: conflict,
  },
  {
    names: ['InvalidParameterException'],
    on: ['mergeDeveloperIdentities'],
    becomes: ['CONFLICT', 'These two users cannot be merged.'],
  },
  {
    names: ['InvalidParameterException', 'ValidationException'],
    becomes: [
      'UPSTREAM_MISCONFIGURED',
      'Amazon Cognito refused a parameter of the call. Check the settings of the identity pool.',
    ],
  },

  {
    names: [
      'TooManyRequestsException',
      'ThrottlingException',
      'Throttling',
      'ThrottledException',
      'LimitExceededException',
      'RequestLimitExceeded',
      'RequestThrottledException',
      'SlowDown',
    ],
    becomes: throttled,
    retryAfter: 1,
    beforeExecution: true,
  },
  {
    names: ['ConcurrentModificationException'],
    becomes: [
      'UPSTREAM_UNAVAILABLE',
      'Somebody else is changing the same identity at this moment. Try again.',
    ],
    retryAfter: 1,
    beforeExecution: true,
  },

  {
    names: ['AccessDeniedException', 'AccessDenied'],
    becomes: [
      'UPSTREAM_FORBIDDEN',
      'AWS does not allow this server to make the call. Check the permissions of its IAM role.',
    ],
  },
  {
    names: credentialRefusals,
    becomes: refusedCredentials,
  },
  {
    names: ['UnknownOperationException'],
    becomes: [
      'UPSTREAM_MISCONFIGURED',
      'What answers is not Amazon Cognito. Check AWS_ENDPOINT_URL_COGNITO_IDENTITY and AWS_REGION.',
    ],
  },

  {
    names: [
      'InternalErrorException',
      'InternalFailure',
      'InternalServerError',
      'ServiceUnavailable',
      'ServiceUnavailableException',
      'ExternalServiceException',
      'RequestTimeout',
      'RequestTimeoutException',
      'TimeoutError',
      'DeadlineError',
    ],
    becomes: unavailable,
    retryAfter: 1,
  },
  // No connection was made, so nothing was executed.
  {
    names: ['ECONNREFUSED', 'ENOTFOUND', 'EAI_AGAIN', 'EHOSTUNREACH', 'ENETUNREACH', 'EADDRNOTAVAIL'],
    becomes: unavailable,
    retryAfter: 1,
    beforeExecution: true,
  },
];

/** Operations that take a cursor: one that AWS does not accept any more is the client's to replace. */
export interface FailedCall {
  readonly operation: CognitoOperation;
  /** Whether the call carried a `NextToken`. */
  readonly paged?: boolean;
}

/**
 * Translates whatever the SDK threw. Answers null where AWS's error only says that there is no such thing and the operation has a
 * way to say so. Never throws, and nothing of AWS's text reaches the message.
 */
export function fromAwsError(error: unknown, call: FailedCall): ServiceError | null {
  const { operation } = call;
  const facts = factsOf(error);
  if (call.paged && ['InvalidParameterException', 'ValidationException'].includes(facts.name)) {
    return badUserInput([{ field: 'after', rule: 'must be a cursor of an earlier answer' }]);
  }
  const aboutTime = facts.clockCorrected || /^Signature (expired|not yet current)/.test(facts.raw);
  if (aboutTime && credentialRefusals.includes(facts.name)) {
    // The SDK has just learnt AWS's time from this refusal: the next signature is right.
    return failure(operation, facts, wrongTime, 1, true);
  }
  for (const rule of rules) {
    if (!rule.names.includes(facts.name)) continue;
    if (rule.on && !rule.on.includes(operation)) continue;
    if (rule.text && !rule.text.test(facts.raw)) continue;
    if (rule.becomes === 'absent') return null;
    const retryAfter = rule.retryAfter === undefined ? undefined : (facts.retryAfter ?? rule.retryAfter);
    return failure(operation, facts, rule.becomes, retryAfter, rule.beforeExecution === true);
  }
  if (facts.status === 429) return failure(operation, facts, throttled, facts.retryAfter ?? 1, true);
  if (facts.status === undefined && !isParsingError(facts.name)) {
    return failure(operation, facts, unavailable, 1, false);
  }
  if (facts.status !== undefined && facts.status >= 500) {
    return failure(operation, facts, unavailable, facts.retryAfter ?? 1, false);
  }
  return failure(operation, facts, invalidResponse, undefined, false);
}

/** `UPSTREAM_INVALID_RESPONSE` for an answer that lacks what the operation promises. Names the member, never its value. */
export function invalidAwsResponse(operation: CognitoOperation, member: string): ServiceError {
  const [code, message] = invalidResponse;
  return new ServiceError(code, message, {
    cause: new Error(`${operation}: ${member} is missing or unusable`),
  });
}

function failure(
  operation: CognitoOperation,
  facts: Facts,
  [code, message]: readonly [ErrorCode, string],
  retryAfter: number | undefined,
  beforeExecution: boolean,
): ServiceError {
  const cause = new AwsFailure(operation, facts, beforeExecution);
  return new ServiceError(code, message, retryAfter === undefined ? { cause } : { cause, retryAfter });
}

const isParsingError = (name: string) => name === 'SyntaxError' || name === 'TypeError';

function factsOf(error: unknown): Facts {
  const thrown = (typeof error === 'object' && error !== null ? error : {}) as {
    name?: unknown;
    code?: unknown;
    message?: unknown;
    $metadata?: { httpStatusCode?: number; requestId?: string; clockSkewCorrected?: boolean };
    $response?: { headers?: Record<string, string> };
  };
  const metadata = thrown.$metadata ?? {};
  // A modelled exception has no `code`; a network error's name says less than its code.
  const network = typeof thrown.code === 'string' && metadata.httpStatusCode === undefined;
  const name = String((network ? thrown.code : thrown.name) ?? 'Error').slice(0, 100);
  const raw = typeof thrown.message === 'string' ? thrown.message : '';
  return {
    name,
    raw,
    text: isParsingError(name) || name === 'ValidationException' ? '' : withoutValues(raw),
    status: metadata.httpStatusCode,
    requestId: metadata.requestId,
    retryAfter: retryAfterOf(thrown.$response?.headers?.['retry-after']),
    clockCorrected: metadata.clockSkewCorrected === true,
  };
}

/** AWS quotes identity ids and, in validation errors, whole values such as user ids; a parser quotes the document. */
function withoutValues(text: string): string {
  return text
    .slice(0, 2000)
    .replace(/'[^']*'|"[^"]*"/g, "'…'")
    .replace(/'[^']*$/, "'…'")
    .replace(/\p{Cc}+/gu, ' ')
    .slice(0, 500);
}

function retryAfterOf(header: string | undefined): number | undefined {
  const seconds = Number(header);
  return header !== undefined && Number.isFinite(seconds) && seconds >= 0
    ? Math.min(Math.ceil(seconds), 300)
    : undefined;
}
