import { beforeEach, describe, expect, it } from 'vitest';
import type { CognitoGateway, OpenIdToken } from '../../../src/cognito/gateway.ts';
import { ServiceError } from '../../../src/errors.ts';
import { createCachingGateway } from '../../../src/tokens/cachingGateway.ts';
import { createTokenCache, type TokenCacheOptions } from '../../../src/tokens/tokenCache.ts';
import { fakeGateway, fakeToken } from '../../support/fakeGateway.ts';
import { SimulatedTime, settled } from '../../support/simulatedTime.ts';

const never = new AbortController().signal;
const scope = { identityPoolId: 'us-east-1:1', developerProviderName: 'login.demo' };
const request = (user: string, tokenDuration = 900, principalTags: Record<string, string> = {}) => ({
  developerUserIdentifier: user,
  tokenDuration,
  principalTags,
});

let time: SimulatedTime;
beforeEach(() => {
  time = new SimulatedTime();
});

const pause = (ms: number) => new Promise<void>((resolve) => time.set(resolve, ms));

/** A pool that issues tokens of `identities`, each call lasting `ms`, and counts the calls. */
function setUp(operations: Partial<CognitoGateway> = {}, options: Partial<TokenCacheOptions> = {}) {
  const identities = new Map<string, string>();
  const calls: string[] = [];
  const lookups: string[] = [];
  const upstream = fakeGateway({
    async issueOpenIdToken({ developerUserIdentifier, tokenDuration }) {
      calls.push(developerUserIdentifier);
      const identity = identities.get(developerUserIdentifier) ?? `identity of ${developerUserIdentifier}`;
      await pause(300);
      return fakeToken(identity, time.now(), tokenDuration);
    },
    ...operations,
  });
  const cache = createTokenCache({
    ...scope,
    clock: time,
    timers: time,
    onLookup: (outcome) => lookups.push(outcome),
    ...options,
  });
  const changes: unknown[] = [];
  const gateway = createCachingGateway({ gateway: upstream, cache, onChange: (what) => changes.push(what) });
  const issue = async (user: string, duration?: number, tags?: Record<string, string>) => {
    const pending = gateway.issueOpenIdToken(request(user, duration, tags), never);
    pending.catch(() => {});
    await time.advance(300);
    return pending;
  };
  return { gateway, cache, calls, lookups, identities, issue, changes };
}

describe('reuse', () => {
  it('a token is reused while it has five minutes left, and replaced afterwards', async () => {
    const { issue, calls } = setUp();
    const first = await issue('u1');
    await time.advance(599_700);
    expect(await issue('u1')).toEqual(first);
    expect(calls).toHaveLength(1);

    await time.advance(1);
    const second = await issue('u1');
    expect(calls).toHaveLength(2);
    expect(second.expiresAt - time.now()).toBe(900_000);
  });

  it('a short token is reused for half of its life', async () => {
    const { issue, calls } = setUp();
    await issue('u1', 60);
    await time.advance(29_700);
    await issue('u1', 60);
    expect(calls).toHaveLength(1);
    await time.advance(1);
    await issue('u1', 60);
    expect(calls).toHaveLength(2);
  });

  it('a token that comes with too little life is handed out and not kept', async () => {
    const { gateway, cache } = setUp({
      issueOpenIdToken: async () => fakeToken('A', time.now(), 299),
    });
    expect((await gateway.issueOpenIdToken(request('u1'), never)).identityId).toBe('A');
    expect(cache.size).toBe(0);
  });

  it('requests that differ in user, duration or tags share nothing', async () => {
    const { issue, calls } = setUp();
    await issue('u1');
    await issue('u2');
    await issue('u1', 901);
    await issue('u1', 900, { team: 'a' });
    await issue('u1', 900, { team: 'b' });
    expect(calls).toEqual(['u1', 'u2', 'u1', 'u1', 'u1']);
    await issue('u1', 900, { team: 'a' });
    expect(calls).toHaveLength(5);
  });

  it('nobody gets a token of somebody else, however the requests interleave', async () => {
    const { gateway } = setUp({}, { maxEntries: 5 });
    const users = Array.from({ length: 1000 }, (_, i) => `u${(i * 7) % 13}`);
    const answers = Promise.all(users.map((user) => gateway.issueOpenIdToken(request(user), never)));
    await time.advance(300);
    expect((await answers).map(({ identityId }) => identityId)).toEqual(
      users.map((user) => `identity of ${user}`),
    );
  });
});

