import { verifyCognitoLogin } from '../cognitoLogin.ts';
import { loginsDoNotMatch } from '../errors.ts';
import { requireUsable, saveUnlinked } from '../linking.ts';
import { requirePool } from '../poolAccess.ts';
import type { Handler, Services } from '../services.ts';

export const unlinkIdentity =
  ({
    store,
    tokens,
    publicLogins,
    clock,
  }: Pick<Services, 'store' | 'tokens' | 'publicLogins' | 'clock'>): Handler<'UnlinkIdentity'> =>
  async ({ IdentityId, Logins, LoginsToRemove }) => {
    const { identity, pool } = store.read((reader) => {
      const found = requireUsable(reader, IdentityId);
      return { identity: found, pool: requirePool(reader, found.identityPoolId) };
    });
    const cognito = await verifyCognitoLogin(tokens, identity, Logins);
    const proven = cognito ? [] : await publicLogins.verify(pool, Logins);
    await store.write((writer) => {
      const current = requireUsable(writer, IdentityId);
      const owns =
        cognito?.claims.amr[0] === 'authenticated' ||
        proven.some(({ provider, subject }) => current.publicLogins[provider] === subject);
      if (!owns) throw loginsDoNotMatch();
      const kept = Object.entries(current.publicLogins).filter(
        ([provider]) => !LoginsToRemove.includes(provider),
      );
      saveUnlinked(writer, { ...current, publicLogins: Object.fromEntries(kept) }, clock.now());
    });
    return undefined;
  };
