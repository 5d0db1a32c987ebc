import { afterEach, describe, expect, it, vi } from 'vitest';
import { AwsFailure, type CognitoOperation, fromAwsError } from '../../../src/cognito/awsErrors.ts';
import type { CognitoGateway } from '../../../src/cognito/gateway.ts';
import {
  createResilientGateway,
  type GatewayObserver,
  type ResilientGatewayOptions,
} from '../../../src/cognito/resilientGateway.ts';
import { ServiceError } from '../../../src/errors.ts';
import { fakeGateway, fakeToken } from '../../support/fakeGateway.ts';
import { SimulatedTime, settled } from '../../support/simulatedTime.ts';

const identity = 'us-east-1:aaaaaaaa-2222-4333-8444-555555555555';
const never = new AbortController().signal;
const request = (user = 'alice') => ({
  developerUserIdentifier: user,
  tokenDuration: 900,
  principalTags: {},
});
const token = fakeToken(identity, 1_795_563_000_000);

const unavailable = () => new ServiceError('UPSTREAM_UNAVAILABLE', 'no');
const throttled = () =>
  fromAwsError({ name: 'TooManyRequestsException', message: 'Rate exceeded' }, { operation: 'linkIdentity' });
const refused = () => fromAwsError({ code: 'ECONNREFUSED', message: '' }, { operation: 'linkIdentity' });

afterEach(() => {
  vi.useRealTimers();
});

/** A gateway whose every operation runs the script; answers how often it was asked. */
function setUp(
  script: (call: number, signal: AbortSignal) => unknown,
  options: Partial<ResilientGatewayOptions> = {},
) {
  let calls = 0;
  const operation = async (...args: unknown[]) => script(++calls, args.at(-1) as AbortSignal);
  const names: (keyof CognitoGateway)[] = [
    'issueOpenIdToken',
    'linkIdentity',
    'exchangeOpenIdToken',
    'findIdentityId',
    'listDeveloperUserIdentifiers',
    'describeIdentity',
    'listIdentities',
    'describeIdentityPool',
    'mergeDeveloperIdentities',
    'unlinkDeveloperIdentity',
    'deleteIdentities',
  ];
  const gateway = createResilientGateway({
    gateway: fakeGateway(Object.fromEntries(names.map((name) => [name, operation]))),
    random: () => 0,
    ...options,
  });
  return { gateway, calls: () => calls };
}

const invoke: Record<CognitoOperation, (g: CognitoGateway, signal?: AbortSignal) => Promise<unknown>> = {
  issueOpenIdToken: (g, s = never) => g.issueOpenIdToken(request(), s),
  linkIdentity: (g, s = never) => g.linkIdentity({ ...request(), identityId: identity }, s),
  exchangeOpenIdToken: (g, s = never) => g.exchangeOpenIdToken(token, s),
  findIdentityId: (g, s = never) => g.findIdentityId('alice', s),
  listDeveloperUserIdentifiers: (g, s = never) =>
    g.listDeveloperUserIdentifiers(identity, { maxResults: 1 }, s),
  describeIdentity: (g, s = never) => g.describeIdentity(identity, s),
  listIdentities: (g, s = never) => g.listIdentities({ maxResults: 1, hideDisabled: true }, s),
  describeIdentityPool: (g, s = never) => g.describeIdentityPool(s),
  mergeDeveloperIdentities: (g, s = never) =>
    g.mergeDeveloperIdentities({ sourceUserIdentifier: 'a', destinationUserIdentifier: 'b' }, s),
  unlinkDeveloperIdentity: (g, s = never) =>
    g.unlinkDeveloperIdentity({ identityId: identity, developerUserIdentifier: 'a' }, s),
  deleteIdentities: (g, s = never) => g.deleteIdentities([identity], s),
};
const changes: CognitoOperation[] = [
  'linkIdentity',
  'mergeDeveloperIdentities',
  'unlinkDeveloperIdentity',
  'deleteIdentities',
];
const repeatable = (Object.keys(invoke) as CognitoOperation[]).filter((name) => !changes.includes(name));

