import type { ClientContext } from './environment.ts';
import { CognitoGraphQLError } from './errors.ts';
import { type Answer, passes, post } from './post.ts';

export interface CognitoContext extends ClientContext {
  /** Default: AWS's in the Region, of the commercial, China, GovCloud or European Sovereign Cloud partition. */
  readonly cognitoEndpoint?: string;
}

const passingReasons = /^(TooMany|Throttling|Internal|External)/;

/**
 * Calls one of the operations of cognito-identity that AWS does not sign (GetId, GetOpenIdToken, GetCredentialsForIdentity), in
 * JSON 1.1, once. A refusal is `COGNITO_ERROR`; Cognito's own text, which names the identity, is in `cause` only.
 */
export async function callCognito(
  context: CognitoContext,
  region: string,
  operation: string,
  body: unknown,
  signal: AbortSignal,
): Promise<Answer> {
  const domain = /^cn-/.test(region) ? 'com.cn' : /^eusc-/.test(region) ? 'eu' : 'com';
  const answer = await post(context, {
    url: context.cognitoEndpoint ?? `https://cognito-identity.${region}.amazonaws.${domain}/`,
    headers: {
      'content-type': 'application/x-amz-json-1.1',
      'x-amz-target': `AWSCognitoIdentityService.${operation}`,
    },
    body,
    signal,
    whom: 'Cognito',
  });
  const { status, json, retryAfter, summary } = answer;
  if (status === 200) return answer;
  const { __type: type, message } = json as { __type?: string; message?: string };
  // `prefix#Name:url` is how AWS may write it.
  const reason = type?.replace(/^.*#|:.*$/g, '');
  throw new CognitoGraphQLError(
    reason ? 'COGNITO_ERROR' : 'INVALID_ANSWER',
    reason ? `Cognito refused ${operation}: ${reason}.` : summary,
    {
      status,
      reason,
      cause: message,
      transient: passes(status) || passingReasons.test(`${reason}`),
      retryAfter,
    },
  );
}

/**
 * Whether Cognito no longer knows the identity (deleted), has shut it (disabled by a merge) or finds the token too old: asking for
 * a new token helps.
 */
export function isStale(error: unknown): boolean {
  const { reason, cause } = error as CognitoGraphQLError;
  return reason === 'ResourceNotFoundException' || / is forbidden\.|Token expired/.test(`${cause}`);
}

export interface AwsKeys {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken: string;
  /** Milliseconds since the epoch on the server's clock. */
  readonly expiration: number;
}

/** GetCredentialsForIdentity; without logins for a guest. What the answer lacks is undefined, or NaN, in the result. */
export async function getCredentialsForIdentity(
  context: CognitoContext,
  region: string,
  input: { readonly IdentityId: string; readonly Logins?: Record<string, string> },
  signal: AbortSignal,
): Promise<Partial<AwsKeys> & { identityId: string; skew: number | undefined }> {
  const { json, skew, summary } = await callCognito(
    context,
    region,
    'GetCredentialsForIdentity',
    input,
    signal,
  );
  const { Credentials: found, IdentityId: identityId } = json as unknown as CredentialsAnswer;
  if (!found) throw new CognitoGraphQLError('INVALID_ANSWER', summary);
  return {
    accessKeyId: found.AccessKeyId,
    secretAccessKey: found.SecretKey,
    sessionToken: found.SessionToken,
    // Epoch seconds, possibly written as 1.515115602E9.
    expiration: found.Expiration * 1000,
    // Cognito may answer for another identity than asked for, after an implicit merge.
    identityId,
    skew,
  };
}

interface CredentialsAnswer {
  readonly IdentityId: string;
  readonly Credentials?: { AccessKeyId: string; SecretKey: string; SessionToken: string; Expiration: number };
}
