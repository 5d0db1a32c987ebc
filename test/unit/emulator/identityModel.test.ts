import fc from 'fast-check';
import { expect, it } from 'vitest';
import { AwsError } from '../../../src/emulator/errors.ts';
import {
  createIdentityStore,
  type IdentityStore,
  isAuthenticated,
} from '../../../src/emulator/identityStore.ts';
import { linkLogins, mergeInto, saveUnlinked } from '../../../src/emulator/linking.ts';
import { createMemoryKeyValue } from '../../../src/emulator/store/memoryKeyValue.ts';

const identityPoolId = 'us-east-1:0';
const users = fc.constantFrom('u1', 'u2', 'u3', 'u4');
const login = fc.record({ provider: fc.constantFrom('p', 'q'), subject: fc.constantFrom('x', 'y', 'z') });

const step = fc.oneof(
  fc.record({
    do: fc.constant('link' as const),
    user: fc.option(users, { nil: undefined }),
    logins: fc.uniqueArray(login, { maxLength: 2, selector: ({ provider }) => provider }),
    /** Which of the identities so far is named, if any. */
    named: fc.option(fc.nat(20), { nil: undefined }),
  }),
  fc.record({ do: fc.constant('guest' as const) }),
  fc.record({ do: fc.constant('merge' as const), source: users, destination: users }),
  fc.record({ do: fc.constant('unlink' as const), user: users }),
  fc.record({ do: fc.constant('delete' as const), which: fc.nat(20) }),
);
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;

const listed = (store: IdentityStore, hideDisabled: boolean) =>
  store.read((reader) => reader.identities(identityPoolId, { after: undefined, limit: 1000, hideDisabled }))
    .identities;

async function take(store: IdentityStore, action: Step, now: number): Promise<void> {
  const all = listed(store, false);
  const pick = (index: number) => all[index % Math.max(1, all.length)]?.identityId;
  switch (action.do) {
    case 'link': {
      if (action.user === undefined && action.logins.length === 0) return;
      await linkLogins(store, {
        identityPoolId,
        identityId: action.named === undefined ? undefined : pick(action.named),
        ...(action.user !== undefined && { developerUser: action.user }),
        publicLogins: action.logins,
        now,
      });
      return;
    }
    case 'guest':
      await store.write((writer) => writer.createIdentity(identityPoolId, now));
      return;
    case 'merge':
      await store.write((writer) => {
        const source = writer.byDeveloperUser(identityPoolId, action.source);
        const destination = writer.byDeveloperUser(identityPoolId, action.destination);
        if (source && destination && source.identityId !== destination.identityId) {
          mergeInto(writer, destination, [source], { now });
        }
      });
      return;
    case 'unlink':
      await store.write((writer) => {
        const owner = writer.byDeveloperUser(identityPoolId, action.user);
        if (!owner) return;
        const rest = owner.developerUserIdentifiers.filter((user) => user !== action.user);
        saveUnlinked(writer, { ...owner, developerUserIdentifiers: rest }, now);
      });
      return;
    case 'delete': {
      const identityId = pick(action.which);
      if (identityId !== undefined) await store.write((writer) => writer.deleteIdentity(identityId));
    }
  }
}

it('lets every login have exactly one owner, and disabled identities none, whatever happens in whatever order', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 30 }), async (steps) => {
      const store = createIdentityStore(createMemoryKeyValue());
      let now = 0;
      for (const action of steps) {
        const before = listed(store, false);
        try {
          await take(store, action, ++now);
        } catch (error) {
          if (!(error instanceof AwsError)) throw error;
          // What was refused changed nothing.
          expect(listed(store, false)).toEqual(before);
        }
      }
      const all = listed(store, false);
      expect(listed(store, true)).toEqual(all.filter(({ enabled }) => enabled));
      expect(all.filter((identity) => !identity.enabled && isAuthenticated(identity))).toEqual([]);
      const owned = all.flatMap((identity) => [
        ...identity.developerUserIdentifiers.map((user) => [`:${user}`, identity.identityId]),
        ...Object.entries(identity.publicLogins).map(([p, s]) => [`${p}:${s}`, identity.identityId]),
      ]);
      expect(new Set(owned.map(([name]) => name)).size).toBe(owned.length);
      const owners = new Map(owned as [string, string][]);
      store.read((reader) => {
        for (const user of ['u1', 'u2', 'u3', 'u4']) {
          expect(reader.byDeveloperUser(identityPoolId, user)?.identityId).toBe(owners.get(`:${user}`));
        }
        for (const provider of ['p', 'q']) {
          for (const subject of ['x', 'y', 'z']) {
            const owner = reader.byPublicLogin(identityPoolId, { provider, subject });
            expect(owner?.identityId).toBe(owners.get(`${provider}:${subject}`));
          }
        }
      });
    }),
    { numRuns: 150 },
  );
});