describe('repeating', () => {
  it.each(repeatable)('%s is tried three times in all', async (operation) => {
    const { gateway, calls } = setUp((call) => {
      if (call < 3) throw unavailable();
      return 'answer';
    });
    expect(await invoke[operation](gateway)).toBe('answer');
    expect(calls()).toBe(3);
  });

  it.each(changes)('%s is never repeated when it may have happened', async (operation) => {
    const { gateway, calls } = setUp(() => {
      throw unavailable();
    });
    await expect(invoke[operation](gateway)).rejects.toMatchObject({ code: 'UPSTREAM_UNAVAILABLE' });
    expect(calls()).toBe(1);
  });

  it.each(changes)('%s is repeated when it certainly did not happen', async (operation) => {
    const plainly = () => new ServiceError('UPSTREAM_THROTTLED', 'no');
    for (const failure of [throttled, refused, plainly]) {
      const { gateway, calls } = setUp((call) => {
        if (call === 1) throw failure();
        return 'answer';
      });
      expect(await invoke[operation](gateway)).toBe('answer');
      expect(calls()).toBe(2);
    }
  });

  it.each(['UPSTREAM_MISCONFIGURED', 'UPSTREAM_FORBIDDEN', 'NOT_FOUND', 'GUEST_IDENTITY_UNUSABLE'] as const)(
    'nothing that stays %s is repeated',
    async (code) => {
      for (const operation of Object.keys(invoke) as CognitoOperation[]) {
        const { gateway, calls } = setUp(() => {
          throw new ServiceError(code, 'no');
        });
        await expect(invoke[operation](gateway)).rejects.toMatchObject({ code });
        expect(calls()).toBe(1);
      }
    },
  );

  it('a conflict is repeated only for issuing, where it can come from two first calls at once', async () => {
    const outcomes = [];
    for (const operation of ['issueOpenIdToken', 'linkIdentity', 'mergeDeveloperIdentities'] as const) {
      const { gateway, calls } = setUp(() => {
        throw new ServiceError('CONFLICT', 'no');
      });
      await expect(invoke[operation](gateway)).rejects.toMatchObject({ code: 'CONFLICT' });
      outcomes.push([operation, calls()]);
    }
    expect(outcomes).toEqual([
      ['issueOpenIdToken', 3],
      ['linkIdentity', 1],
      ['mergeDeveloperIdentities', 1],
    ]);
  });

  it('pauses at random up to 100 ms, then up to 200 ms', async () => {
    const pauses: number[] = [];
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    const { gateway } = setUp(
      () => {
        throw unavailable();
      },
      { random: () => 0.999, timers: new SimulatedTime() },
    );
    const failed = expect(gateway.describeIdentityPool(never)).rejects.toThrow();
    for (const expected of [99, 199]) {
      await settled();
      pauses.push(expected);
      vi.advanceTimersByTime(expected - 1);
      await settled();
      expect(vi.getTimerCount()).toBe(1);
      vi.advanceTimersByTime(1);
    }
    await failed;
    expect(pauses).toEqual([99, 199]);
  });

  it('passes an error of our own through as it is', async () => {
    const bug = new RangeError('bug');
    const { gateway, calls } = setUp(() => {
      throw bug;
    });
    await expect(gateway.describeIdentityPool(never)).rejects.toBe(bug);
    expect(calls()).toBe(1);
  });
});

describe('time', () => {
  it('an attempt that hangs is given up, and the whole call too', async () => {
    const time = new SimulatedTime();
    const { gateway, calls } = setUp(() => new Promise(() => {}), { clock: time, timers: time });
    const begin = time.now();
    let ended = 0;
    const failed = expect(
      gateway.describeIdentityPool(never).finally(() => {
        ended = time.now() - begin;
      }),
    ).rejects.toMatchObject({ code: 'UPSTREAM_UNAVAILABLE', retryAfter: 1 });
    for (let second = 0; second < 12; second += 1) {
      await time.advance(1000);
      // The pause between attempts is cockatiel's own and of no length here.
      await new Promise((resolve) => setTimeout(resolve, 2));
    }
    await failed;
    expect(ended).toBe(10_000);
    expect(calls()).toBe(3);
  });

  it("ends with the caller's reason when the caller goes away, and tells the attempt", async () => {
    const caller = new AbortController();
    const reason = new Error('gone');
    let seen: AbortSignal | undefined;
    const { gateway } = setUp((_call, signal) => {
      seen = signal;
      return new Promise(() => {});
    });
    const failed = expect(gateway.issueOpenIdToken(request(), caller.signal)).rejects.toBe(reason);
    await settled();
    caller.abort(reason);
    await failed;
    expect(seen?.aborted).toBe(true);
  });
});

