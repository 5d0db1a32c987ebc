import { principalTagsOf } from '../cognitoLogin.ts';
import { type AssumeRequest, type AssumeServices, assumeRole } from '../credentials.ts';
import { type Presented, presentLogins } from '../presentedLogins.ts';
import { mappedPrincipalTags, roleForbidden, selectRole } from '../roleSelection.ts';
import type { Handler, Services } from '../services.ts';

export const getCredentialsForIdentity =
  (
    services: AssumeServices & Pick<Services, 'store' | 'tokens' | 'publicLogins' | 'clock'>,
  ): Handler<'GetCredentialsForIdentity'> =>
  async ({ IdentityId, Logins = {}, CustomRoleArn }) => {
    const presented = await presentLogins(services, IdentityId, Logins);
    const { identityId } = presented.identity;
    const credentials = assumeRole(services, {
      identityId,
      identityPoolId: presented.pool.identityPoolId,
      ...grantOf(presented, CustomRoleArn),
    });
    return {
      IdentityId: identityId,
      Credentials: {
        AccessKeyId: credentials.accessKeyId,
        SecretKey: credentials.secretAccessKey,
        SessionToken: credentials.sessionToken,
        Expiration: credentials.expiration / 1000,
      },
    };
  };

type Grant = Pick<AssumeRequest, 'roleArn' | 'amr' | 'principalTags'>;

function grantOf(presented: Presented, customRoleArn: string | undefined): Grant {
  const { pool, identity } = presented;
  if (presented.by === 'public logins') {
    return {
      roleArn: selectRole(pool, identity.identityId, presented.logins, customRoleArn),
      amr: ['authenticated', ...presented.logins.flatMap(({ amr }) => amr)],
      principalTags: mappedPrincipalTags(pool, presented.logins),
    };
  }
  // Neither a developer token nor a guest carries roles to choose from.
  if (customRoleArn !== undefined) throw roleForbidden(customRoleArn);
  if (presented.by === 'nothing') {
    return { roleArn: pool.roles['unauthenticated'], amr: ['unauthenticated'], principalTags: {} };
  }
  const { claims } = presented;
  const role = claims.amr[0] === 'authenticated' ? 'authenticated' : 'unauthenticated';
  return { roleArn: pool.roles[role], amr: claims.amr, principalTags: principalTagsOf(claims) };
}
