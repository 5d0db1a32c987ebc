import { invalidParameter } from '../errors.ts';
import type { Pool } from '../identityStore.ts';
import { presentLogins } from '../presentedLogins.ts';
import { mappedPrincipalTags } from '../roleSelection.ts';
import type { Handler, Services } from '../services.ts';

/** Seconds. */
const duration = 600;

export const getOpenIdToken =
  (services: Pick<Services, 'store' | 'tokens' | 'publicLogins' | 'clock'>): Handler<'GetOpenIdToken'> =>
  async ({ IdentityId, Logins = {} }) => {
    const presented = await presentLogins(services, IdentityId, Logins, requireClassicFlow);
    const { pool, identity } = presented;
    if (presented.by === 'cognito token') return { IdentityId, Token: presented.token };
    const logins = presented.by === 'public logins' ? presented.logins : [];
    const token = await services.tokens.mint({
      identityId: identity.identityId,
      identityPoolId: pool.identityPoolId,
      logins: logins.flatMap(({ amr }) => amr),
      principalTags: mappedPrincipalTags(pool, logins),
      duration,
    });
    return { IdentityId: identity.identityId, Token: token };
  };

/** A pool that says nothing is an old one, in which the classic flow was always on. */
function requireClassicFlow(pool: Pool): void {
  if (pool.allowClassicFlow === false) {
    throw invalidParameter('Basic (classic) flow is not enabled, please use enhanced flow.');
  }
  if (Object.keys(pool.roleMappings).length > 0) {
    throw invalidParameter(
      'Basic (classic) flow is not supported with RoleMappings, please use enhanced flow.',
    );
  }
}
