import { Agent } from 'node:http';
import { CognitoIdentityClient } from '@aws-sdk/client-cognito-identity';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createAwsCognitoGateway } from '../../../src/cognito/awsGateway.ts';
import type { CognitoGateway } from '../../../src/cognito/gateway.ts';
import { createResilientGateway } from '../../../src/cognito/resilientGateway.ts';
import { createEmulator, type Emulator } from '../../../src/emulator/index.ts';
import { ServiceError } from '../../../src/errors.ts';
import { createCachingGateway } from '../../../src/tokens/cachingGateway.ts';
import { createTokenCache } from '../../../src/tokens/tokenCache.ts';
import { createScenes, type Scene } from './scenes.ts';
import { faultCases, type Operation, type Outcome, upstreamWords } from './table.ts';

const identityPoolId = 'us-east-1:11111111-2222-4333-8444-555555555555';
const developerProviderName = 'login.demo';
const roleName = 'users';

/** The names of AWS's operations, for faults. */
const awsNames: Readonly<Record<Operation, string>> = {
  issueOpenIdToken: 'GetOpenIdTokenForDeveloperIdentity',
  linkIdentity: 'GetOpenIdTokenForDeveloperIdentity',
  exchangeOpenIdToken: 'GetCredentialsForIdentity',
  findIdentityId: 'LookupDeveloperIdentity',
  listDeveloperUserIdentifiers: 'LookupDeveloperIdentity',
  describeIdentity: 'DescribeIdentity',
  listIdentities: 'ListIdentities',
  describeIdentityPool: 'DescribeIdentityPool',
  mergeDeveloperIdentities: 'MergeDeveloperIdentities',
  unlinkDeveloperIdentity: 'UnlinkDeveloperIdentity',
  deleteIdentities: 'DeleteIdentities',
};
const operations = Object.keys(awsNames) as Operation[];
const changes: readonly Operation[] = [
  'linkIdentity',
  'mergeDeveloperIdentities',
  'unlinkDeveloperIdentity',
  'deleteIdentities',
];

let emulator: Emulator;
let port: string;
const clients: CognitoIdentityClient[] = [];
beforeAll(async () => {
  const loginsKey = 'cognito-identity.amazonaws.com';
  emulator = createEmulator({
    seed: {
      Pools: [
        {
          IdentityPoolId: identityPoolId,
          IdentityPoolName: 'demo',
          AllowUnauthenticatedIdentities: true,
          DeveloperProviderName: developerProviderName,
          Roles: { authenticated: `arn:aws:iam::000000000000:role/${roleName}` },
        },
      ],
      Roles: [
        {
          RoleName: roleName,
          AssumeRolePolicyDocument: JSON.stringify({
            Version: '2012-10-17',
            Statement: [
              {
                Effect: 'Allow',
                Principal: { Federated: loginsKey },
                Action: 'sts:AssumeRoleWithWebIdentity',
                Condition: {
                  StringEquals: { [`${loginsKey}:aud`]: identityPoolId },
                  'ForAnyValue:StringLike': { [`${loginsKey}:amr`]: 'authenticated' },
                },
              },
            ],
          }),
        },
      ],
    },
  });
  port = new URL((await emulator.listen()).url).port;
});
afterAll(async () => {
  for (const client of clients) client.destroy();
  await emulator.close();
});

