import type { Handler, Services } from '../services.ts';

export const listIdentityPools =
  ({ store, pageTokens }: Pick<Services, 'store' | 'pageTokens'>): Handler<'ListIdentityPools'> =>
  ({ MaxResults, NextToken }, { region = '' }) => {
    const scope = ['ListIdentityPools', region];
    const page = store.read((reader) =>
      reader.pools(region, pageTokens.position(scope, NextToken), MaxResults),
    );
    return {
      IdentityPools: page.pools.map(({ identityPoolId, identityPoolName }) => ({
        IdentityPoolId: identityPoolId,
        IdentityPoolName: identityPoolName,
      })),
      ...(page.next !== undefined && { NextToken: pageTokens.create(scope, page.next) }),
    };
  };
