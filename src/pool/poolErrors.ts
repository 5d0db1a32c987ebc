/** A rule that an option of the set-up breaks; found before anything is created. */
export interface OptionProblem {
  /** The option as the command line names it, e.g. `--pool-name`. */
  readonly option: string;
  /** What it must be, e.g. `must have 1 to 128 characters`. */
  readonly rule: string;
}

/** The set-up as it was asked for cannot be made. Nothing was sent that changes anything. */
export class PoolOptionsError extends Error {
  override readonly name = 'PoolOptionsError';
  readonly problems: readonly OptionProblem[];

  constructor(problems: readonly OptionProblem[]) {
    super(problems.map(({ option, rule }) => `${option} ${rule}.`).join('\n'));
    this.problems = problems;
  }
}

/** Something that exists at AWS, by the name a person would look for. */
export interface Resource {
  readonly kind: 'identity pool' | 'role' | 'permissions policy' | 'roles of the pool';
  /** Id or ARN. */
  readonly id: string;
}

export interface PoolErrorOptions {
  /** What exists so far and stays. */
  readonly resources?: readonly Resource[];
  readonly cause?: unknown;
}

/** A step that did not succeed, in a sentence an operator can act on. */
export class PoolError extends Error {
  override readonly name = 'PoolError';
  readonly resources: readonly Resource[];

  constructor(message: string, { resources = [], cause }: PoolErrorOptions = {}) {
    super(message, cause === undefined ? undefined : { cause });
    this.resources = resources;
  }
}

/** The name of an AWS error, or of any other. */
export function errorName(error: unknown): string {
  return error instanceof Error ? error.name : '';
}

const sessionOver = new Set([
  'ExpiredToken',
  'ExpiredTokenException',
  'TokenRefreshRequired',
  'SSOTokenProviderFailure',
]);
const refused = new Set([
  'AccessDenied',
  'AccessDeniedException',
  'NotAuthorizedException',
  'UnauthorizedOperation',
]);
const unknownKey = new Set([
  'UnrecognizedClientException',
  'InvalidClientTokenId',
  'InvalidSignatureException',
  'SignatureDoesNotMatch',
]);
const noAnswer = new Set([
  'ECONNREFUSED',
  'ENOTFOUND',
  'EAI_AGAIN',
  'ECONNRESET',
  'ETIMEDOUT',
  'EHOSTUNREACH',
]);

/** What went wrong in a call to AWS, and what to do next, in plain sentences without a stack. */
export function awsSentence(call: string, error: unknown): string {
  const name = errorName(error);
  const message = error instanceof Error ? error.message.split('\n')[0] : '';
  if (sessionOver.has(name) || /expired|sso session/i.test(`${name} ${message}`)) {
    return `The AWS session has expired at ${call}. Sign in again (for example \`aws sso login\`) and repeat the command.`;
  }
  if (name === 'CredentialsProviderError') {
    return 'No AWS credentials were found. Use --profile, or set AWS_PROFILE or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY.';
  }
  if (unknownKey.has(name)) {
    return `AWS does not know the access key, or its secret is wrong (${name} at ${call}). Check --profile and the AWS_* variables.`;
  }
  if (refused.has(name)) return `AWS refused ${call} (${name}): ${message}`;
  const code = codeOf(error);
  if (code !== undefined && noAnswer.has(code)) {
    return `Nothing answers ${call} (${code}). Check the network, the Region and the endpoint address.`;
  }
  return `${call} failed (${name || 'unknown error'})${message === '' ? '.' : `: ${message}`}`;
}

function codeOf(error: unknown): string | undefined {
  for (
    let current = error, depth = 0;
    current instanceof Error && depth < 4;
    current = current.cause, depth++
  ) {
    if ('code' in current && typeof current.code === 'string') return current.code;
  }
  return undefined;
}
