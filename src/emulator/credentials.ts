import { partitionOf, regionOfId } from '../lib/partition.ts';
import { invalidPoolConfiguration } from './errors.ts';
import { evaluateTrustPolicy } from './policy.ts';
import type { Services } from './services.ts';
import type { IssuedCredentials } from './sts/sessions.ts';

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

/**
 * Assumes a role for an identity, as Cognito does inside the enhanced flow.
 *
 * @throws AwsError `InvalidIdentityPoolConfigurationException` when there is no such role or its trust policy does not admit
 *   the identity; which of the two it was, AWS does not say either.
 */
export function assumeRole(
  { roles, sessions, clock }: Pick<Services, 'roles' | 'sessions' | 'clock'>,
  { roleArn, identityId, identityPoolId, amr, principalTags }: AssumeRequest,
): IssuedCredentials {
  const role = roleArn === undefined ? undefined : roles.getByArn(roleArn);
  if (!role) throw invalidPoolConfiguration();
  const { trustPrincipal } = partitionOf(regionOfId(identityPoolId) ?? '');
  const tags = Object.entries(principalTags);
  const admitted = evaluateTrustPolicy(role.assumeRolePolicyDocument, {
    principal: trustPrincipal,
    actions: ['sts:AssumeRoleWithWebIdentity', ...(tags.length > 0 ? ['sts:TagSession'] : [])],
    context: {
      [`${trustPrincipal}:aud`]: [identityPoolId],
      [`${trustPrincipal}:amr`]: amr,
      [`${trustPrincipal}:sub`]: [identityId],
      ...Object.fromEntries(tags.map(([key, value]) => [`aws:RequestTag/${key}`, [value]])),
      ...(tags.length > 0 && { 'aws:TagKeys': tags.map(([key]) => key) }),
    },
  });
  if (!admitted) throw invalidPoolConfiguration();
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
