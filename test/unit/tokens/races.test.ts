import fc from 'fast-check';
import { expect, it } from 'vitest';
import { ServiceError } from '../../../src/errors.ts';
import { createCachingGateway } from '../../../src/tokens/cachingGateway.ts';
import { createTokenCache } from '../../../src/tokens/tokenCache.ts';
import { fakeGateway, fakeToken } from '../../support/fakeGateway.ts';
import { SimulatedTime } from '../../support/simulatedTime.ts';

const never = new AbortController().signal;
const users = ['u1', 'u2', 'u3'] as const;
const begin = Date.UTC(2026, 10, 25);

/** `vanish` is a change behind our back, of which nobody is told until another change names the user. */
const kinds = ['issue', 'issue', 'issue', 'unlink', 'delete', 'merge', 'link', 'vanish'] as const;
const delay = fc.integer({ min: 0, max: 400 });
const step = fc.record({
  at: fc.integer({ min: 0, max: 1500 }),
  user: fc.constantFrom(...users),
  /** The destination of a merge. */
  other: fc.constantFrom(...users),
  kind: fc.constantFrom(...kinds),
  /** Milliseconds until the call takes effect, and from there until it is answered. */
  before: delay,
  after: delay,
});

/** Identities as Cognito holds them, and which of them are over for whom. */
function createPool() {
  const current = new Map<string, string>();
  const ever = new Set<string>();
  /** When a user was last given an identity, by a count of all that happened. */
  const given = new Map<string, number>();
  const over = new Set<string>();
  let happened = 0;
  let made = 0;
  const pair = (user: string, identity: string) => `${user} ${identity}`;
  function give(user: string, identity: string) {
    current.set(user, identity);
    ever.add(identity);
    given.set(pair(user, identity), ++happened);
    over.delete(pair(user, identity));
  }
  /** Makes the identities over for the users; what comes back is to be called with the answer, from which on they must be. */
  function end(whose: readonly string[], which: readonly string[]) {
    const at = ++happened;
    const ended = whose.flatMap((user) => which.map((identity) => pair(user, identity)));
    return () => {
      for (const one of ended) if ((given.get(one) ?? 0) < at) over.add(one);
    };
  }
  return {
    identityOf: (user: string) => current.get(user) ?? null,
    usersOf: (identity: string) => users.filter((user) => current.get(user) === identity),
    isOver: (user: string, identity: string) => over.has(pair(user, identity)),
    register(user: string) {
      if (!current.has(user)) give(user, `${user}#${++made}`);
      return current.get(user) as string;
    },
    vanish(user: string) {
      current.delete(user);
    },
    unlink(user: string, identity: string) {
      if (current.get(user) !== identity) throw new ServiceError('NOT_FOUND', 'no');
      current.delete(user);
      return end([user], [identity]);
    },
    remove(identities: readonly string[]) {
      for (const [user, identity] of current) if (identities.includes(identity)) current.delete(user);
      return end(users, identities);
    },
    merge(source: string, destination: string) {
      const [from, to] = [current.get(source), current.get(destination)];
      if (from === undefined || to === undefined || from === to) throw new ServiceError('NOT_FOUND', 'no');
      for (const [user, identity] of current) if (identity === from) give(user, to);
      return { identity: to, end: end(users, [from]) };
    },
    link(user: string, guest: string) {
      if (current.has(user)) throw new ServiceError('CONFLICT', 'no');
      const before = [...ever];
      give(user, guest);
      return end([user], before);
    },
  };
}

/** A gateway in front of the pool whose calls take effect, and are answered, after the delays that are set when they are made. */
function createGateway(pool: ReturnType<typeof createPool>, time: SimulatedTime) {
  const delays = { before: 0, after: 0 };
  /** By what was asked for: to be called when it was answered. */
  const ended = new WeakMap<object, () => void>();
  const pause = (ms: number) => new Promise<void>((resolve) => time.set(resolve, ms));
  async function acting<T>(effect: () => T): Promise<T> {
    const { before, after } = delays;
    await pause(before);
    const result = effect();
    await pause(after);
    return result;
  }
  const gateway = createCachingGateway({
    cache: createTokenCache({
      identityPoolId: 'us-east-1:1',
      developerProviderName: 'login.demo',
      clock: time,
      timers: time,
    }),
    gateway: fakeGateway({
      issueOpenIdToken: ({ developerUserIdentifier: user }) =>
        acting(() => fakeToken(pool.register(user), time.now())),
      findIdentityId: (user) => acting(() => pool.identityOf(user)),
      listDeveloperUserIdentifiers: (identityId) => acting(() => ({ items: pool.usersOf(identityId) })),
      unlinkDeveloperIdentity: (link) =>
        acting(() => void ended.set(link, pool.unlink(link.developerUserIdentifier, link.identityId))),
      deleteIdentities: (identityIds) =>
        acting(() => {
          ended.set(identityIds, pool.remove(identityIds));
          return [];
        }),
      mergeDeveloperIdentities: (merge) =>
        acting(() => {
          const { identity, end } = pool.merge(merge.sourceUserIdentifier, merge.destinationUserIdentifier);
          ended.set(merge, end);
          return identity;
        }),
      linkIdentity: (link) =>
        acting(() => {
          ended.set(link, pool.link(link.developerUserIdentifier, link.identityId));
          return fakeToken(link.identityId, time.now());
        }),
    }),
  });
  return { gateway, delays, answered: (asked: object) => ended.get(asked)?.() };
}

