import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  CognitoIdentityClient,
  DeleteIdentitiesCommand,
  DescribeIdentityPoolCommand,
  GetCredentialsForIdentityCommand,
  LookupDeveloperIdentityCommand,
} from '@aws-sdk/client-cognito-identity';
import { ListRolesCommand } from '@aws-sdk/client-iam';
import { describe, expect, it } from 'vitest';
import { createEmulator } from '../../../src/emulator/index.ts';
import {
  credentials,
  developerToken,
  failure,
  provider,
  type Running,
  startForTest,
  trustPolicy,
} from './support.ts';

describe('a seed', () => {
  const poolId = 'eu-west-1:11111111-1111-4111-8111-111111111111';
  const identityId = 'eu-west-1:22222222-2222-4222-8222-222222222222';
  const pool = {
    IdentityPoolId: poolId,
    IdentityPoolName: 'seeded',
    AllowUnauthenticatedIdentities: false,
    DeveloperProviderName: provider,
    Roles: { authenticated: 'arn:aws:iam::000000000000:role/users' },
    Identities: [{ IdentityId: identityId, DeveloperUserIdentifiers: ['alice'] }],
  };
  const seed = {
    Roles: [{ RoleName: 'users', AssumeRolePolicyDocument: trustPolicy(poolId) }],
    Pools: [pool],
  };
  const inRegion = ({ url }: Running) => ({
    client: new CognitoIdentityClient({ endpoint: url, region: 'eu-west-1', credentials, maxAttempts: 1 }),
  });

  it('is there from the start, and again after a reset', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'emulator-seed-'));
    try {
      const file = join(directory, 'seed.json');
      writeFileSync(file, JSON.stringify(seed));
      const running = await startForTest({ seed: file });
      const eu = inRegion(running);
      expect((await developerToken(eu, poolId, 'bob')).identityId).not.toBe(identityId);
      await running.emulator.reset();
      const { identityId: seeded, token } = await developerToken(eu, poolId, 'alice');
      expect(seeded).toBe(identityId);
      const answer = await eu.client.send(
        new GetCredentialsForIdentityCommand({
          IdentityId: seeded,
          Logins: { 'cognito-identity.amazonaws.com': token },
        }),
      );
      expect(answer.IdentityId).toBe(identityId);
      const lookup = new LookupDeveloperIdentityCommand({
        IdentityPoolId: poolId,
        DeveloperUserIdentifier: 'bob',
      });
      expect((await failure(eu.client.send(lookup))).name).toBe('NotAuthorizedException');
    } finally {
      rmSync(directory, { recursive: true });
    }
  });

  it('can be sown later as well, by the object and over HTTP', async () => {
    const running = await startForTest();
    await running.emulator.seed(seed);
    const eu = inRegion(running);
    expect((await developerToken(eu, poolId, 'alice')).identityId).toBe(identityId);
    const late = 'eu-west-1:33333333-3333-4333-8333-333333333333';
    const more = {
      ...pool,
      Identities: [{ IdentityId: late, DeveloperUserIdentifiers: ['carol'] }],
    };
    const sow = (document: object) =>
      fetch(`${running.url}/_control/seed`, { method: 'POST', body: JSON.stringify(document) });
    expect((await sow({ Pools: [more] })).status).toBe(200);
    expect((await developerToken(eu, poolId, 'carol')).identityId).toBe(late);
    expect((await developerToken(eu, poolId, 'alice')).identityId).toBe(identityId);
    const refused = await sow({ Pools: [{}] });
    expect([refused.status, await refused.json()]).toEqual([
      400,
      { error: expect.stringMatching(/^The seed is not valid: 3 validation errors detected: /) },
    ]);
  });

  it('leaves a login where it has moved to meanwhile', async () => {
    const running = await startForTest({ seed });
    const eu = inRegion(running);
    await eu.client.send(new DeleteIdentitiesCommand({ IdentityIdsToDelete: [identityId] }));
    const { identityId: moved } = await developerToken(eu, poolId, 'alice');
    await running.emulator.seed(seed);
    expect((await developerToken(eu, poolId, 'alice')).identityId).toBe(moved);
    expect(moved).not.toBe(identityId);
  });

  it.each([
    [
      'gives a user to two identities',
      {
        Identities: [1, 2].map((digit) => ({
          IdentityId: identityId.replace(/.$/, String(digit)),
          DeveloperUserIdentifiers: ['alice'],
        })),
      },
      `The seed gives a login of ${identityId.replace(/.$/, '1')} to ${identityId.replace(/.$/, '2')}, too.`,
    ],
    [
      'names a provider that cannot be one',
      { OpenIdConnectProviderARNs: ['arn:aws:iam::000000000000:saml-provider/x'] },
      'The seed is not valid: Invalid OpenIdConnectProviderARN',
    ],
  ])('that %s is refused as a whole', async (_, settings, message) => {
    const running = await startForTest();
    const wrong = { ...seed, Pools: [{ ...pool, ...settings }] };
    await expect(running.emulator.seed(wrong)).rejects.toThrow(message);
    const describePool = new DescribeIdentityPoolCommand({ IdentityPoolId: poolId });
    expect((await failure(inRegion(running).client.send(describePool))).name).toBe(
      'ResourceNotFoundException',
    );
    expect((await running.iam.send(new ListRolesCommand({}))).Roles).toEqual([]);
  });

  it('that is wrong keeps the emulator from starting, and says why', async () => {
    const wrong = { Pools: [{ ...pool, IdentityPoolId: 'x' }] };
    await expect(createEmulator({ seed: wrong as never }).listen()).rejects.toThrow(
      /^The seed is not valid: 1 validation error detected: Value 'x' at 'pools\.1\.member\.identityPoolId'/,
    );
    await expect(createEmulator({ seed: '/nowhere/seed.json' }).listen()).rejects.toThrow(
      /^Cannot read the seed: /,
    );
  });
});
