import {
  GetOpenIdTokenForDeveloperIdentityCommand,
  ListIdentityPoolsCommand,
} from '@aws-sdk/client-cognito-identity';
import { ListRolesCommand, UpdateAssumeRolePolicyCommand } from '@aws-sdk/client-iam';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { planRemoval, removePool } from '../../../src/pool/deletePool.ts';
import { reportPool } from '../../../src/pool/describePool.ts';
import { provisionPool } from '../../../src/pool/provisionPool.ts';
import { trustPolicy } from '../../../src/pool/trustPolicy.ts';
import { type Emulated, iamRefusal, startEmulated } from './emulated.ts';

const options = {
  poolName: 'app',
  developerProviderName: 'login.app',
  allowGuests: true,
  permissions: {
    Version: '2012-10-17',
    Statement: [{ Effect: 'Allow', Action: 's3:GetObject', Resource: '*' }],
  },
} as const;

let aws: Emulated;

beforeAll(async () => {
  aws = await startEmulated();
});
afterEach(() => aws.emulator.reset());
afterAll(() => aws.stop());

const provision = async (change: object = {}) =>
  (await provisionPool({ ...options, ...change }, aws.clients)).identityPoolId;
const roles = async () =>
  ((await aws.clients.iam.send(new ListRolesCommand({}))).Roles ?? []).map(({ RoleName }) => RoleName);
const pools = async () =>
  (await aws.clients.cognito.send(new ListIdentityPoolsCommand({ MaxResults: 60 }))).IdentityPools ?? [];

describe('removing a pool', () => {
  it('takes the roles that were made for it along, and nothing else', async () => {
    const keep = await provision({ poolName: 'keep' });
    const removal = await planRemoval(await provision(), aws.clients);
    expect(removal).toMatchObject({
      poolName: 'app',
      hasIdentities: false,
      roleNames: ['app-eu-west-1-authenticated', 'app-eu-west-1-guest'],
      keptRoleArns: [],
    });
    const removed: string[] = [];
    await removePool(removal, aws.clients, (what) => removed.push(what));
    expect(removed).toEqual([
      'role app-eu-west-1-authenticated',
      'role app-eu-west-1-guest',
      `identity pool ${removal.identityPoolId}`,
    ]);
    expect(await roles()).toEqual(['keep-eu-west-1-authenticated', 'keep-eu-west-1-guest']);
    expect((await pools()).map(({ IdentityPoolId }) => IdentityPoolId)).toEqual([keep]);
  });

  it('keeps a role that somebody else made', async () => {
    const other = await provision({ poolName: 'other' });
    const authenticatedRoleArn = 'arn:aws:iam::000000000000:role/other-eu-west-1-authenticated';
    const shared = (IdentityPoolIds: string[]) =>
      trustPolicy({
        region: 'eu-west-1',
        identityPoolId: IdentityPoolIds,
        amr: 'authenticated',
        withTags: false,
      });
    // The role trusts both pools from here on.
    const failed = await provisionPool({ ...options, authenticatedRoleArn }, aws.clients).catch(
      (error) => error,
    );
    const identityPoolId = failed.resources[0].id;
    await aws.clients.iam.send(
      new UpdateAssumeRolePolicyCommand({
        RoleName: 'other-eu-west-1-authenticated',
        PolicyDocument: JSON.stringify(shared([other, identityPoolId])),
      }),
    );
    await provision({ authenticatedRoleArn });
    const removal = await planRemoval(identityPoolId, aws.clients);
    expect(removal.keptRoleArns).toEqual([authenticatedRoleArn]);
    await removePool(removal, aws.clients);
    expect(await roles()).toContain('other-eu-west-1-authenticated');
  });

  it('finds the role of a set-up that was interrupted before the pool knew it', async () => {
    aws.emulator.faults.add(iamRefusal('PutRolePolicy'));
    const failed = await provisionPool(options, aws.clients).catch((error) => error);
    const removal = await planRemoval(failed.resources[0].id, aws.clients);
    expect(removal.roleNames).toEqual(['app-eu-west-1-authenticated']);
  });

  it.each(['ListRolePolicies', 'DeleteRolePolicy', 'ListAttachedRolePolicies', 'DeleteRole'])(
    'can be repeated after %s failed',
    async (operation) => {
      const identityPoolId = await provision();
      aws.emulator.faults.add(iamRefusal(operation));
      const remove = async () => removePool(await planRemoval(identityPoolId, aws.clients), aws.clients);
      await expect(remove()).rejects.toThrow(`AWS refused iam:${operation}`);
      await remove();
      expect([await roles(), await pools()]).toEqual([[], []]);
    },
  );

  it('knows whether there are identities', async () => {
    const IdentityPoolId = await provision();
    await aws.clients.cognito.send(
      new GetOpenIdTokenForDeveloperIdentityCommand({ IdentityPoolId, Logins: { 'login.app': 'alice' } }),
    );
    expect((await planRemoval(IdentityPoolId, aws.clients)).hasIdentities).toBe(true);
  });
});

describe('describing a pool', () => {
  it('shows it with its roles and who may assume them', async () => {
    const identityPoolId = await provision();
    const trust = (amr: 'authenticated' | 'unauthenticated') =>
      trustPolicy({ region: 'eu-west-1', identityPoolId, amr, withTags: false });
    expect(await reportPool(identityPoolId, aws.clients)).toEqual({
      identityPoolId,
      poolName: 'app',
      developerProviderName: 'login.app',
      allowsGuests: true,
      allowsClassicFlow: false,
      otherProviders: [],
      roleMappings: [],
      roles: [
        {
          key: 'authenticated',
          arn: 'arn:aws:iam::000000000000:role/app-eu-west-1-authenticated',
          trustPolicy: trust('authenticated'),
        },
        {
          key: 'unauthenticated',
          arn: 'arn:aws:iam::000000000000:role/app-eu-west-1-guest',
          trustPolicy: trust('unauthenticated'),
        },
      ],
    });
  });

  it('shows null for a role that may not be read', async () => {
    const identityPoolId = await provision();
    aws.emulator.faults.add({ ...iamRefusal('GetRole'), times: 2 });
    const { roles: shown } = await reportPool(identityPoolId, aws.clients);
    expect(shown.map(({ trustPolicy: trust }) => trust)).toEqual([null, null]);
  });
});
