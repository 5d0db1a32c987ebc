import { afterAll, beforeAll, expect, it } from 'vitest';
import { planRemoval } from '../../../src/pool/deletePool.ts';
import { seedOf } from '../../../src/pool/poolSeed.ts';
import { poolSetup } from '../../../src/pool/poolSetup.ts';
import { provisionPool } from '../../../src/pool/provisionPool.ts';
import { type Emulated, startEmulated } from './emulated.ts';

const identityPoolId = 'eu-west-1:12345678-1234-4234-8234-123456789012';
const options = {
  poolName: 'app',
  developerProviderName: 'login.app',
  allowGuests: true,
  allowClassicFlow: true,
  withTags: true,
};

let aws: Emulated;

beforeAll(async () => {
  const setup = poolSetup({ ...options, region: 'eu-west-1' });
  aws = await startEmulated({ region: 'eu-west-1', seed: seedOf(setup, identityPoolId) });
});
afterAll(() => aws.stop());

it('leaves nothing to be made, and nothing to be changed', async () => {
  const steps: string[] = [];
  const pool = await provisionPool(options, aws.clients, ({ what, result }) =>
    steps.push(`${what} ${result}`),
  );
  expect(pool).toEqual({
    identityPoolId,
    developerProviderName: 'login.app',
    region: 'eu-west-1',
    accountId: '000000000000',
    authenticatedRoleArn: 'arn:aws:iam::000000000000:role/app-eu-west-1-authenticated',
    guestRoleArn: 'arn:aws:iam::000000000000:role/app-eu-west-1-guest',
    changed: false,
  });
  expect(steps).toEqual([
    'identity pool unchanged',
    'role unchanged',
    'role unchanged',
    'roles of the pool unchanged',
  ]);
  expect(aws.writes()).toEqual([]);
});

it('goes with its roles when it is deleted', async () => {
  expect(await planRemoval(identityPoolId, aws.clients)).toEqual({
    identityPoolId,
    poolName: 'app',
    hasIdentities: false,
    roleNames: ['app-eu-west-1-authenticated', 'app-eu-west-1-guest'],
    keptRoleArns: [],
  });
});
