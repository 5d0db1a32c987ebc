import { verifyCognitoLogin } from './cognitoLogin.ts';
import { identityForbidden, notAuthorized } from './errors.ts';
import { type Identity, isAuthenticated, type Pool } from './identityStore.ts';
import { linkLogins, requireUsable } from './linking.ts';
import type { OpenIdClaims } from './openIdToken.ts';
import { requirePool } from './poolAccess.ts';
import type { ProvenLogin } from './publicLogins.ts';
import type { Services } from './services.ts';

/** Who came with an identity id and logins to one of the public operations, all of it verified. */
export type Presented = { readonly pool: Pool; readonly identity: Identity } & (
  | { readonly by: 'nothing' }
  | { readonly by: 'cognito token'; readonly token: string; readonly claims: OpenIdClaims }
  | { readonly by: 'public logins'; readonly logins: readonly ProvenLogin[] }
);

type Needs = Pick<Services, 'store' | 'tokens' | 'publicLogins' | 'clock'>;

/**
 * Verifies what GetOpenIdToken and GetCredentialsForIdentity are given. The identity may be another than the one asked for, when
 * the logins belong to one already.
 *
 * @param admits throws when the operation is not for this pool: before the logins are linked, so that nothing changes
 */
export async function presentLogins(
  { store, tokens, publicLogins, clock }: Needs,
  identityId: string,
  logins: Readonly<Record<string, string>>,
  admits: (pool: Pool) => void = () => {},
): Promise<Presented> {
  const { identity, pool } = store.read((reader) => {
    const found = requireUsable(reader, identityId);
    return { identity: found, pool: requirePool(reader, found.identityPoolId) };
  });
  admits(pool);
  if (Object.keys(logins).length === 0) {
    if (isAuthenticated(identity)) throw identityForbidden(identityId);
    if (!pool.allowUnauthenticatedIdentities) throw guestsNotAllowed();
    return { by: 'nothing', pool, identity };
  }
  const cognito = await verifyCognitoLogin(tokens, identity, logins);
  if (cognito) {
    // The guest token of somebody who has logged in since must not reach the identity of a user.
    if (cognito.claims.amr[0] !== 'authenticated' && isAuthenticated(identity))
      throw identityForbidden(identityId);
    return { by: 'cognito token', pool, identity, ...cognito };
  }
  const proven = await publicLogins.verify(pool, logins);
  const linked = await linkLogins(store, {
    identityPoolId: identity.identityPoolId,
    identityId,
    publicLogins: proven,
    now: clock.now(),
  });
  return { by: 'public logins', pool, identity: linked, logins: proven };
}

export const guestsNotAllowed = () =>
  notAuthorized('Unauthenticated access is not supported for this identity pool.');
