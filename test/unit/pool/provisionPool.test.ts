import {
  DescribeIdentityPoolCommand,
  GetIdentityPoolRolesCommand,
  ListIdentityPoolsCommand,
  SetIdentityPoolRolesCommand,
  UpdateIdentityPoolCommand,
} from '@aws-sdk/client-cognito-identity';
import {
  CreateRoleCommand,
  GetRoleCommand,
  GetRolePolicyCommand,
  PutRolePolicyCommand,
  UpdateAssumeRolePolicyCommand,
} from '@aws-sdk/client-iam';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { planPool } from '../../../src/pool/planPool.ts';
import { PoolError, PoolOptionsError } from '../../../src/pool/poolErrors.ts';
import {
  type ProvisionPoolOptions,
  type ProvisionStep,
  provisionPool,
} from '../../../src/pool/provisionPool.ts';
import { decodeDocument, type PolicyDocument, trustPolicy } from '../../../src/pool/trustPolicy.ts';
import { cognitoRefusal, type Emulated, iamRefusal, startEmulated } from './emulated.ts';

const permissions: PolicyDocument = {
  Version: '2012-10-17',
  Statement: [{ Effect: 'Allow', Action: 's3:GetObject', Resource: 'arn:aws:s3:::bucket/*' }],
};
const options: ProvisionPoolOptions = {
  poolName: 'app',
  developerProviderName: 'login.app',
  allowGuests: true,
  permissions,
};
const roleArn = (kind: string) => `arn:aws:iam::000000000000:role/app-eu-west-1-${kind}`;

let aws: Emulated;

beforeAll(async () => {
  aws = await startEmulated();
});
afterEach(() => aws.emulator.reset());
afterAll(() => aws.stop());

async function provision(change: Partial<ProvisionPoolOptions> = {}) {
  const steps: ProvisionStep[] = [];
  const made = await provisionPool({ ...options, ...change }, aws.clients, (step) => steps.push(step));
  return { made, results: steps.map(({ what, result }) => `${what} ${result}`) };
}

async function failure(change: Partial<ProvisionPoolOptions> = {}): Promise<PoolError> {
  const error = await provisionPool({ ...options, ...change }, aws.clients).catch((thrown) => thrown);
  expect(error).toBeInstanceOf(PoolError);
  return error;
}

const trustOf = async (name: string) => {
  const { Role } = await aws.clients.iam.send(new GetRoleCommand({ RoleName: name }));
  return decodeDocument(Role?.AssumeRolePolicyDocument);
};
const pools = async () =>
  (await aws.clients.cognito.send(new ListIdentityPoolsCommand({ MaxResults: 60 }))).IdentityPools ?? [];
const describePool = (IdentityPoolId: string) =>
  aws.clients.cognito.send(new DescribeIdentityPoolCommand({ IdentityPoolId }));