describe('many requests at once', () => {
  const parallel = (count: number, run: () => Promise<unknown>) => Array.from({ length: count }, run);

  it('of two users make two calls, and each gets his own identity', async () => {
    const { gateway, calls } = setUp();
    const u1 = parallel(50, () => gateway.issueOpenIdToken(request('u1'), never));
    const u2 = parallel(50, () => gateway.issueOpenIdToken(request('u2'), never));
    await time.advance(300);
    const ids = (await Promise.all([...u1, ...u2])).map((token) => (token as OpenIdToken).identityId);
    expect(calls).toEqual(['u1', 'u2']);
    expect(ids).toEqual([...Array(50).fill('identity of u1'), ...Array(50).fill('identity of u2')]);
  });

  it('share a failure, which is not remembered', async () => {
    const failure = new ServiceError('UPSTREAM_THROTTLED', 'no', { retryAfter: 1 });
    let calls = 0;
    const { gateway } = setUp({
      issueOpenIdToken: async () => {
        calls += 1;
        await pause(300);
        if (calls === 1) throw failure;
        return fakeToken('A', time.now());
      },
    });
    const all = Promise.allSettled(parallel(50, () => gateway.issueOpenIdToken(request('u1'), never)));
    await time.advance(300);
    expect(await all).toEqual(Array(50).fill({ status: 'rejected', reason: failure }));
    expect(calls).toBe(1);

    const next = gateway.issueOpenIdToken(request('u1'), never);
    await time.advance(300);
    expect((await next).identityId).toBe('A');
  });

  it('go on when the first one goes away, and even when all do', async () => {
    const { gateway, calls, issue } = setUp();
    const callers = parallel(3, async () => {}).map(() => new AbortController());
    const [first, second, third] = callers.map(({ signal }) =>
      gateway.issueOpenIdToken(request('u1'), signal),
    );
    const gone = new Error('gone');
    callers[0]?.abort(gone);
    await expect(first).rejects.toBe(gone);
    await time.advance(300);
    expect((await second)?.identityId).toBe('identity of u1');
    expect((await third)?.identityId).toBe('identity of u1');

    const alone = new AbortController();
    const left = gateway.issueOpenIdToken(request('u2'), alone.signal);
    alone.abort(gone);
    await expect(left).rejects.toBe(gone);
    await time.advance(300);
    await issue('u2');
    expect(calls).toEqual(['u1', 'u2']);
  });

  it('do not wait longer than the shared call may take', async () => {
    const { gateway } = setUp({ issueOpenIdToken: () => new Promise(() => {}) });
    const stuck = gateway.issueOpenIdToken(request('u1'), never);
    stuck.catch(() => {});
    await time.advance(15_000);
    await expect(stuck).rejects.toMatchObject({ name: 'ServiceError', code: 'UPSTREAM_UNAVAILABLE' });
  });

  it('end when the process stops, for all who wait and for the call itself', async () => {
    const ending = new AbortController();
    const signals: AbortSignal[] = [];
    const { gateway } = setUp(
      {
        issueOpenIdToken: (_, signal) => {
          signals.push(signal);
          return new Promise(() => {});
        },
      },
      { signal: ending.signal },
    );
    const all = Promise.allSettled(parallel(3, () => gateway.issueOpenIdToken(request('u1'), never)));
    await settled();
    const stopped = new Error('stopped');
    ending.abort(stopped);
    expect(await all).toEqual(Array(3).fill({ status: 'rejected', reason: stopped }));
    expect(signals.map(({ aborted }) => aborted)).toEqual([true]);
    expect(time.pending).toBe(0);
  });

  it('have the limit of the call itself where it brings one, and end with the process all the same', async () => {
    const ending = new AbortController();
    const { gateway } = setUp(
      {
        issueOpenIdToken: (_, signal) =>
          new Promise((_resolve, reject) => signal.addEventListener('abort', () => reject(signal.reason))),
      },
      { signal: ending.signal, sharedCallTimeoutMs: Number.POSITIVE_INFINITY },
    );
    const all = Promise.allSettled(parallel(3, () => gateway.issueOpenIdToken(request('u1'), never)));
    await time.advance(60_000);
    const stopped = new Error('stopped');
    ending.abort(stopped);
    expect(await all).toEqual(Array(3).fill({ status: 'rejected', reason: stopped }));
  });

  it('are counted as what they were', async () => {
    const { gateway, issue, lookups } = setUp();
    gateway.issueOpenIdToken(request('u1'), never);
    gateway.issueOpenIdToken(request('u1'), never);
    await time.advance(300);
    await issue('u1');
    expect(lookups).toEqual(['miss', 'joined', 'hit']);
    gateway.recall(request('u1'));
    gateway.recall(request('u2'));
    expect(lookups).toEqual(['miss', 'joined', 'hit', 'hit']);
  });
});

