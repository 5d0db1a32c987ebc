import {
  CreateIdentityPoolCommand,
  ListIdentitiesCommand,
  SetIdentityPoolRolesCommand,
  UpdateIdentityPoolCommand,
} from '@aws-sdk/client-cognito-identity';
import {
  CreateRoleCommand,
  DeleteRoleCommand,
  PutRolePolicyCommand,
  UpdateAssumeRolePolicyCommand,
} from '@aws-sdk/client-iam';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { serverPolicy } from '../../../src/pool/permissionsPolicy.ts';
import { type ProvisionPoolOptions, provisionPool } from '../../../src/pool/provisionPool.ts';
import { trustPolicy } from '../../../src/pool/trustPolicy.ts';
import { type VerifyPoolOptions, verifyPool } from '../../../src/pool/verifyPool.ts';
import { cognitoRefusal, type Emulated, iamRefusal, startEmulated } from './emulated.ts';

const roleName = 'app-eu-west-1-authenticated';
const assumedRoleArn = `arn:aws:sts::000000000000:assumed-role/${roleName}/CognitoIdentityCredentials`;
const notYet = {
  operation: 'GetCredentialsForIdentity',
  error: { name: 'InvalidIdentityPoolConfigurationException' },
};

let aws: Emulated;

beforeAll(async () => {
  aws = await startEmulated();
});
afterEach(() => aws.emulator.reset());
afterAll(() => aws.stop());

async function provision(change: Partial<ProvisionPoolOptions> = {}): Promise<string> {
  const options = { poolName: 'app', developerProviderName: 'login.app', ...change };
  return (await provisionPool(options, aws.clients)).identityPoolId;
}

async function verify(identityPoolId: string, change: Partial<VerifyPoolOptions> = {}) {
  const waits: number[] = [];
  const progress: string[] = [];
  const verification = await verifyPool(
    { identityPoolId, withTags: false, patienceMs: 60_000, ...change },
    aws.clients,
    {
      wait: async (ms) => waits.push(ms),
      onWait: (waited, patience) => progress.push(`${waited}/${patience}`),
    },
  );
  return { ...verification, waits, progress };
}

const changes = ({ checks }: { checks: readonly { change?: string }[] }) =>
  checks.flatMap(({ change }) => change ?? []);

