import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createAwsCognitoGateway } from '../../src/cognito/awsGateway.ts';
import type { CognitoGateway } from '../../src/cognito/gateway.ts';
import { createResilientGateway } from '../../src/cognito/resilientGateway.ts';
import { createEmulator, type Emulator, type Fault } from '../../src/emulator/index.ts';
import { createCachingGateway } from '../../src/tokens/cachingGateway.ts';
import { createTokenCache } from '../../src/tokens/tokenCache.ts';
import { describeGateway, type GatewaySettings, pool, provider } from './gatewaySuite.ts';

const never = new AbortController().signal;

function adapter(settings: GatewaySettings, requestTimeoutMs = 15_000): CognitoGateway {
  const {
    endpoint,
    identityPoolId = pool,
    developerProviderName = provider,
    accessKeyId = 'test',
  } = settings;
  return createAwsCognitoGateway({
    endpoint,
    identityPoolId,
    developerProviderName,
    credentials: { accessKeyId, secretAccessKey: 'test' },
    requestTimeoutMs,
  });
}

function complete(settings: GatewaySettings, attemptTimeoutMs = 15_000): CognitoGateway {
  const { identityPoolId = pool, developerProviderName = provider } = settings;
  return createCachingGateway({
    gateway: createResilientGateway({
      gateway: adapter(settings),
      random: () => 0,
      attemptTimeoutMs,
      totalTimeoutMs: 19_000,
    }),
    cache: createTokenCache({ identityPoolId, developerProviderName }),
  });
}

describeGateway('the adapter', adapter);
describeGateway('the adapter with budget, breaker, retries and cache', complete);

describe('a Cognito in trouble', () => {
  let emulator: Emulator;
  let endpoint: string;
  beforeAll(async () => {
    emulator = createEmulator({
      seed: {
        Pools: [
          {
            IdentityPoolId: pool,
            IdentityPoolName: 'demo',
            AllowUnauthenticatedIdentities: true,
            DeveloperProviderName: provider,
          },
        ],
      },
    });
    endpoint = (await emulator.listen()).url;
  });
  afterAll(() => emulator.close());

  const operation = 'GetOpenIdTokenForDeveloperIdentity';
  const request = { developerUserIdentifier: 'alice', tokenDuration: 900, principalTags: {} };
  const faults: [string, Omit<Fault, 'operation'>, string][] = [
    ['throttles', { error: { name: 'TooManyRequestsException' } }, 'UPSTREAM_THROTTLED'],
    [
      'has an internal error',
      { error: { name: 'InternalErrorException' }, status: 500 },
      'UPSTREAM_UNAVAILABLE',
    ],
    ['answers with a page', { body: '<html>', status: 503 }, 'UPSTREAM_UNAVAILABLE'],
    ['breaks off its answer', { body: { malformed: true }, status: 200 }, 'UPSTREAM_INVALID_RESPONSE'],
    ['cuts the connection', { reset: true }, 'UPSTREAM_UNAVAILABLE'],
    ['hangs', { hang: true }, 'UPSTREAM_UNAVAILABLE'],
    ['has another time', { clockOffsetMs: 3_600_000 }, 'UPSTREAM_UNAVAILABLE'],
  ];

  it.each(faults)(
    'that %s once is told by the adapter and hidden by the retries',
    async (_name, fault, code) => {
      emulator.faults.clear();
      emulator.faults.add({ operation, ...fault, times: 1 });
      const timeoutMs = fault.hang ? 500 : undefined;
      await expect(adapter({ endpoint }, timeoutMs).issueOpenIdToken(request, never)).rejects.toMatchObject({
        code,
      });

      emulator.faults.add({ operation, ...fault, times: 1 });
      const token = await complete({ endpoint }, timeoutMs).issueOpenIdToken(request, never);
      expect(token.identityId).toMatch(/^us-east-1:/);
    },
  );

  it('that counts its calls never sees more than the budget', async () => {
    const rate = 20;
    const gateway = createResilientGateway({
      gateway: adapter({ endpoint }),
      rates: { tokens: rate },
      // Far below the second after which there is room again, however long this process takes to ask.
      maxWaitMs: 0,
    });
    emulator.faults.clear();
    emulator.requests.clear();
    const answers = await Promise.allSettled(
      Array.from({ length: 60 }, (_, i) =>
        gateway.issueOpenIdToken({ ...request, developerUserIdentifier: `user-${i}` }, never),
      ),
    );
    const served = answers.filter(({ status }) => status === 'fulfilled').length;
    const shed = answers.flatMap((answer) => (answer.status === 'rejected' ? [answer.reason.code] : []));
    expect(served).toBe(20);
    expect(shed).toEqual(Array(40).fill('UPSTREAM_THROTTLED'));
    expect(emulator.requests.entries().length).toBe(20);
  });
});
