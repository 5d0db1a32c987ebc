import { requirePool } from '../poolAccess.ts';
import type { Handler, Services } from '../services.ts';

export const getIdentityPoolRoles =
  ({ store }: Pick<Services, 'store'>): Handler<'GetIdentityPoolRoles'> =>
  ({ IdentityPoolId }, call) => {
    const { roles, roleMappings } = store.read((reader) => requirePool(reader, IdentityPoolId, call));
    return {
      IdentityPoolId,
      Roles: roles,
      ...(Object.keys(roleMappings).length > 0 && { RoleMappings: roleMappings }),
    };
  };