describe('provisionPool', () => {
  it('makes pool, roles and policy, and gives the pool its roles', async () => {
    const { made, results } = await provision();
    expect(made).toEqual({
      identityPoolId: expect.stringMatching(/^eu-west-1:[0-9a-f-]{36}$/),
      developerProviderName: 'login.app',
      region: 'eu-west-1',
      accountId: '000000000000',
      authenticatedRoleArn: roleArn('authenticated'),
      guestRoleArn: roleArn('guest'),
      changed: true,
    });
    expect(results).toEqual([
      'identity pool created',
      'role created',
      'permissions policy created',
      'role created',
      'roles of the pool changed',
    ]);
    const IdentityPoolId = made.identityPoolId;
    expect(await describePool(IdentityPoolId)).toMatchObject({
      IdentityPoolName: 'app',
      DeveloperProviderName: 'login.app',
      AllowUnauthenticatedIdentities: true,
      AllowClassicFlow: false,
    });
    const { Roles } = await aws.clients.cognito.send(new GetIdentityPoolRolesCommand({ IdentityPoolId }));
    expect(Roles).toEqual({ authenticated: roleArn('authenticated'), unauthenticated: roleArn('guest') });
    const policy = await aws.clients.iam.send(
      new GetRolePolicyCommand({ RoleName: 'app-eu-west-1-authenticated', PolicyName: 'cognito-graphql' }),
    );
    expect(decodeDocument(policy.PolicyDocument)).toEqual(permissions);
  });

  it('sends the trust policy of this very pool, for users and for guests', async () => {
    const { made } = await provision({ withTags: true });
    const common = { region: 'eu-west-1', identityPoolId: made.identityPoolId };
    expect(await trustOf('app-eu-west-1-authenticated')).toEqual(
      trustPolicy({ ...common, amr: 'authenticated', withTags: true }),
    );
    expect(await trustOf('app-eu-west-1-guest')).toEqual(
      trustPolicy({ ...common, amr: 'unauthenticated', withTags: false }),
    );
  });

  it('changes nothing the second time, and says so', async () => {
    const first = await provision();
    aws.writes();
    const second = await provision();
    expect(second.made).toEqual({ ...first.made, changed: false });
    expect(second.results.map((result) => result.split(' ').at(-1))).toEqual(Array(5).fill('unchanged'));
    expect(aws.writes()).toEqual([]);
  });

  it.each([
    [cognitoRefusal('CreateIdentityPool'), []],
    [iamRefusal('CreateRole'), ['identity pool']],
    [iamRefusal('PutRolePolicy'), ['identity pool', 'role']],
    [cognitoRefusal('SetIdentityPoolRoles'), ['identity pool', 'role', 'permissions policy', 'role']],
  ])(
    'stops where $operation is refused, says what exists, and goes on the next time',
    async (fault, exist) => {
      aws.emulator.faults.add(fault);
      const error = await failure();
      expect(error.message).toContain(`not authorized to perform: ${fault.operation}`);
      expect(error.resources.map(({ kind }) => kind)).toEqual(exist);
      for (const { id } of error.resources) expect(id).toMatch(/eu-west-1/);
      expect(aws.writes().at(-1)).toBe(fault.operation);

      const { made, results } = await provision();
      expect(results.filter((result) => result.endsWith('unchanged'))).toHaveLength(exist.length);
      if (exist.length > 0) expect(error.resources[0]?.id).toBe(made.identityPoolId);
      expect((await provision()).made.changed).toBe(false);
      expect(await pools()).toHaveLength(1);
    },
  );

  it.each([
    cognitoRefusal('ListIdentityPools'),
    iamRefusal('GetRole'),
    iamRefusal('GetRolePolicy'),
    cognitoRefusal('GetIdentityPoolRoles'),
    iamRefusal('GetCallerIdentity'),
  ])('makes no later step when it may not $operation', async (fault) => {
    aws.emulator.faults.add(fault);
    const error = await failure();
    expect(error.message).toContain(`not authorized to perform: ${fault.operation}`);
    const expected = {
      ListIdentityPools: [],
      GetCallerIdentity: [],
      GetRole: ['CreateIdentityPool'],
      GetRolePolicy: ['CreateIdentityPool', 'CreateRole'],
      GetIdentityPoolRoles: ['CreateIdentityPool', 'CreateRole', 'PutRolePolicy', 'CreateRole'],
    }[fault.operation];
    expect(aws.writes()).toEqual(expected);
  });

  it('tries again when somebody else is changing the pool', async () => {
    aws.emulator.faults.add({
      operation: 'SetIdentityPoolRoles',
      times: 2,
      error: { name: 'ConcurrentModificationException' },
    });
    expect((await provision()).made.changed).toBe(true);
    expect(aws.writes().filter((operation) => operation === 'SetIdentityPoolRoles')).toHaveLength(3);
  });

  it('refuses bad names before anything is sent', async () => {
    await expect(provisionPool({ ...options, poolName: 'a/b' }, aws.clients)).rejects.toThrow(
      PoolOptionsError,
    );
    expect(aws.emulator.requests.entries()).toEqual([]);
  });
});

