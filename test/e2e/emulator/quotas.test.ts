import {
  CognitoIdentityClient,
  CreateIdentityPoolCommand,
  type CreateIdentityPoolCommandInput,
  DeleteIdentityPoolCommand,
  SetIdentityPoolRolesCommand,
  TagResourceCommand,
  UpdateIdentityPoolCommand,
} from '@aws-sdk/client-cognito-identity';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createPool, credentials, failure, type Running, start } from './support.ts';

let running: Running;
beforeEach(async () => {
  running = await start();
});
afterEach(() => running.emulator.close());

const settings = { IdentityPoolName: 'pool', AllowUnauthenticatedIdentities: true };
const create = (more: Partial<CreateIdentityPoolCommandInput> = {}, client = running.client) =>
  client.send(new CreateIdentityPoolCommand({ ...settings, ...more }));
const tags = (count: number) =>
  Object.fromEntries(Array.from({ length: count }, (_, index) => [`tag-${index}`, '']));
const userPools = (count: number) =>
  Array.from({ length: count }, (_, index) => ({
    ProviderName: 'cognito-idp.us-east-1.amazonaws.com/us-east-1_abc',
    ClientId: `client${index}`,
  }));

describe('the quotas of AWS', () => {
  it('allow 1000 pools of an account in a Region, and another when one is gone', async () => {
    const idOf = (index: number) => `us-east-1:00000000-0000-4000-8000-${String(index).padStart(12, '0')}`;
    const Pools = Array.from({ length: 999 }, (_, index) => ({ ...settings, IdentityPoolId: idOf(index) }));
    await running.emulator.seed({ Pools });
    expect((await create()).IdentityPoolName).toBe('pool');
    expect((await failure(create())).name).toBe('LimitExceededException');
    const west = new CognitoIdentityClient({ endpoint: running.url, region: 'us-west-2', credentials });
    expect((await create({}, west)).IdentityPoolId).toMatch(/^us-west-2:/);
    await running.client.send(new DeleteIdentityPoolCommand({ IdentityPoolId: idOf(0) }));
    expect((await create()).IdentityPoolName).toBe('pool');
  });

  it('allow 50 user pool clients of a pool, when it is made and when it is changed', async () => {
    const { IdentityPoolId = '' } = await create({ CognitoIdentityProviders: userPools(50) });
    expect((await failure(create({ CognitoIdentityProviders: userPools(51) }))).name).toBe(
      'LimitExceededException',
    );
    const update = new UpdateIdentityPoolCommand({
      ...settings,
      IdentityPoolId,
      CognitoIdentityProviders: userPools(51),
    });
    expect((await failure(running.client.send(update))).name).toBe('LimitExceededException');
  });

  it('allow 50 tags of a pool, however they come', async () => {
    const { IdentityPoolId } = await create({ IdentityPoolTags: tags(50) });
    expect((await failure(create({ IdentityPoolTags: tags(51) }))).name).toBe('InvalidParameterException');
    const one = new TagResourceCommand({
      ResourceArn: `arn:aws:cognito-identity:us-east-1:000000000000:identitypool/${IdentityPoolId}`,
      Tags: { another: '' },
    });
    expect((await failure(running.client.send(one))).name).toBe('InvalidParameterException');
  });

  it('allow 25 role mapping rules of a provider', async () => {
    const provider = 'graph.facebook.com';
    const IdentityPoolId = await createPool(running, { SupportedLoginProviders: { [provider]: 'app' } });
    const set = (count: number) =>
      running.client.send(
        new SetIdentityPoolRolesCommand({
          IdentityPoolId,
          Roles: {},
          RoleMappings: {
            [provider]: {
              Type: 'Rules',
              AmbiguousRoleResolution: 'Deny',
              RulesConfiguration: {
                Rules: Array.from({ length: count }, (_, index) => ({
                  Claim: 'sub',
                  MatchType: 'Equals',
                  Value: String(index),
                  RoleARN: 'arn:aws:iam::000000000000:role/users',
                })),
              },
            },
          },
        }),
      );
    await set(25);
    expect((await failure(set(26))).name).toBe('LimitExceededException');
  });
});