describe('the budget', () => {
  it('counts repetitions', async () => {
    const { gateway, calls } = setUp(
      () => {
        throw unavailable();
      },
      { rates: { pools: 2 }, maxWaitMs: 0 },
    );
    await expect(gateway.describeIdentityPool(never)).rejects.toMatchObject({ code: 'UPSTREAM_THROTTLED' });
    expect(calls()).toBe(2);
  });

  it('is one for issuing and linking, and untouched by look-ups', async () => {
    const { gateway } = setUp(() => 'answer', { rates: { tokens: 2, lookups: 1 }, maxWaitMs: 0 });
    await gateway.findIdentityId('alice', never);
    await gateway.issueOpenIdToken(request(), never);
    await gateway.linkIdentity({ ...request(), identityId: identity }, never);
    await expect(gateway.issueOpenIdToken(request('bob'), never)).rejects.toMatchObject({
      code: 'UPSTREAM_THROTTLED',
      retryAfter: 2,
    });
    await expect(
      gateway.listDeveloperUserIdentifiers(identity, { maxResults: 1 }, never),
    ).rejects.toMatchObject({ code: 'UPSTREAM_THROTTLED' });
  });

  it('shrinks when AWS throttles', async () => {
    const { gateway } = setUp(() => {
      throw throttled();
    });
    await gateway.issueOpenIdToken(request(), never).catch(() => {});
    expect(gateway.budget.tokens.rate).toBe(25);
    expect(gateway.budget.lookups.rate).toBe(25);
    expect(gateway.budget.credentials.rate).toBe(200);
  });

  it('sheds what would be too much at a time', async () => {
    const { gateway, calls } = setUp(() => new Promise(() => {}), { concurrency: 2 });
    gateway.describeIdentityPool(never).catch(() => {});
    gateway.describeIdentityPool(never).catch(() => {});
    await expect(gateway.describeIdentityPool(never)).rejects.toMatchObject({
      code: 'UPSTREAM_UNAVAILABLE',
    });
    expect(calls()).toBe(2);
  });
});

describe('the circuit breaker', () => {
  it('opens under an upstream in trouble, refuses at once, probes with one call, and closes', async () => {
    vi.useFakeTimers({ toFake: ['Date'] });
    const states: string[] = [];
    let broken = true;
    const { gateway, calls } = setUp(
      () => {
        if (broken) throw unavailable();
        return 'answer';
      },
      { maxRetries: 0, observer: { onBreaker: (state) => states.push(state) } },
    );
    for (let i = 0; i < 5; i += 1) await gateway.describeIdentityPool(never).catch(() => {});
    expect(states).toEqual(['open']);
    expect(gateway.problem()).toBe('Amazon Cognito does not answer');

    await expect(gateway.findIdentityId('alice', never)).rejects.toMatchObject({
      code: 'UPSTREAM_UNAVAILABLE',
      retryAfter: 1,
    });
    expect(calls()).toBe(5);

    vi.setSystemTime(Date.now() + 1001);
    expect(gateway.problem()).toBeNull();
    await gateway.describeIdentityPool(never).catch(() => {});
    expect(calls()).toBe(6);
    await expect(gateway.describeIdentityPool(never)).rejects.toMatchObject({ retryAfter: 2 });
    expect(calls()).toBe(6);

    broken = false;
    vi.setSystemTime(Date.now() + 2001);
    expect(await gateway.describeIdentityPool(never)).toBe('answer');
    expect(states).toEqual(['open', 'half-open', 'open', 'half-open', 'closed']);
    expect(gateway.problem()).toBeNull();
  });

  it('is told of rather than the budget, when both would refuse', async () => {
    vi.useFakeTimers({ toFake: ['Date'] });
    const { gateway } = setUp(
      (call) => {
        if (call <= 5) throw unavailable();
        return new Promise(() => {});
      },
      { maxRetries: 0, maxWaitMs: 0, rates: { tokens: 5 } },
    );
    for (let i = 0; i < 4; i += 1) await gateway.issueOpenIdToken(request(), never).catch(() => {});
    expect(gateway.tokenRefusal('alice')).toBeUndefined();
    const { budget } = gateway;
    await budget.tokens.acquire('alice', never);
    expect(gateway.tokenRefusal('alice')?.()).toMatchObject({ code: 'UPSTREAM_THROTTLED', retryAfter: 2 });

    await gateway.describeIdentityPool(never).catch(() => {});
    expect(gateway.tokenRefusal('alice')).toBeUndefined();
    // The circuit is half-open, with its one probe under way.
    vi.setSystemTime(Date.now() + 30_000);
    while (budget.tokens.refusal('alice') === undefined) await budget.tokens.acquire('alice', never);
    gateway.describeIdentityPool(never).catch(() => {});
    await settled();
    expect(gateway.tokenRefusal('alice')).toBeUndefined();
  });

  it('lets one call probe while the others are refused', async () => {
    vi.useFakeTimers({ toFake: ['Date'] });
    let answer: (value: unknown) => void = () => {};
    const { gateway } = setUp(
      (call) => {
        if (call <= 5) throw unavailable();
        return new Promise((resolve) => {
          answer = resolve;
        });
      },
      { maxRetries: 0 },
    );
    for (let i = 0; i < 5; i += 1) await gateway.describeIdentityPool(never).catch(() => {});
    vi.setSystemTime(Date.now() + 1001);
    const probe = gateway.describeIdentityPool(never);
    await settled();
    await expect(gateway.describeIdentityPool(never)).rejects.toMatchObject({ code: 'UPSTREAM_UNAVAILABLE' });
    answer('answer');
    expect(await probe).toBe('answer');
  });

  it('stays open when the one who probed went away', async () => {
    vi.useFakeTimers({ toFake: ['Date'] });
    const states: string[] = [];
    const { gateway } = setUp(
      (call) => {
        if (call <= 5) throw unavailable();
        return new Promise(() => {});
      },
      { maxRetries: 0, observer: { onBreaker: (state) => states.push(state) } },
    );
    for (let i = 0; i < 5; i += 1) await gateway.describeIdentityPool(never).catch(() => {});
    vi.setSystemTime(Date.now() + 1001);
    const caller = new AbortController();
    const probe = gateway.describeIdentityPool(caller.signal).catch(() => {});
    await settled();
    caller.abort();
    await probe;
    await settled();
    expect(states).toEqual(['open', 'half-open', 'open']);
  });

  it('takes no notice of what Cognito merely refuses', async () => {
    const { gateway, calls } = setUp(() => {
      throw new ServiceError('NOT_FOUND', 'no');
    });
    for (let i = 0; i < 15; i += 1) await gateway.describeIdentityPool(never).catch(() => {});
    expect(calls()).toBe(15);
  });
});