describe('an existing pool', () => {
  it('is refused when its developer provider name is another one, with the reason', async () => {
    await provision();
    aws.writes();
    const error = await failure({ developerProviderName: 'login.other' });
    expect(error.message).toMatch(
      /has the developer provider name login\.app, which AWS never lets anybody change\. Use --developer-provider login\.app, or another pool name\.$/,
    );
    await expect(planPool({ ...options, developerProviderName: 'login.other' }, aws.clients)).rejects.toThrow(
      PoolError,
    );
    expect(aws.writes()).toEqual([]);
  });

  it('keeps providers, tags, role mappings and roles that were not named', async () => {
    const { made } = await provision();
    const IdentityPoolId = made.identityPoolId;
    const provider = 'cognito-idp.eu-west-1.amazonaws.com/eu-west-1_abcdefghi';
    const { $metadata: _, ...pool } = await describePool(IdentityPoolId);
    await aws.clients.cognito.send(
      new UpdateIdentityPoolCommand({
        ...pool,
        AllowClassicFlow: true,
        SupportedLoginProviders: { 'graph.facebook.com': '7346241598935555' },
        CognitoIdentityProviders: [
          { ProviderName: provider, ClientId: '3n4b5urk1ft4fl3mg5e62d9ado', ServerSideTokenCheck: true },
        ],
        OpenIdConnectProviderARNs: ['arn:aws:iam::000000000000:oidc-provider/idp.example'],
        SamlProviderARNs: ['arn:aws:iam::000000000000:saml-provider/corp'],
        IdentityPoolTags: { team: 'a' },
      }),
    );
    const RoleMappings = {
      [`${provider}:3n4b5urk1ft4fl3mg5e62d9ado`]: { Type: 'Token', AmbiguousRoleResolution: 'Deny' },
    } as const;
    await aws.clients.cognito.send(
      new SetIdentityPoolRolesCommand({
        IdentityPoolId,
        Roles: { unauthenticated: roleArn('guest') },
        RoleMappings,
      }),
    );
    const { $metadata: __, ...before } = await describePool(IdentityPoolId);

    const { results } = await provision({ allowClassicFlow: false });

    expect(results[0]).toBe('identity pool changed');
    const { $metadata: ___, ...after } = await describePool(IdentityPoolId);
    expect(after).toEqual({ ...before, AllowClassicFlow: false });
    const roles = await aws.clients.cognito.send(new GetIdentityPoolRolesCommand({ IdentityPoolId }));
    expect(roles.RoleMappings).toEqual(RoleMappings);
    expect(roles.Roles).toEqual({
      authenticated: roleArn('authenticated'),
      unauthenticated: roleArn('guest'),
    });
  });

  it('keeps guests, classic flow and tags when nothing is said of them', async () => {
    await provision({ allowClassicFlow: true, withTags: true });
    aws.writes();
    const { poolName, developerProviderName } = options;
    const made = await provisionPool({ poolName, developerProviderName }, aws.clients);
    expect(made.changed).toBe(false);
    expect(made.guestRoleArn).toBe(roleArn('guest'));
    expect(aws.writes()).toEqual([]);
  });

  it('has its trust policy changed when tags begin or cease to be used', async () => {
    await provision();
    expect((await provision({ withTags: true })).results[1]).toBe('role changed');
    expect(JSON.stringify(await trustOf('app-eu-west-1-authenticated'))).toContain('sts:TagSession');
    expect((await provision({ withTags: false })).results[1]).toBe('role changed');
    expect(JSON.stringify(await trustOf('app-eu-west-1-authenticated'))).not.toContain('sts:TagSession');
  });

  it('has its permissions changed to those that are wanted', async () => {
    await provision();
    const RoleName = 'app-eu-west-1-authenticated';
    await aws.clients.iam.send(
      new PutRolePolicyCommand({
        RoleName,
        PolicyName: 'cognito-graphql',
        PolicyDocument: JSON.stringify({ ...permissions, Statement: [] }).replace(
          '[]',
          '[{"Effect":"Allow","Action":"*","Resource":"*"}]',
        ),
      }),
    );
    expect((await provision()).results).toContain('permissions policy changed');
  });

  it('of which there are two with one name is not guessed', async () => {
    const { made } = await provision();
    await provision({ poolName: 'other', roleNamePrefix: 'other' });
    const other = (await pools()).find(({ IdentityPoolName }) => IdentityPoolName === 'other');
    const { $metadata: _, ...pool } = await describePool(other?.IdentityPoolId ?? '');
    await aws.clients.cognito.send(new UpdateIdentityPoolCommand({ ...pool, IdentityPoolName: 'app' }));
    const error = await failure();
    expect(error.message).toMatch(/^There are 2 identity pools of that name .* Choose one with --pool-id/);
    expect((await provision({ identityPoolId: made.identityPoolId })).made.changed).toBe(false);
  });
});

