import { invalidParameter } from '../errors.ts';
import { requirePool } from '../poolAccess.ts';
import { providerKeys } from '../roleSelection.ts';
import type { Handler, Services } from '../services.ts';

/** Bytes of keys and attribute names together, as documented for attribute mapping. */
const maxBytes = 460;

export const setPrincipalTagAttributeMap =
  ({ store }: Pick<Services, 'store'>): Handler<'SetPrincipalTagAttributeMap'> =>
  async ({ IdentityPoolId, IdentityProviderName, UseDefaults = false, PrincipalTags = {} }, call) => {
    const bytes = Object.entries(PrincipalTags).reduce(
      (sum, [tag, claim]) => sum + Buffer.byteLength(tag) + Buffer.byteLength(claim),
      0,
    );
    if (bytes > maxBytes) throw invalidParameter(`Principal tags can have at most ${maxBytes} bytes in all.`);
    await store.write((writer) => {
      const pool = requirePool(writer, IdentityPoolId, call);
      if (!providerKeys(pool).includes(IdentityProviderName)) {
        throw invalidParameter('Invalid Cognito Identity Provider');
      }
      writer.savePool({
        ...pool,
        principalTagMaps: {
          ...pool.principalTagMaps,
          [IdentityProviderName]: { useDefaults: UseDefaults, principalTags: PrincipalTags },
        },
      });
    });
    return { IdentityPoolId, IdentityProviderName, UseDefaults, PrincipalTags };
  };
