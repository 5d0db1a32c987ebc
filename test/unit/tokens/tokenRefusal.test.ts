import { beforeEach, describe, expect, it } from 'vitest';
import { createResilientGateway } from '../../../src/cognito/resilientGateway.ts';
import { ServiceError } from '../../../src/errors.ts';
import type { AuditEvent } from '../../../src/telemetry/audit.ts';
import { createCachingGateway } from '../../../src/tokens/cachingGateway.ts';
import { createTokenCache } from '../../../src/tokens/tokenCache.ts';
import { createTokenService, type IssueRequest } from '../../../src/tokens/tokenService.ts';
import { fakeGateway, fakeToken } from '../../support/fakeGateway.ts';
import { SimulatedTime } from '../../support/simulatedTime.ts';

const scope = { requestId: 'r', clientAddress: '::1', signal: new AbortController().signal };
const principalOf = (userId: string) => ({ userId, administrator: false, principalTags: {} });

let time: SimulatedTime;
let calls: string[];
/** Questions to the cache that processes share. */
let asked: string[];
let lookups: string[];
let shed: string[];
let changes: unknown[];
let records: AuditEvent[];
/** Users of whom another process keeps or makes a token. */
let elsewhere: Set<string>;
beforeEach(() => {
  time = new SimulatedTime();
  [calls, asked, lookups, shed, changes, records] = [[], [], [], [], [], []];
  elsewhere = new Set();
});

/** A service with a budget of one call a second and no line in front of it. */
function setUp(limitOf: (user: string) => void = () => {}) {
  const token = (user: string) => fakeToken(`identity of ${user}`, time.now());
  const upstream = fakeGateway({
    async issueOpenIdToken({ developerUserIdentifier: user }) {
      calls.push(user);
      await new Promise<void>((resolve) => time.set(resolve, 100));
      return token(user);
    },
  });
  const cache = createTokenCache({
    identityPoolId: 'us-east-1:1',
    developerProviderName: 'login.demo',
    clock: time,
    timers: time,
    onLookup: (outcome) => lookups.push(outcome),
    shared: {
      async find(_key, user) {
        asked.push(`find ${user}`);
        return { keep() {}, leave() {}, ...(elsewhere.has(user) && { token: token(user) }) };
      },
      async has(_key, user) {
        asked.push(`has ${user}`);
        return elsewhere.has(user);
      },
    },
  });
  const resilient = createResilientGateway({
    gateway: upstream,
    rates: { tokens: 1 },
    maxWaitMs: 0,
    clock: time,
    timers: time,
    observer: { onShed: (operation) => shed.push(operation) },
  });
  const service = createTokenService(
    {
      gateway: createCachingGateway({ gateway: resilient, cache, onChange: (what) => changes.push(what) }),
      guestProof: async () => {},
      audit: { write: async (event) => void records.push(event) },
      userRateLimit: { take: limitOf },
    },
    { tokenDuration: 900 },
  );
  const ask = (user: string, request: Partial<IssueRequest> = {}) =>
    service.issue(principalOf(user), { exchange: false, ...request }, scope).then(
      ({ identityId }) => identityId,
      (error: ServiceError) => `${error.code} ${error.retryAfter}`,
    );
  return { ask };
}

describe('a request for which there is no budget', () => {
  it('is refused with one question to the shared cache, counted and recorded', async () => {
    const { ask } = setUp();
    void ask('alice');
    await time.advance(0);
    expect(asked).toEqual(['find alice']);

    expect(await ask('bob')).toBe('UPSTREAM_THROTTLED 2');
    expect(asked).toEqual(['find alice', 'has bob']);
    expect(calls).toEqual(['alice']);
    expect(lookups).toEqual(['miss', 'miss']);
    expect(shed).toEqual(['issueOpenIdToken']);
    expect(records).toMatchObject([{ userId: 'bob', action: 'issue', outcome: 'UPSTREAM_THROTTLED' }]);
  });

  it('is answered all the same when another process has the token', async () => {
    const { ask } = setUp();
    void ask('alice');
    await time.advance(0);
    elsewhere.add('bob');
    expect(await ask('bob')).toBe('identity of bob');
    expect(calls).toEqual(['alice']);
    expect(shed).toEqual([]);
  });

  it('is answered all the same when its token is kept here, or on its way', async () => {
    const { ask } = setUp();
    const [first, second] = [ask('alice'), ask('alice')];
    await time.advance(0);
    const third = ask('alice');
    await time.advance(100);
    expect(await Promise.all([first, second, third, ask('alice')])).toEqual(
      Array(4).fill('identity of alice'),
    );
    expect(asked).toEqual(['find alice']);
  });

  it('and that says its identity is gone is refused, and heard', async () => {
    const { ask } = setUp();
    void ask('alice');
    await time.advance(0);
    expect(await ask('bob', { renew: true })).toBe('UPSTREAM_THROTTLED 2');
    expect(changes).toEqual([{ users: ['bob'] }]);
  });

  it('counts against the limit of its user, which is told first', async () => {
    const taken: string[] = [];
    const { ask } = setUp((user) => {
      taken.push(user);
      if (user === 'mallory') throw new ServiceError('TOO_MANY_REQUESTS', 'no', { retryAfter: 60 });
    });
    void ask('alice');
    await time.advance(0);
    expect(await ask('mallory')).toBe('TOO_MANY_REQUESTS 60');
    expect(await ask('bob')).toBe('UPSTREAM_THROTTLED 2');
    expect(taken).toEqual(['alice', 'mallory', 'bob']);
    expect(shed).toHaveLength(1);
  });

  it('keeps the promise of its refusal: whoever comes back then is served', async () => {
    const { ask } = setUp();
    void ask('alice');
    await time.advance(0);
    const [, seconds] = (await ask('bob')).split(' ');
    await time.advance(Number(seconds) * 1000);
    const again = ask('bob');
    await time.advance(100);
    expect(await again).toBe('identity of bob');
  });
});
