import { randomBytes } from 'node:crypto';
import { Redis } from 'ioredis';
import { afterEach, beforeEach, expect, it } from 'vitest';
import type { CognitoGateway, OpenIdToken } from '../../../src/cognito/gateway.ts';
import { systemClock } from '../../../src/lib/clock.ts';
import { createCachingGateway } from '../../../src/tokens/cachingGateway.ts';
import { createRedisLink, type RedisLink } from '../../../src/tokens/redisLink.ts';
import { createRedisTokens } from '../../../src/tokens/redisTokens.ts';
import { createTokenCache, type TokenCache } from '../../../src/tokens/tokenCache.ts';
import { createTokenCipher } from '../../../src/tokens/tokenCipher.ts';
import { fakeGateway, fakeToken } from '../../support/fakeGateway.ts';
import { RedisServer, until } from '../../support/redisServer.ts';
import { requireTool } from '../../support/requirements.ts';

const never = new AbortController().signal;
const [key, otherKey] = [randomBytes(32), randomBytes(32)];
const request = (user: string, tokenDuration = 900) => ({
  developerUserIdentifier: user,
  tokenDuration,
  principalTags: {},
});

requireTool('redis-server').describe('tokens shared by several processes', () => {
  let server: RedisServer;
  let admin: Redis;
  let links: RedisLink[];
  /** The pool, common to all processes. */
  let identities: Map<string, string>;
  let calls: string[];
  let beforeAnswer: () => Promise<void>;
  /** Seconds that a token lives still, when it is less than what was asked for. */
  let longestLife: number;

  beforeEach(async () => {
    server = await RedisServer.start();
    admin = new Redis(server.url);
    admin.on('error', () => {});
    links = [];
    identities = new Map();
    calls = [];
    beforeAnswer = async () => {};
    longestLife = Number.POSITIVE_INFINITY;
  });
  afterEach(async () => {
    await Promise.all(links.map((link) => link.close()));
    admin.disconnect();
    await server.stop();
  });

  const upstream: CognitoGateway = fakeGateway({
    async issueOpenIdToken({ developerUserIdentifier: user, tokenDuration }): Promise<OpenIdToken> {
      calls.push(user);
      const identity = identities.get(user) ?? `identity-of-${user}`;
      await beforeAnswer();
      return fakeToken(identity, Date.now(), Math.min(tokenDuration, longestLife));
    },
    async unlinkDeveloperIdentity({ developerUserIdentifier: user }) {
      identities.set(user, 'identity-after-unlink');
    },
    async deleteIdentities() {
      return [];
    },
  });

  async function replica({
    keys = [key],
    connected = true,
    commandTimeoutMs = 5000,
    clock = systemClock,
  } = {}) {
    const link = createRedisLink({
      url: server.url,
      namespace: 'cg:test',
      commandTimeoutMs,
      heartbeatMs: 50,
    });
    links.push(link);
    const shared = createRedisTokens({ link, cipher: createTokenCipher(keys), clock });
    const cache = createTokenCache({ identityPoolId: 'pool', developerProviderName: 'login.demo', shared });
    shared.follow(cache);
    if (connected) await until(() => link.problem() === null, 'Redis can be used');
    const gateway = createCachingGateway({
      gateway: upstream,
      cache,
      onChange: (what) => shared.announce(what),
    });
    const identityOf = async (user: string, duration?: number) =>
      (await gateway.issueOpenIdToken(request(user, duration), never)).identityId;
    return { link, cache, shared, gateway, identityOf };
  }

  /** Everything that Redis holds, as text. */
  async function contents(): Promise<string> {
    const parts: string[] = [];
    for (const name of await admin.keys('*')) {
      const type = await admin.type(name);
      parts.push(name);
      if (type === 'hash') parts.push(JSON.stringify(await admin.hgetall(name)));
      else if (type === 'string') parts.push((await admin.get(name)) ?? '');
    }
    return parts.join('\n');
  }
  const leasesEnd = () =>
    until(async () => (await admin.keys('cg:test:lease:*')).length === 0, 'the lease is given back');
  const stored = () => until(async () => (await contents()).includes('user:'), 'the token is there');

  it('a token made by one is used by the other, and nothing of it can be read in Redis', async () => {
    const [one, two] = [await replica(), await replica()];
    const made = await one.gateway.issueOpenIdToken(request('alice'), never);
    await stored();
    expect(await two.gateway.issueOpenIdToken(request('alice'), never)).toEqual(made);
    expect(calls).toEqual(['alice']);

    const text = await contents();
    expect(text).not.toMatch(/alice|identity-of|token of|login\.demo/);
  });

  it('one call is made when several ask at the same time', async () => {
    const replicas = [await replica(), await replica(), await replica()];
    beforeAnswer = () => new Promise((resolve) => setTimeout(resolve, 150));
    const all = replicas.flatMap(({ identityOf }) => Array.from({ length: 10 }, () => identityOf('alice')));
    expect(new Set(await Promise.all(all))).toEqual(new Set(['identity-of-alice']));
    expect(calls).toEqual(['alice']);
  });

  it('another one takes over when the one who was to make the token failed', async () => {
    const [one, two] = [await replica(), await replica()];
    let first = true;
    beforeAnswer = async () => {
      await new Promise((resolve) => setTimeout(resolve, 50));
      if (first) {
        first = false;
        throw new Error('no');
      }
    };
    const answers = await Promise.allSettled([one.identityOf('alice'), two.identityOf('alice')]);
    expect(answers.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
    expect(calls).toHaveLength(2);
  });

  it('other users and other durations share nothing', async () => {
    const [one, two] = [await replica(), await replica()];
    await one.identityOf('alice');
    await stored();
    expect(await two.identityOf('bob')).toBe('identity-of-bob');
    await two.identityOf('alice', 600);
    expect(calls).toEqual(['alice', 'bob', 'alice']);
  });

  it('an unlink in one process empties the caches of all', async () => {
    const [one, two] = [await replica(), await replica()];
    await one.identityOf('alice');
    await stored();
    await two.identityOf('alice');
    const link = { identityId: 'identity-of-alice', developerUserIdentifier: 'alice' };
    await one.gateway.unlinkDeveloperIdentity(link, never);

    expect(await one.identityOf('alice')).toBe('identity-after-unlink');
    await until(
      async () => (await two.identityOf('alice')) === 'identity-after-unlink',
      'the other one knows',
    );
    const three = await replica();
    expect(await three.identityOf('alice')).toBe('identity-after-unlink');
  });

  it('a deletion makes the tokens of the identity void for all of its users', async () => {
    const [one, two] = [await replica(), await replica()];
    identities.set('alice', 'A').set('alias', 'A').set('bob', 'B');
    for (const user of ['alice', 'alias', 'bob']) await one.identityOf(user);
    identities.set('alice', 'C').set('alias', 'D');
    await two.gateway.deleteIdentities(['A'], never);
    await until(async () => (await one.identityOf('alice')) === 'C', 'the other one knows');
    expect(await two.identityOf('alias')).toBe('D');
    expect(await two.identityOf('bob')).toBe('B');
    expect(calls.filter((user) => user === 'bob')).toHaveLength(1);
  });

  it.each([
    ['user', { users: ['alice'] }],
    ['identity', { identityIds: ['identity-of-alice'] }],
    ['lot', 'everything' as const],
  ])('a token that was under way when its %s was changed is not put there', async (_name, what) => {
    const [one, two] = [await replica(), await replica()];
    let release = () => {};
    beforeAnswer = () =>
      new Promise((resolve) => {
        release = resolve;
      });
    const early = one.identityOf('alice');
    await until(() => calls.length === 1, 'the call is under way');
    // Without the message: as if it were slower than the answer.
    one.cache.invalidate = () => {};
    identities.set('alice', 'identity-after-change');
    two.shared.announce(what);
    await until(async () => /"gen"|gone:|epoch/.test(await contents()), 'the change has arrived');
    beforeAnswer = async () => {};
    release();
    await early;
    await leasesEnd();
    expect(await contents()).not.toMatch(/identity-of|\d{13} \d{13} /);
    const three = await replica();
    expect(await three.identityOf('alice')).toBe('identity-after-change');
  });

  it('what another process changed while this one could not listen is not trusted afterwards', async () => {
    const one = await replica();
    await one.identityOf('alice');
    expect(one.cache.size).toBe(1);
    await server.restart();
    await until(() => one.cache.size === 0, 'the cache is emptied');
  });

  it('goes on without Redis, and tells it what changed meanwhile when it is back', async () => {
    const one = await replica();
    await one.identityOf('alice');
    await stored();
    const dump = await admin.keys('cg:test:user:*');
    const [name = ''] = dump;
    const kept = await admin.hgetall(name);
    await server.stop();
    await until(() => !one.link.available, 'the loss is noticed');

    const link = { identityId: 'identity-of-alice', developerUserIdentifier: 'alice' };
    await one.gateway.unlinkDeveloperIdentity(link, never);
    expect(await one.identityOf('alice')).toBe('identity-after-unlink');
    expect(one.link.problem()).not.toBeNull();

    await server.restart();
    const fresh = new Redis(server.url);
    await fresh.hset(name, kept);
    await until(async () => (await fresh.hget(name, 'gen')) !== null, 'the change has arrived');
    fresh.disconnect();
    const two = await replica();
    expect(await two.identityOf('alice')).toBe('identity-after-unlink');
  });

  it('starts without Redis, and uses it when it comes', async () => {
    await server.stop();
    const one = await replica({ connected: false });
    expect(await one.identityOf('alice')).toBe('identity-of-alice');
    expect(one.link.problem()).not.toBeNull();
    await server.restart();
    await until(() => one.link.problem() === null, 'it is found');
  });

  it('does not wait for a Redis that hangs, and uses it again when it answers', async () => {
    const one = await replica({ commandTimeoutMs: 100 });
    server.freeze();
    expect(await one.identityOf('alice')).toBe('identity-of-alice');
    await until(() => !one.link.available, 'it counts as gone');
    server.thaw();
    await until(() => one.link.problem() === null, 'it is used again');
    const two = await replica();
    await one.identityOf('bob');
    await stored();
    await two.identityOf('bob');
    expect(calls).toEqual(['alice', 'bob']);
  });

  it('whether there is a token, or will be, is known to all without anything being changed', async () => {
    const [one, two] = [await replica({ keys: [otherKey] }), await replica({ keys: [key, otherKey] })];
    const both = (user: string) =>
      Promise.all([one, two].map(({ cache }) => cache.has(request(user)))).then((answers) => answers.join());
    const before = await contents();
    expect(await both('alice')).toBe('false,false');
    expect(await contents()).toBe(before);

    let release = () => {};
    beforeAnswer = () =>
      new Promise((resolve) => {
        release = resolve;
      });
    const making = one.identityOf('alice');
    await until(() => calls.length === 1, 'the call is under way');
    expect(await both('alice')).toBe('true,true');
    release();
    await making;
    await stored();
    expect(await both('alice')).toBe('true,true');
    expect(await both('bob')).toBe('false,false');

    await server.stop();
    await until(() => !two.link.available, 'the loss is noticed');
    expect(await both('alice')).toBe('true,false');
  });

  it('a wiped Redis costs a call and nothing else', async () => {
    const [one, two] = [await replica(), await replica()];
    await one.identityOf('alice');
    await stored();
    await admin.flushall();
    expect(await two.identityOf('alice')).toBe('identity-of-alice');
    expect(calls).toHaveLength(2);
  });

  it('what somebody else wrote there is not believed', async () => {
    const [one, two] = [await replica(), await replica()];
    await one.identityOf('alice');
    await one.identityOf('mallory');
    await until(async () => (await admin.keys('cg:test:user:*')).length === 2, 'both are there');
    const [first = '', second = ''] = await admin.keys('cg:test:user:*');
    const [a, b] = [await admin.hgetall(first), await admin.hgetall(second)];
    const [fieldA = '', fieldB = ''] = [Object.keys(a)[0], Object.keys(b)[0]];
    await admin.hset(first, fieldA, b[fieldB] ?? '');
    await admin.hset(second, fieldB, a[fieldA] ?? '');
    expect(await two.identityOf('alice')).toBe('identity-of-alice');
    expect(await two.identityOf('mallory')).toBe('identity-of-mallory');
    expect(calls).toEqual(['alice', 'mallory', 'alice', 'mallory']);
  });

  it('keys can be replaced one after the other', async () => {
    const old = await replica({ keys: [key, otherKey] });
    await old.identityOf('alice');
    await stored();
    const swapped = await replica({ keys: [otherKey, key] });
    expect(await swapped.identityOf('alice')).toBe('identity-of-alice');
    expect(calls).toHaveLength(1);

    const link = { identityId: 'identity-of-alice', developerUserIdentifier: 'alice' };
    await old.gateway.unlinkDeveloperIdentity(link, never);
    const finished = await replica({ keys: [otherKey] });
    expect(await finished.identityOf('alice')).toBe('identity-after-unlink');
  });

  it('a token that cannot be handed out any more is not put there', async () => {
    const one = await replica();
    await one.identityOf('alice');
    await stored();
    longestLife = 60;
    await one.identityOf('alice', 800);
    await leasesEnd();
    const [name = ''] = await admin.keys('cg:test:user:*');
    expect(await admin.hlen(name)).toBe(1);
  });

  it('what is too old by the clock of a process is not used there', async () => {
    const [one, ahead] = [
      await replica(),
      await replica({ clock: { ...systemClock, now: () => Date.now() + 700_000 } }),
    ];
    await one.identityOf('alice');
    await stored();
    await ahead.identityOf('alice');
    expect(calls).toEqual(['alice', 'alice']);
  });

  it('a call that began in the millisecond of a change is void, one that began after it is not', async () => {
    const [one, two, three] = [await replica(), await replica(), await replica()];
    await one.identityOf('alice');
    await stored();
    const [name = ''] = await admin.keys('cg:test:user:*');
    const [value = ''] = Object.values(await admin.hgetall(name));
    const start = Number(value.split(' ')[0]);
    await admin.set('cg:test:epoch', start - 1);
    await two.identityOf('alice');
    expect(calls).toHaveLength(1);
    await admin.set('cg:test:epoch', start);
    await three.identityOf('alice');
    expect(calls).toHaveLength(2);
  });

  /** What a process is told from now on. */
  function listen({ cache }: { cache: TokenCache }) {
    const told: unknown[] = [];
    cache.invalidate = (what) => void told.push(what);
    return told;
  }
  const alice = { users: ['alice'] };

  it('changes are told to the others in order, each once', async () => {
    const [one, two] = [await replica(), await replica()];
    const told = listen(two);
    const changes = ['a', 'b', 'c'].map((user) => ({ users: [user] }));
    for (const what of changes) one.shared.announce(what);
    await until(() => JSON.stringify(told).includes('"c"'), 'the last one is told');
    expect(told).toEqual(changes);
  });

  it('more changes than are worth remembering are told as one', async () => {
    const [one, two] = [await replica(), await replica()];
    const told = listen(two);
    server.freeze();
    for (let i = 0; i < 1001; i += 1) one.shared.announce({ users: [`u${i}`] });
    server.thaw();
    await until(() => told.length > 1, 'they are told');
    expect(told).toEqual([{ users: ['u0'] }, 'everything']);
  });

  it('as long as a change has not arrived, Redis is not asked', async () => {
    const [one, two] = [await replica(), await replica()];
    const told = listen(two);
    server.freeze();
    one.shared.announce(alice);
    expect(await one.identityOf('alice')).toBe('identity-of-alice');
    server.thaw();
    await until(() => told.length > 0, 'the change has arrived');
    expect(await admin.keys('cg:test:lease:*')).toEqual([]);
  });

  it('what Redis answers is not used when something changed meanwhile', async () => {
    const [one, two] = [await replica(), await replica()];
    await one.identityOf('alice');
    await stored();
    server.freeze();
    const late = two.identityOf('alice');
    two.shared.announce(alice);
    server.thaw();
    await late;
    expect(calls).toEqual(['alice', 'alice']);
  });

  it('a message that is not sealed with a common key is heeded and not read', async () => {
    const one = await replica();
    const told = listen(one);
    await admin.publish('cg:test:changes', JSON.stringify({ from: 'somebody', what: { users: ['alice'] } }));
    await until(() => told.length > 0, 'the message has arrived');
    expect(told).toEqual(['everything']);
  });
});