describe('verifyPool', () => {
  it('obtains credentials as a user and leaves no identity behind', async () => {
    const identityPoolId = await provision();
    expect(await verify(identityPoolId, { developerProviderName: 'login.app' })).toEqual({
      works: true,
      assumedRoleArn,
      checks: [
        { result: 'good', finding: 'The developer provider name is login.app.' },
        { result: 'good', finding: `The authenticated role ${roleName} trusts this pool.` },
        { result: 'good', finding: `A user got credentials: AWS sees them as ${assumedRoleArn}.` },
      ],
      waits: [],
      progress: [],
    });
    const list = new ListIdentitiesCommand({ IdentityPoolId: identityPoolId, MaxResults: 60 });
    expect((await aws.clients.cognito.send(list)).Identities).toEqual([]);
  });

  it('obtains credentials with principal tags when tags are used', async () => {
    expect(await verify(await provision({ withTags: true }), { withTags: true })).toMatchObject({
      works: true,
    });
  });

  it('waits 40 seconds for a role that IAM does not know everywhere yet', async () => {
    const identityPoolId = await provision();
    aws.emulator.faults.add({ ...notYet, times: 8 });
    const { works, waits, progress } = await verify(identityPoolId);
    expect(works).toBe(true);
    expect(waits).toEqual(Array(8).fill(5000));
    expect(progress.slice(0, 2)).toEqual(['0/60000', '5000/60000']);
  });

  it('gives up after its patience, with a list of what to check, and still removes the probe', async () => {
    const identityPoolId = await provision({ withTags: true });
    aws.emulator.faults.add(notYet);
    const verification = await verify(identityPoolId, { withTags: true });
    expect(verification).toMatchObject({ works: false, waits: Array(12).fill(5000) });
    expect(verification.assumedRoleArn).toBeUndefined();
    expect(changes(verification)).toEqual([
      'Check in this order: is the role attached to the pool, does its trust policy name the pool in aud, does it allow sts:TagSession, and does a policy of the organization forbid it.',
    ]);
    expect(aws.writes().at(-1)).toBe('DeleteIdentities');
  });

  it.each([
    [
      'lacks TagSession',
      { withTags: true },
      (id: string) =>
        trustPolicy({ region: 'eu-west-1', identityPoolId: id, amr: 'authenticated', withTags: false }),
      'its trust policy lacks sts:TagSession, which tokens with principal tags need',
    ],
    [
      'names another pool',
      {},
      () =>
        trustPolicy({
          region: 'eu-west-1',
          identityPoolId: 'eu-west-1:x',
          amr: 'authenticated',
          withTags: false,
        }),
      'its trust policy names another pool in cognito-identity.amazonaws.com:aud',
    ],
  ])('names the fault of a trust policy that %s, and fails', async (_what, change, trust, problem) => {
    const identityPoolId = await provision({ withTags: true });
    await aws.clients.iam.send(
      new UpdateAssumeRolePolicyCommand({
        RoleName: roleName,
        PolicyDocument: JSON.stringify(trust(identityPoolId)),
      }),
    );
    const { works, checks } = await verify(identityPoolId, { ...change, patienceMs: 0 });
    expect(works).toBe(false);
    expect(checks[0]).toEqual({
      result: 'problem',
      finding: `The authenticated role ${roleName} cannot be used: ${problem}.`,
      change: 'Correct the trust policy of the role; pool create --dry-run prints the right one.',
    });
  });

  it('names a developer provider that is not the one of the server', async () => {
    const { works, checks } = await verify(await provision(), { developerProviderName: 'login.typo' });
    expect(works).toBe(false);
    expect(checks[0]).toEqual({
      result: 'problem',
      finding: "The pool's developer provider name is login.app, not login.typo.",
      change: "Set COGNITO_DEVELOPER_PROVIDER_NAME=login.app: the pool's name cannot be changed.",
    });
  });

  it('names what an empty pool lacks', async () => {
    const { IdentityPoolId = '' } = await aws.clients.cognito.send(
      new CreateIdentityPoolCommand({ IdentityPoolName: 'empty', AllowUnauthenticatedIdentities: false }),
    );
    const { works, checks } = await verify(IdentityPoolId);
    expect(works).toBe(false);
    expect(checks.map(({ finding }) => finding)).toEqual([
      'The pool has no developer provider name, so no user of yours can get a token.',
      'The pool has no authenticated role.',
    ]);
  });

  it('names role mappings, which refuse developer tokens', async () => {
    const identityPoolId = await provision();
    const ProviderName = 'cognito-idp.eu-west-1.amazonaws.com/eu-west-1_abcdefghi';
    await aws.clients.cognito.send(
      new UpdateIdentityPoolCommand({
        IdentityPoolId: identityPoolId,
        IdentityPoolName: 'app',
        DeveloperProviderName: 'login.app',
        AllowUnauthenticatedIdentities: false,
        CognitoIdentityProviders: [{ ProviderName, ClientId: 'client' }],
      }),
    );
    await aws.clients.cognito.send(
      new SetIdentityPoolRolesCommand({
        IdentityPoolId: identityPoolId,
        Roles: { authenticated: `arn:aws:iam::000000000000:role/${roleName}` },
        RoleMappings: { [`${ProviderName}:client`]: { Type: 'Token', AmbiguousRoleResolution: 'Deny' } },
      }),
    );
    const { works, checks } = await verify(identityPoolId, { patienceMs: 0 });
    expect([works, checks[0]?.finding]).toEqual([
      false,
      'The pool has role mappings; AWS refuses developer tokens for such a pool.',
    ]);
  });

  it('names a role that does not exist, and the guest role as well', async () => {
    const identityPoolId = await provision({ allowGuests: true });
    await aws.clients.iam.send(new DeleteRoleCommand({ RoleName: 'app-eu-west-1-guest' }));
    const { works, checks } = await verify(identityPoolId);
    expect(works).toBe(false);
    expect(checks[0]?.finding).toBe(
      'The unauthenticated role arn:aws:iam::000000000000:role/app-eu-west-1-guest does not exist.',
    );
  });

  it('warns of the classic flow', async () => {
    const verification = await verify(await provision({ allowClassicFlow: true }));
    expect([verification.works, verification.checks[0]?.finding]).toEqual([
      true,
      'The classic flow is on: clients may choose among all roles that trust the pool.',
    ]);
  });

  it('proves the pool even where IAM may not be read', async () => {
    const identityPoolId = await provision();
    aws.emulator.faults.add(iamRefusal('GetRole'));
    const verification = await verify(identityPoolId);
    expect(verification.works).toBe(true);
    expect(changes(verification)).toEqual(['Allow iam:GetRole to have its trust policy checked, too.']);
  });

  it('says so when the probe cannot be deleted', async () => {
    const identityPoolId = await provision();
    aws.emulator.faults.add(cognitoRefusal('DeleteIdentities'));
    const { works, checks } = await verify(identityPoolId);
    expect(works).toBe(true);
    expect(checks[0]?.finding).toMatch(
      /^The probe's identity eu-west-1:[0-9a-f-]{36} could not be deleted\.$/,
    );
  });

  it('tells a refusal of the token apart from a role that is not ready', async () => {
    const identityPoolId = await provision();
    aws.emulator.faults.add(cognitoRefusal('GetOpenIdTokenForDeveloperIdentity'));
    const { works, checks, waits } = await verify(identityPoolId);
    expect([works, waits]).toEqual([false, []]);
    expect(checks[0]?.finding).toContain('not authorized to perform: GetOpenIdTokenForDeveloperIdentity');
  });

  it('refuses a pool of another Region', async () => {
    await expect(verify('us-east-1:12345678-1234-1234-1234-123456789012')).rejects.toThrow(
      'The pool lives in Region us-east-1, not in eu-west-1. Use --region us-east-1.',
    );
  });
});

