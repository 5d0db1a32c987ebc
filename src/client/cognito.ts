import type { ClientEnvironment } from './environment.ts';
import { CognitoGraphQLError } from './errors.ts';
import { type Answer, post } from './post.ts';

export interface CognitoEndpoint {
  readonly url: string;
  readonly timeoutMs: number;
}

/** Address of cognito-identity in a Region of the commercial, China or GovCloud partition. */
export function cognitoUrl(region: string): string {
  if (!/^[a-z0-9-]+$/.test(region)) throw new CognitoGraphQLError('INVALID_ANSWER', 'Not a Region.');
  return `https://cognito-identity.${region}.amazonaws.com${region.startsWith('cn-') ? '.cn' : ''}/`;
}

const passingReasons = /^(TooManyRequests|Throttling|InternalError|ExternalService|ServiceUnavailable)/;

/**
 * Calls one of the operations of cognito-identity that AWS does not sign (GetId, GetOpenIdToken, GetCredentialsForIdentity), in
 * JSON 1.1, once. A refusal is `COGNITO_ERROR`; Cognito's own text, which names the identity, is in `cause` only.
 */
export async function callCognito(
  environment: ClientEnvironment,
  endpoint: CognitoEndpoint,
  operation: string,
  input: unknown,
  signal: AbortSignal,
): Promise<Answer & { readonly json: Record<string, unknown> }> {
  const answer = await post(environment, {
    ...endpoint,
    headers: {
      'content-type': 'application/x-amz-json-1.1',
      'x-amz-target': `AWSCognitoIdentityService.${operation}`,
    },
    body: input,
    signal,
    whom: 'Cognito',
  });
  const { status, json } = answer;
  if (json && status === 200) return { ...answer, json };
  const named = json?.['__type'] ?? answer.header('x-amzn-errortype');
  if (!named) {
    throw new CognitoGraphQLError('INVALID_ANSWER', `Cognito answered ${answer.summary}.`, {
      status,
      transient: status > 499,
    });
  }
  // `prefix#Name:url` is how AWS may write it.
  const reason = String(named).replace(/^.*#|:.*$/g, '');
  const cause = String(json?.['message'] ?? json?.['Message'] ?? '');
  const { retryAfter } = answer;
  throw new CognitoGraphQLError('COGNITO_ERROR', `Cognito refused ${operation}: ${reason}.`, {
    status,
    reason,
    cause,
    transient: status > 499 || passingReasons.test(reason),
    ...(retryAfter !== undefined && { retryAfter }),
  });
}

/**
 * Whether Cognito no longer knows the identity (deleted), has shut it (disabled by a merge) or finds the token too old: asking for
 * a new token helps.
 */
export function isStale(error: unknown): boolean {
  const { reason, cause } = error as Partial<CognitoGraphQLError>;
  return (
    reason === 'ResourceNotFoundException' ||
    (reason === 'NotAuthorizedException' && / is forbidden\.|Token expired/.test(String(cause)))
  );
}

export interface AwsKeys {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken: string;
  /** Milliseconds since the epoch on the server's clock; NaN where it cannot be read. */
  readonly expiration: number;
}

/** GetCredentialsForIdentity; without logins for a guest. */
export async function getCredentialsForIdentity(
  environment: ClientEnvironment,
  endpoint: CognitoEndpoint,
  input: { readonly IdentityId: string; readonly Logins?: Record<string, string> },
  signal: AbortSignal,
): Promise<{ keys: AwsKeys; identityId: string; skew: number | undefined }> {
  const { json, skew } = await callCognito(environment, endpoint, 'GetCredentialsForIdentity', input, signal);
  const found = (json['Credentials'] ?? {}) as Record<string, unknown>;
  return {
    keys: {
      accessKeyId: found['AccessKeyId'] as string,
      secretAccessKey: found['SecretKey'] as string,
      sessionToken: found['SessionToken'] as string,
      // Epoch seconds, possibly written as 1.515115602E9.
      expiration: typeof found['Expiration'] === 'number' ? found['Expiration'] * 1000 : Number.NaN,
    },
    // Cognito may answer for another identity than asked for, after an implicit merge.
    identityId: (json['IdentityId'] as string) ?? input.IdentityId,
    skew,
  };
}
