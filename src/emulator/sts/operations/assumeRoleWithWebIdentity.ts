import {
  type OpenIdTokenClaims,
  QueryError,
  type QueryOperation,
  type QueryServices,
} from '../../protocols/queryOperation.ts';
import { createParameterReader } from '../../protocols/queryParameters.ts';
import { packedTagsPercent } from '../sessionTags.ts';
import { tokenRefusal } from '../tokenRefusal.ts';
import { mayAssumeRole, trustPrincipalOf } from '../trust.ts';

type Services = Pick<QueryServices, 'clock' | 'roles' | 'sessions' | 'verifyOpenIdToken'>;

const defaultDuration = 3600;
const roleArnForm = /^arn:[\w-]+:iam::\d{12}:role\/[\w+=,.@/-]+$/;

/** Credentials of a role for an OpenID token of an identity pool (the basic flow). */
export const AssumeRoleWithWebIdentity: QueryOperation<Services> = async ({ parameters }, services) => {
  const read = createParameterReader(parameters);
  const roleArn = read.required('RoleArn', { min: 20, max: 2048 });
  const sessionName = read.required('RoleSessionName', { min: 2, max: 64, pattern: /[\w+=,.@-]*/ });
  const token = read.required('WebIdentityToken', { min: 4, max: 20_000, sensitive: true });
  const duration = read.integer('DurationSeconds', { min: 900, max: 43_200 }) ?? defaultDuration;
  const providerId = read.optional('ProviderId', { min: 4, max: 2048 });
  const policy = read.optional('Policy', { min: 1, max: 2048 });
  read.list('PolicyArns', 'arn', { min: 20, max: 2048, maxItems: 10 });
  read.check();
  if (!roleArnForm.test(roleArn)) throw new QueryError('ValidationError', 'Request ARN is invalid');
  if (providerId !== undefined) {
    throw new QueryError('ValidationError', 'ProviderId must not be given with an OpenID Connect token.');
  }
  if (policy !== undefined) checkSessionPolicy(policy);

  const claims = await verify(token, services);
  const role = services.roles.getByArn(roleArn);
  // One answer for a role that is missing and one that does not trust the token, so that roles cannot be searched for.
  if (!role || !mayAssumeRole(role, claims, sessionName)) {
    throw new QueryError('AccessDenied', 'Not authorized to perform sts:AssumeRoleWithWebIdentity', 403);
  }
  if (duration > role.maxSessionDuration) {
    throw new QueryError(
      'ValidationError',
      'The requested DurationSeconds exceeds the MaxSessionDuration set for this role.',
    );
  }
  const packed = packedTagsPercent(claims.principalTags ?? {});
  if (packed > 100) {
    throw new QueryError(
      'PackedPolicyTooLarge',
      `Packed size of session tags consumes ${packed}% of allotted space.`,
    );
  }

  const credentials = services.sessions.issueSession({
    role,
    sessionName,
    now: services.clock.now(),
    durationSeconds: duration,
    subject: claims.subject,
    audience: claims.audience,
    ...(claims.principalTags ? { tags: claims.principalTags } : {}),
  });
  const [, partition, , , account] = role.arn.split(':');
  return {
    SubjectFromWebIdentityToken: claims.subject,
    Audience: claims.audience,
    AssumedRoleUser: {
      Arn: `arn:${partition}:sts::${account}:assumed-role/${role.roleName}/${sessionName}`,
      AssumedRoleId: `${role.roleId}:${sessionName}`,
    },
    Credentials: {
      SessionToken: credentials.sessionToken,
      SecretAccessKey: credentials.secretAccessKey,
      Expiration: new Date(credentials.expiration),
      AccessKeyId: credentials.accessKeyId,
    },
    Provider: trustPrincipalOf(claims.audience),
    ...(claims.principalTags ? { PackedPolicySize: packed } : {}),
  };
};

async function verify(token: string, services: Services): Promise<OpenIdTokenClaims> {
  const verdict = await services.verifyOpenIdToken(token);
  if (!verdict.ok) throw tokenRefusal(verdict);
  return verdict.claims;
}

/** Session policies are checked for form only: permissions are not evaluated by the emulator. */
function checkSessionPolicy(policy: string): void {
  let document: unknown;
  try {
    document = JSON.parse(policy);
  } catch {
    document = undefined;
  }
  if (typeof document !== 'object' || document === null || !('Statement' in document)) {
    throw new QueryError('MalformedPolicyDocument', 'This policy contains invalid Json');
  }
}
