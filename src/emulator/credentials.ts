import { partitionOf, regionOfId } from '../lib/partition.ts';
import { invalidPoolConfiguration } from './errors.ts';
import { madeUpRoleName } from './lenientRoles.ts';
import type { Services } from './services.ts';
import type { IssuedCredentials } from './sts/sessions.ts';
import { packedTagsPercent } from './sts/sessionTags.ts';
import { mayAssumeRole } from './sts/trust.ts';

/** One hour, which the enhanced flow does not let anybody change. */
const durationSeconds = 3600;
const sessionName = 'CognitoIdentityCredentials';

export interface AssumeRequest {
  readonly roleArn: string | undefined;
  readonly identityId: string;
  readonly identityPoolId: string;
  readonly amr: readonly string[];
  readonly principalTags: Readonly<Record<string, string>>;
}

export type AssumeServices = Pick<Services, 'roles' | 'sessions' | 'clock' | 'lenient' | 'accountId'>;

/**
 * Assumes a role for an identity, as Cognito does inside the enhanced flow.
 *
 * @throws AwsError `InvalidIdentityPoolConfigurationException` when there is no such role, its trust policy does not admit the
 *   identity, or the tags are too large; which of these it was, AWS does not say either.
 */
export function assumeRole(services: AssumeServices, request: AssumeRequest): IssuedCredentials {
  const { roles, sessions, clock } = services;
  const { identityId, identityPoolId, amr, principalTags } = request;
  const roleArn = request.roleArn ?? (services.lenient ? madeUpRoleArn(services, identityPoolId) : undefined);
  const role = roleArn === undefined ? undefined : roles.getByArn(roleArn);
  const hasTags = Object.keys(principalTags).length > 0;
  const claims = {
    subject: identityId,
    audience: identityPoolId,
    amr,
    ...(hasTags && { principalTags }),
  };
  if (!role || !mayAssumeRole(role, claims, sessionName) || packedTagsPercent(principalTags) > 100) {
    throw invalidPoolConfiguration();
  }
  return sessions.issueSession({
    role,
    sessionName,
    now: clock.now(),
    durationSeconds,
    subject: identityId,
    audience: identityPoolId,
    tags: principalTags,
  });
}

function madeUpRoleArn({ accountId }: AssumeServices, identityPoolId: string): string {
  return `arn:${partitionOf(regionOfId(identityPoolId) ?? '').arn}:iam::${accountId}:role/${madeUpRoleName}`;
}
