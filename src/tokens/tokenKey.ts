import type { OpenIdTokenRequest } from '../cognito/gateway.ts';

/** What is the same for all tokens of a gateway and still belongs into the key of a cache that may be shared. */
export interface TokenScope {
  readonly identityPoolId: string;
  readonly developerProviderName: string;
}

/**
 * Everything that changes a token, joined so that no two requests share a key: JSON keeps `["a:b","c"]` and `["a","b:c"]`
 * apart, and tags count as a set whatever their order. User ids are compared byte for byte.
 */
export function tokenKey(scope: TokenScope, request: OpenIdTokenRequest): string {
  const tags = Object.entries(request.principalTags).sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0));
  return JSON.stringify([
    scope.identityPoolId,
    scope.developerProviderName,
    request.developerUserIdentifier,
    request.tokenDuration,
    tags,
  ]);
}