describe("the server's own role", () => {
  const serverRoleArn = 'arn:aws:iam::000000000000:role/api';
  const poolArn = 'arn:aws:cognito-identity:eu-west-1:000000000000:identitypool/x';

  async function findingsFor(policy: unknown) {
    const identityPoolId = await provision();
    const trust = trustPolicy({ region: 'eu-west-1', identityPoolId, amr: 'authenticated', withTags: false });
    await aws.clients.iam.send(
      new CreateRoleCommand({ RoleName: 'api', AssumeRolePolicyDocument: JSON.stringify(trust) }),
    );
    await aws.clients.iam.send(
      new PutRolePolicyCommand({ RoleName: 'api', PolicyName: 'p', PolicyDocument: JSON.stringify(policy) }),
    );
    const { checks, works } = await verify(identityPoolId, { serverRoleArn });
    expect(works).toBe(true);
    return checks
      .filter(({ finding }) => finding.includes("server's role"))
      .map(({ result, finding }) => `${result}: ${finding}`);
  }

  it('is good with the policy that we print', async () => {
    expect(await findingsFor(serverPolicy({ poolArn, withAdministration: true }))).toEqual([
      "good: The server's role api has no permissions that are known to be too wide.",
    ]);
  });

  it('is warned of when it may do more', async () => {
    const Statement = [
      { Effect: 'Allow', Action: 'cognito-identity:*', Resource: '*' },
      { Effect: 'Allow', Action: ['iam:PassRole'], Resource: '*' },
      { Effect: 'Allow', Action: 'cognito-identity:GetOpenIdTokenForDeveloperIdentity', Resource: '*' },
      { Effect: 'Deny', Action: '*', Resource: '*' },
    ];
    const of = "warning: The policy p of the server's role api";
    expect(await findingsFor({ Version: '2012-10-17', Statement })).toEqual([
      `${of} allows cognito-identity:*.`,
      `${of} lets the server change the roles of pools.`,
      `${of} lets the server issue tokens for every pool of the account.`,
    ]);
  });

  it('that cannot be read does not stop the verification', async () => {
    const { works, checks } = await verify(await provision(), { serverRoleArn });
    expect(works).toBe(true);
    expect(checks[0]?.result).toBe('warning');
    expect(checks[0]?.finding).toMatch(
      /^The server's role could not be read: iam:ListAttachedRolePolicies failed/,
    );
  });
});