/** The whole gateway as the server has it, with a name service of its own and a count of attempts. */
function createGateway() {
  let known = true;
  const httpAgent = new Agent({
    keepAlive: true,
    lookup: (host, _options, callback) => {
      const error = Object.assign(new Error(`getaddrinfo ENOTFOUND ${host}`), { code: 'ENOTFOUND' });
      // biome-ignore lint/suspicious/noExplicitAny: the form for several addresses is missing in the types
      if (known) (callback as any)(null, [{ address: '127.0.0.1', family: 4 }]);
      else callback(error, '', 0);
    },
  });
  const client = new CognitoIdentityClient({
    region: 'us-east-1',
    endpoint: `http://cognito.example:${port}`,
    credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
    maxAttempts: 1,
    requestHandler: { httpAgent },
  });
  clients.push(client);
  const attempts = new Map<string, number>();
  const gateway: CognitoGateway = createCachingGateway({
    gateway: createResilientGateway({
      gateway: createAwsCognitoGateway({ identityPoolId, developerProviderName, client }),
      attemptTimeoutMs: 1000,
      random: () => 0,
      observer: {
        onCall: (operation) => void attempts.set(operation, (attempts.get(operation) ?? 0) + 1),
      },
    }),
    cache: createTokenCache({ identityPoolId, developerProviderName }),
  });
  const setKnown = (now: boolean) => {
    known = now;
    httpAgent.destroy();
  };
  return { gateway, setKnown, attempts };
}

async function guest(): Promise<string> {
  const response = await fetch(`http://127.0.0.1:${port}`, {
    method: 'POST',
    headers: {
      'content-type': 'application/x-amz-json-1.1',
      'x-amz-target': 'AWSCognitoIdentityService.GetId',
    },
    body: JSON.stringify({ IdentityPoolId: identityPoolId }),
  });
  return ((await response.json()) as { IdentityId: string }).IdentityId;
}

async function outcomeOf({ call, check }: Scene, gateway: CognitoGateway): Promise<Outcome> {
  let answer: unknown;
  try {
    answer = await call(gateway);
  } catch (error) {
    if (!(error instanceof ServiceError)) throw error;
    expect(`${error.message} ${JSON.stringify(error)}`).not.toMatch(new RegExp(`${upstreamWords}|user-\\d`));
    return error.code;
  }
  // What was told to have been done although it was not, cannot be seen from here.
  if (answer !== undefined) await check(answer as never);
  return 'OK';
}

describe('a Cognito that', () => {
  let healthy: CognitoGateway;
  beforeAll(() => {
    healthy = createGateway().gateway;
  });
  const scenes = createScenes({
    healthy: () => healthy,
    identityPoolId,
    guest,
    expect: (actual, expected) => expect(actual).toEqual(expected),
  });

  it.each(faultCases.map((faultCase) => [faultCase.name, faultCase] as const))(
    '%s',
    async (_name, faultCase) => {
      const { fault, outcome, attempts, only = operations } = faultCase;
      const cells = await Promise.all(
        only.map(async (operation) => ({
          operation,
          ...createGateway(),
          during: await scenes[operation](),
          after: await scenes[operation](),
        })),
      );
      // A merge looks the source up first. The breaker would open between the two.
      const merging = cells.find(({ operation }) => operation === 'mergeDeveloperIdentities');
      for (let i = 0; merging && i < 8; i += 1) {
        await merging.gateway.describeIdentityPool(new AbortController().signal);
      }
      for (const { operation, setKnown } of cells) {
        if (fault === undefined) setKnown(false);
        else emulator.faults.add({ operation: awsNames[operation], ...fault(operation) });
      }
      const seen = await Promise.all(
        cells.map(async ({ operation, gateway, during, ...cell }) => ({
          operation,
          outcome: await outcomeOf(during, gateway),
          attempts: cell.attempts.get(operation),
        })),
      );
      emulator.faults.clear();
      if (fault === undefined) for (const { setKnown } of cells) setKnown(true);

      const usual = (operation: Operation) => (changes.includes(operation) ? 1 : 3);
      for (const { operation, ...facts } of seen) {
        const expected = [outcome(operation)].flat();
        expect({ operation, possible: expected.includes(facts.outcome), ...facts }).toEqual({
          operation,
          possible: true,
          outcome: facts.outcome,
          attempts: facts.outcome === 'OK' && !attempts ? 1 : (attempts ?? usual)(operation),
        });
      }
      const afterwards = await Promise.all(
        cells.map(async ({ operation, gateway, after }) => [operation, await outcomeOf(after, gateway)]),
      );
      expect(afterwards).toEqual(only.map((operation) => [operation, 'OK']));
    },
  );
});
