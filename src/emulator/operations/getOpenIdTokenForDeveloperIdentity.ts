import { invalidParameter } from '../errors.ts';
import type { Pool } from '../identityStore.ts';
import { linkLogins } from '../linking.ts';
import { requirePool, unsupportedDeveloperProvider } from '../poolAccess.ts';
import { providerKind } from '../publicLogins.ts';
import type { Handler, Services } from '../services.ts';

/** Seconds. */
const defaultDuration = 900;
const maxDeveloperUserLength = 1024;

export const getOpenIdTokenForDeveloperIdentity =
  ({
    store,
    tokens,
    publicLogins,
    clock,
    choices,
  }: Pick<
    Services,
    'store' | 'tokens' | 'publicLogins' | 'clock' | 'choices'
  >): Handler<'GetOpenIdTokenForDeveloperIdentity'> =>
  async ({ IdentityPoolId, IdentityId, Logins, PrincipalTags, TokenDuration }, call) => {
    const pool = store.read((reader) => requirePool(reader, IdentityPoolId, call));
    if (choices.roleMappingsRefuseDeveloperCalls && Object.keys(pool.roleMappings).length > 0) {
      throw invalidParameter('roleMappings are not supported for developer authenticated identities');
    }
    const { provider, developerUser, others } = splitLogins(pool, Logins);
    const proven = await publicLogins.verify(pool, others);
    const identity = await linkLogins(store, {
      identityPoolId: IdentityPoolId,
      identityId: IdentityId,
      developerUser,
      publicLogins: proven,
      now: clock.now(),
    });
    const token = await tokens.mint({
      identityId: identity.identityId,
      identityPoolId: IdentityPoolId,
      logins: [
        provider,
        `${provider}:${IdentityPoolId}:${developerUser}`,
        ...proven.flatMap(({ amr }) => amr),
      ],
      principalTags: PrincipalTags ?? {},
      duration: TokenDuration ?? defaultDuration,
    });
    return { IdentityId: identity.identityId, Token: token };
  };

function splitLogins(pool: Pool, logins: Readonly<Record<string, string>>) {
  const provider = pool.developerProviderName;
  if (provider === undefined || !Object.hasOwn(logins, provider)) {
    const unknown = Object.keys(logins).some((name) => !providerKind(pool, name));
    throw unknown || provider === undefined
      ? unsupportedDeveloperProvider()
      : invalidParameter('Logins must contain the key of the developer provider of this identity pool.');
  }
  const { [provider]: developerUser = '', ...others } = logins;
  // The model lets 50,000 characters through here, but a user that cannot be looked up or unlinked helps nobody.
  if (developerUser.length > maxDeveloperUserLength) {
    throw invalidParameter(
      `A developer user identifier can have at most ${maxDeveloperUserLength} characters.`,
    );
  }
  return { provider, developerUser, others };
}