describe('an existing role', () => {
  const create = (document: unknown, name = 'app-eu-west-1-authenticated') =>
    aws.clients.iam.send(
      new CreateRoleCommand({ RoleName: name, AssumeRolePolicyDocument: JSON.stringify(document) }),
    );
  const federated = (condition: object) => ({
    Version: '2012-10-17',
    Statement: [
      {
        Effect: 'Allow',
        Principal: { Federated: 'cognito-identity.amazonaws.com' },
        Action: 'sts:AssumeRoleWithWebIdentity',
        Condition: condition,
      },
    ],
  });

  it('that trusts every pool is refused', async () => {
    await create(
      federated({ 'ForAnyValue:StringLike': { 'cognito-identity.amazonaws.com:amr': 'authenticated' } }),
    );
    expect((await failure()).message).toContain(
      'trusts every identity pool, as its trust policy has no condition on aud',
    );
  });

  it('of somebody else is left alone', async () => {
    const document = federated({ StringEquals: { 'cognito-identity.amazonaws.com:aud': 'eu-west-1:other' } });
    await create(document);
    expect((await failure()).message).toContain('has a trust policy for something else than this pool');
    expect(await trustOf('app-eu-west-1-authenticated')).toEqual(document);
  });

  it('of another account is refused before anything is made', async () => {
    const authenticatedRoleArn = 'arn:aws:iam::444455556666:role/x';
    await expect(provisionPool({ ...options, authenticatedRoleArn }, aws.clients)).rejects.toThrow(
      '--auth-role-arn names a role of account 444455556666, but the credentials belong to account 000000000000',
    );
    expect(aws.writes()).toEqual([]);
  });

  it('that does not exist is refused before anything is made', async () => {
    const error = await failure({ authenticatedRoleArn: 'arn:aws:iam::000000000000:role/x' });
    expect(error.message).toContain('There is no role arn:aws:iam::000000000000:role/x');
    expect(aws.writes()).toEqual([]);
  });

  it('that is no ARN is refused', async () => {
    await expect(provisionPool({ ...options, authenticatedRoleArn: 'x' }, aws.clients)).rejects.toThrow(
      '--auth-role-arn must be the ARN of a role',
    );
  });

  it('that was given is used once it trusts the pool, and says until then what it must trust', async () => {
    await create(federated({ StringEquals: { 'cognito-identity.amazonaws.com:aud': 'x' } }), 'own');
    const authenticatedRoleArn = 'arn:aws:iam::000000000000:role/own';
    const error = await failure({ authenticatedRoleArn });
    const id = error.resources[0]?.id ?? '';
    const wanted = trustPolicy({
      region: 'eu-west-1',
      identityPoolId: id,
      amr: 'authenticated',
      withTags: false,
    });
    expect(error.message).toContain(JSON.stringify(wanted));
    await aws.clients.iam.send(
      new UpdateAssumeRolePolicyCommand({ RoleName: 'own', PolicyDocument: JSON.stringify(wanted) }),
    );
    expect((await provision({ authenticatedRoleArn })).made.authenticatedRoleArn).toBe(authenticatedRoleArn);
  });
});

describe('planPool', () => {
  it('says what would be made, and sends nothing that changes anything', async () => {
    const plan = await planPool(options, aws.clients);
    expect(plan).toMatchObject({
      poolName: 'app',
      developerProviderName: 'login.app',
      roles: [
        { roleName: 'app-eu-west-1-authenticated', exists: false, permissions },
        { roleName: 'app-eu-west-1-guest', exists: false },
      ],
    });
    expect(plan.identityPoolId).toBeUndefined();
    expect(aws.writes()).toEqual([]);
  });

  it('shows the trust policy that is there when everything exists', async () => {
    const { made } = await provision();
    const plan = await planPool(options, aws.clients);
    expect(plan.identityPoolId).toBe(made.identityPoolId);
    expect(plan.roles.map(({ exists }) => exists)).toEqual([true, true]);
    expect(plan.roles[0]?.trustPolicy).toEqual(await trustOf('app-eu-west-1-authenticated'));
  });
});
