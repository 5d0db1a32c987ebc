import { requirePool } from '../poolAccess.ts';
import type { Handler, Services } from '../services.ts';
import { identityView } from '../views.ts';

export const listIdentities =
  ({ store, pageTokens }: Pick<Services, 'store' | 'pageTokens'>): Handler<'ListIdentities'> =>
  ({ IdentityPoolId, MaxResults, NextToken, HideDisabled = false }, call) =>
    store.read((reader) => {
      const pool = requirePool(reader, IdentityPoolId, call);
      const scope = ['ListIdentities', IdentityPoolId, String(HideDisabled)];
      const page = reader.identities(IdentityPoolId, {
        after: pageTokens.position(scope, NextToken),
        limit: MaxResults,
        hideDisabled: HideDisabled,
      });
      return {
        IdentityPoolId,
        Identities: page.identities.map((identity) => identityView(identity, pool)),
        ...(page.next !== undefined && { NextToken: pageTokens.create(scope, page.next) }),
      };
    });