it('no answer is older than a change that was answered before it, in whatever order things happen', async () => {
  const done = new Map<string, number>();
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 15, maxLength: 30 }), async (steps) => {
      const time = new SimulatedTime(begin);
      const pool = createPool();
      const { gateway, delays, answered } = createGateway(pool, time);
      const request = (user: string) => ({
        developerUserIdentifier: user,
        tokenDuration: 900,
        principalTags: {},
      });
      let guests = 0;

      async function issue(user: string) {
        const { identityId } = await gateway.issueOpenIdToken(request(user), never);
        expect([user, identityId, pool.isOver(user, identityId)]).toEqual([user, identityId, false]);
      }
      async function change<T extends object>(asked: T, make: (asked: T) => Promise<unknown>) {
        await make(asked);
        answered(asked);
      }
      const acts = {
        issue,
        unlink: (user: string) =>
          change({ identityId: pool.identityOf(user) ?? 'none', developerUserIdentifier: user }, (link) =>
            gateway.unlinkDeveloperIdentity(link, never),
          ),
        delete: (user: string) =>
          change([pool.identityOf(user) ?? 'none'], (ids) => gateway.deleteIdentities(ids, never)),
        merge: (user: string, other: string) =>
          change({ sourceUserIdentifier: user, destinationUserIdentifier: other }, (merge) =>
            gateway.mergeDeveloperIdentities(merge, never),
          ),
        link: (user: string) =>
          change({ ...request(user), identityId: `guest#${++guests}` }, (link) =>
            gateway.linkIdentity(link, never),
          ),
        vanish: async (user: string) => pool.vanish(user),
      };
      const running: Promise<void>[] = users.map((user) => issue(user));
      await time.advance(0);
      for (const { at, user, other, kind, before, after } of [...steps].sort((a, b) => a.at - b.at)) {
        await time.advance(Math.max(0, at - (time.now() - begin)));
        Object.assign(delays, { before, after });
        running.push(
          acts[kind](user, other).then(
            () => void done.set(kind, (done.get(kind) ?? 0) + 1),
            (error) => {
              if (!(error instanceof ServiceError)) throw error;
            },
          ),
        );
      }
      await time.advance(60_000);
      await Promise.all(running);
    }),
    { numRuns: 60 },
  );
  // Every kind of change was made, and not only refused.
  for (const kind of kinds) expect([kind, (done.get(kind) ?? 0) > 20]).toEqual([kind, true]);
}, 60_000);

it('a merge drops the tokens of those whom another merge has just given the identity of its source', async () => {
  const time = new SimulatedTime(begin);
  const pool = createPool();
  const { gateway, delays } = createGateway(pool, time);
  const identitiesOf = async (...some: readonly string[]) => {
    const tokens = some.map((developerUserIdentifier) =>
      gateway.issueOpenIdToken({ developerUserIdentifier, tokenDuration: 900, principalTags: {} }, never),
    );
    await time.advance(0);
    return (await Promise.all(tokens)).map(({ identityId }) => identityId);
  };
  const merge = (sourceUserIdentifier: string, destinationUserIdentifier: string) =>
    gateway.mergeDeveloperIdentities({ sourceUserIdentifier, destinationUserIdentifier }, never);
  await identitiesOf(...users);
  // The slow one has looked at its source before the quick one moves it.
  Object.assign(delays, { before: 0, after: 300 });
  const slow = merge('u1', 'u2');
  await time.advance(100);
  Object.assign(delays, { before: 0, after: 0 });
  const quick = merge('u1', 'u3');
  await time.advance(100);
  await identitiesOf('u3');
  await time.advance(1000);
  await Promise.allSettled([slow, quick]);
  expect(await identitiesOf(...users)).toEqual(users.map(pool.identityOf));
});
