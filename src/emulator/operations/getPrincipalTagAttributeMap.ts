import { requirePool } from '../poolAccess.ts';
import type { Handler, Services } from '../services.ts';

export const getPrincipalTagAttributeMap =
  ({ store }: Pick<Services, 'store'>): Handler<'GetPrincipalTagAttributeMap'> =>
  ({ IdentityPoolId, IdentityProviderName }, call) => {
    const { principalTagMaps } = store.read((reader) => requirePool(reader, IdentityPoolId, call));
    const map = Object.hasOwn(principalTagMaps, IdentityProviderName)
      ? principalTagMaps[IdentityProviderName]
      : undefined;
    return {
      IdentityPoolId,
      IdentityProviderName,
      UseDefaults: map?.useDefaults ?? false,
      PrincipalTags: map?.principalTags ?? {},
    };
  };