describe('changes of identities', () => {
  const link = { identityId: 'identity of u1', developerUserIdentifier: 'u1' };

  it('unlinking makes the next token a new one', async () => {
    const { gateway, issue, identities, changes } = setUp({
      unlinkDeveloperIdentity: async () => {
        identities.set('u1', 'B');
      },
    });
    await issue('u1');
    await gateway.unlinkDeveloperIdentity(link, never);
    expect((await issue('u1')).identityId).toBe('B');
    const announced = { users: ['u1'], identityIds: ['identity of u1'] };
    expect(changes).toEqual([announced, announced]);
  });

  it('deleting drops the tokens of the identity for all of its users, and of no other', async () => {
    const { gateway, issue, identities, calls } = setUp({ deleteIdentities: async () => [] });
    identities.set('u1', 'A').set('u2', 'A').set('u3', 'B');
    for (const user of ['u1', 'u2', 'u3']) await issue(user);
    identities.set('u1', 'C').set('u2', 'D');
    expect(await gateway.deleteIdentities(['A'], never)).toEqual([]);
    const after = [];
    for (const user of ['u1', 'u2', 'u3']) after.push((await issue(user)).identityId);
    expect(after).toEqual(['C', 'D', 'B']);
    expect(calls).toHaveLength(5);
  });

  it('merging drops the tokens of both users and of everybody who shares the source identity', async () => {
    const { gateway, issue, identities } = setUp({
      findIdentityId: async () => 'A',
      mergeDeveloperIdentities: async () => {
        identities.set('u1', 'B').set('alias', 'B');
        return 'B';
      },
      // As if nobody else had moved: the source's identity was looked up before.
      listDeveloperUserIdentifiers: async () => ({ items: ['u1', 'u2'] }),
    });
    identities.set('u1', 'A').set('alias', 'A').set('u2', 'B');
    for (const user of ['alias', 'u2']) await issue(user);
    const users = { sourceUserIdentifier: 'u1', destinationUserIdentifier: 'u2' };
    expect(await gateway.mergeDeveloperIdentities(users, never)).toBe('B');
    expect((await issue('alias')).identityId).toBe('B');
    expect((await issue('u1')).identityId).toBe('B');
  });

  it('a merge whose source cannot be looked up drops everything', async () => {
    const { gateway, issue, cache } = setUp({
      findIdentityId: async () => {
        throw new ServiceError('UPSTREAM_THROTTLED', 'no');
      },
      mergeDeveloperIdentities: async () => 'B',
      listDeveloperUserIdentifiers: async () => ({ items: [] }),
    });
    await issue('u3');
    const users = { sourceUserIdentifier: 'u1', destinationUserIdentifier: 'u2' };
    await gateway.mergeDeveloperIdentities(users, never);
    expect(cache.size).toBe(0);
  });

  it.each<[string, number, CognitoGateway['listDeveloperUserIdentifiers']]>([
    ['those who have moved, where that is known', 1, async () => ({ items: ['u1', 'u2', 'u3'] })],
    ['nobody else, where the identity is gone already', 2, async () => null],
    ['everybody, where they are too many to be listed', 0, async () => ({ items: ['u1'], nextToken: 'n' })],
    [
      'everybody, where nobody knows',
      0,
      async () => {
        throw new ServiceError('UPSTREAM_THROTTLED', 'no');
      },
    ],
  ])('a merge drops the tokens of %s', async (_, left, listDeveloperUserIdentifiers) => {
    const { gateway, issue, cache } = setUp({
      findIdentityId: async () => 'A',
      mergeDeveloperIdentities: async () => 'B',
      listDeveloperUserIdentifiers,
    });
    for (const user of ['u1', 'u3', 'u4']) await issue(user);
    await gateway.mergeDeveloperIdentities(
      { sourceUserIdentifier: 'u1', destinationUserIdentifier: 'u2' },
      never,
    );
    expect(cache.size).toBe(left);
  });

  it('linking a guest identity is never cached and drops what was', async () => {
    const { gateway, issue, identities, calls, cache } = setUp({
      linkIdentity: async ({ identityId }) => {
        identities.set('u1', identityId);
        return fakeToken(identityId, time.now());
      },
    });
    await issue('u1');
    await gateway.linkIdentity({ ...request('u1'), identityId: 'guest' }, never);
    expect(cache.size).toBe(0);
    expect((await issue('u1')).identityId).toBe('guest');
    expect(calls).toHaveLength(2);
  });

  it('a change that failed may have happened', async () => {
    const { gateway, issue, calls } = setUp({
      unlinkDeveloperIdentity: async () => {
        await issueMeanwhile();
        throw new ServiceError('UPSTREAM_UNAVAILABLE', 'no');
      },
    });
    const issueMeanwhile = () => issue('u1');
    await expect(gateway.unlinkDeveloperIdentity(link, never)).rejects.toMatchObject({
      code: 'UPSTREAM_UNAVAILABLE',
    });
    await issue('u1');
    expect(calls).toHaveLength(2);
  });

  it.each(['NOT_FOUND', 'UPSTREAM_FORBIDDEN'] as const)(
    'an exchange that ends in %s drops the token, so that the next one is new',
    async (code) => {
      const { gateway, issue, calls } = setUp({
        exchangeOpenIdToken: async () => {
          throw new ServiceError(code, 'no');
        },
      });
      const token = await issue('u1');
      await expect(gateway.exchangeOpenIdToken(token, never)).rejects.toMatchObject({ code });
      await issue('u1');
      expect(calls).toHaveLength(2);
    },
  );

  it('an exchange that fails otherwise drops nothing', async () => {
    const { gateway, issue, calls } = setUp({
      exchangeOpenIdToken: async () => {
        throw new ServiceError('UPSTREAM_MISCONFIGURED', 'no');
      },
    });
    const token = await issue('u1');
    await gateway.exchangeOpenIdToken(token, never).catch(() => {});
    await issue('u1');
    expect(calls).toHaveLength(1);
  });

  it('a call under way is void for those who wait for it: they get an answer from after the change', async () => {
    const { gateway, identities, calls } = setUp({ unlinkDeveloperIdentity: async () => {} });
    const early = gateway.issueOpenIdToken(request('u1'), never);
    await time.advance(100);
    identities.set('u1', 'B');
    await gateway.unlinkDeveloperIdentity(link, never);
    const late = gateway.issueOpenIdToken(request('u1'), never);
    await settled();
    // The late one does not wait for an answer that is void already.
    expect(calls).toHaveLength(2);
    await time.advance(900);
    expect((await early).identityId).toBe('B');
    expect((await late).identityId).toBe('B');
    expect(calls).toHaveLength(2);
  });

  it('the same holds when only the identity is named, which the call does not know yet', async () => {
    const { gateway, identities } = setUp({ deleteIdentities: async () => [] });
    const early = gateway.issueOpenIdToken(request('u1'), never);
    await time.advance(100);
    identities.set('u1', 'B');
    await gateway.deleteIdentities(['identity of u1'], never);
    await time.advance(900);
    expect((await early).identityId).toBe('B');
  });

  it('and when nobody knows which identity was changed', async () => {
    const { gateway, cache, identities } = setUp();
    const early = gateway.issueOpenIdToken(request('u1'), never);
    await time.advance(100);
    identities.set('u1', 'B');
    cache.invalidate('everything');
    await time.advance(900);
    expect((await early).identityId).toBe('B');
  });

  it('what became void under way is not put where other processes look', async () => {
    const said: string[] = [];
    const place = {
      keep: ({ identityId }: OpenIdToken) => void said.push(`keep ${identityId}`),
      leave: () => void said.push('leave'),
    };
    const { gateway, identities } = setUp(
      {},
      { shared: { find: async () => place, has: async () => false } },
    );
    const pending = gateway.issueOpenIdToken(request('u1'), never);
    await time.advance(100);
    identities.set('u1', 'B');
    gateway.forget({ users: ['u1'] });
    await time.advance(900);
    expect((await pending).identityId).toBe('B');
    expect(said).toEqual(['leave', 'keep B']);
  });

  it('whoever is overtaken by changes again and again is told so', async () => {
    const { gateway } = setUp();
    const unlucky = gateway.issueOpenIdToken(request('u1'), never);
    unlucky.catch(() => {});
    for (let i = 0; i < 5; i += 1) {
      await time.advance(200);
      gateway.forget({ users: ['u1'] });
      await time.advance(100);
    }
    await expect(unlucky).rejects.toMatchObject({ code: 'UPSTREAM_UNAVAILABLE', retryAfter: 1 });
  });

  it('leaves nothing behind when all is quiet', async () => {
    const { gateway, cache } = setUp({ deleteIdentities: async () => [] });
    gateway.issueOpenIdToken(request('u1'), never);
    await gateway.deleteIdentities(['A'], never);
    await time.advance(1000);
    await settled();
    gateway.forget({ users: ['u1'] });
    expect(cache.size).toBe(0);
    expect(time.pending).toBe(0);
  });
});