describe('what is seen', () => {
  it('every attempt with its outcome and duration, and every refusal', async () => {
    const time = new SimulatedTime();
    const seen: unknown[] = [];
    const observer: GatewayObserver = {
      onCall: (...args) => seen.push(args),
      onShed: (...args) => seen.push(args),
    };
    const { gateway } = setUp(
      async (call) => {
        if (call === 2) throw new ServiceError('NOT_FOUND', 'no');
        await new Promise<void>((resolve) => time.set(resolve, 30));
      },
      { clock: time, timers: time, rates: { pools: 2 }, maxWaitMs: 0, observer },
    );
    const first = gateway.describeIdentityPool(never);
    await time.advance(30);
    await first;
    await gateway.describeIdentityPool(never).catch(() => {});
    await gateway.describeIdentityPool(never).catch(() => {});
    expect(seen).toEqual([
      ['describeIdentityPool', 'ok', 30],
      ['describeIdentityPool', 'NOT_FOUND', 0],
      ['describeIdentityPool'],
    ]);
  });

  it('a refusal to issue tokens is a problem until a token is issued or the refusal is old', async () => {
    const time = new SimulatedTime();
    let refuse = true;
    const { gateway } = setUp(
      () => {
        if (refuse) throw new ServiceError('UPSTREAM_MISCONFIGURED', 'no');
        return token;
      },
      { clock: time, timers: time },
    );
    expect(gateway.problem()).toBeNull();
    await gateway.issueOpenIdToken(request(), never).catch(() => {});
    expect(gateway.problem()).toBe('Amazon Cognito refuses to issue tokens (UPSTREAM_MISCONFIGURED)');
    await time.advance(30_000);
    expect(gateway.problem()).toBeNull();

    await gateway.issueOpenIdToken(request(), never).catch(() => {});
    refuse = false;
    await gateway.issueOpenIdToken(request(), never);
    expect(gateway.problem()).toBeNull();
  });

  it('what its caller gave up says nothing about Cognito', async () => {
    const outcomes: unknown[] = [];
    const { gateway } = setUp(
      (call) => {
        if (call === 1) throw new ServiceError('UPSTREAM_MISCONFIGURED', 'no');
        return new Promise(() => {});
      },
      { observer: { onCall: (_operation, outcome) => outcomes.push(outcome) } },
    );
    await gateway.issueOpenIdToken(request(), never).catch(() => {});
    const caller = new AbortController();
    const givenUp = gateway.issueOpenIdToken(request(), caller.signal).catch(() => {});
    await settled();
    caller.abort();
    await givenUp;
    await settled();
    expect(outcomes).toEqual(['UPSTREAM_MISCONFIGURED', 'aborted']);
    expect(gateway.problem()).toBe('Amazon Cognito refuses to issue tokens (UPSTREAM_MISCONFIGURED)');
  });

  it('the causes used here are those of the adapter', () => {
    expect(throttled()?.cause).toBeInstanceOf(AwsFailure);
    expect(refused()?.cause).toMatchObject({ beforeExecution: true });
  });
});
