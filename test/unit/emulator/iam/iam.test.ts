import {
  AttachRolePolicyCommand,
  CreateRoleCommand,
  DeleteRoleCommand,
  DeleteRolePolicyCommand,
  DetachRolePolicyCommand,
  GetRoleCommand,
  GetRolePolicyCommand,
  IAMClient,
  ListAttachedRolePoliciesCommand,
  ListRolePoliciesCommand,
  ListRolesCommand,
  ListRoleTagsCommand,
  PutRolePolicyCommand,
  TagRoleCommand,
  UntagRoleCommand,
  UpdateAssumeRolePolicyCommand,
} from '@aws-sdk/client-iam';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type QueryServer, startQueryServer } from '../../../support/queryServer.ts';

const trust = JSON.stringify({
  Version: '2012-10-17',
  Statement: [
    {
      Effect: 'Allow',
      Principal: { Federated: 'cognito-identity.amazonaws.com' },
      Action: 'sts:AssumeRoleWithWebIdentity',
      Condition: { StringEquals: { 'cognito-identity.amazonaws.com:aud': 'us-east-1:pool (1) & <2>' } },
    },
  ],
});
const permissions = '{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"s3:*","Resource":"*"}}';
const readOnly = 'arn:aws:iam::aws:policy/ReadOnlyAccess';

let server: QueryServer;
let iam: IAMClient;
beforeEach(async () => {
  server = await startQueryServer();
  iam = client({ accessKeyId: 'test', secretAccessKey: 'test' });
});
afterEach(() => server.close());

function client(
  credentials: { accessKeyId: string; secretAccessKey: string; sessionToken?: string },
  region = 'us-east-1',
) {
  return new IAMClient({ region, endpoint: server.url, credentials, maxAttempts: 1 });
}

const create = (RoleName = 'App', changes: object = {}) =>
  iam.send(new CreateRoleCommand({ RoleName, AssumeRolePolicyDocument: trust, ...changes }));

async function failure(promise: Promise<unknown>) {
  try {
    await promise;
  } catch (error) {
    const { name, message, $metadata } = error as Error & { $metadata: { httpStatusCode: number } };
    return { name, message, status: $metadata.httpStatusCode };
  }
  throw new Error('The call succeeded.');
}

const missing = {
  name: 'NoSuchEntityException',
  message: 'The role with name App cannot be found.',
  status: 404,
};

describe('a role', () => {
  it('is created with what was asked for and read back', async () => {
    const before = Math.floor(Date.now() / 1000) * 1000;
    const { Role } = await create('App', {
      Path: '/team/',
      Description: 'a & <b>',
      MaxSessionDuration: 7200,
      Tags: [{ Key: 'env', Value: '' }],
    });
    expect(Role).toMatchObject({
      Path: '/team/',
      RoleName: 'App',
      Arn: 'arn:aws:iam::111122223333:role/team/App',
      Description: 'a & <b>',
      MaxSessionDuration: 7200,
      Tags: [{ Key: 'env', Value: '' }],
    });
    expect(Role?.RoleId).toMatch(/^AROA[A-Z2-7]{17}$/);
    expect(Role?.CreateDate?.getTime()).toBeGreaterThanOrEqual(before);
    expect(Role?.AssumeRolePolicyDocument).toMatch(/^%7B%22Version%22%3A%222012-10-17%22.*%281%29/);
    expect(decodeURIComponent(Role?.AssumeRolePolicyDocument ?? '')).toBe(trust);

    const read = await iam.send(new GetRoleCommand({ RoleName: 'app' }));
    expect(read.Role).toEqual({ ...Role, RoleLastUsed: {} });
    expect(server.services.roles.getByArn('arn:aws:iam::111122223333:role/team/App')?.roleName).toBe('App');
    expect(server.services.roles.getByArn('arn:aws:iam::111122223333:role/App')).toBeUndefined();
  });

  it('has defaults', async () => {
    const { Role } = await create();
    expect(Role).toMatchObject({ Path: '/', MaxSessionDuration: 3600 });
    expect(Role?.Tags).toBeUndefined();
    expect(Role?.Description).toBeUndefined();
  });

  it("is created in the partition of the caller's Region", async () => {
    iam = client({ accessKeyId: 'test', secretAccessKey: 'test' }, 'cn-north-1');
    expect((await create()).Role?.Arn).toBe('arn:aws-cn:iam::111122223333:role/App');
  });

  it('has a name that no other has, whatever its case', async () => {
    await create();
    expect(await failure(create('aPP'))).toEqual({
      name: 'EntityAlreadyExistsException',
      message: 'Role with name aPP already exists.',
      status: 409,
    });
  });

  it.each([
    ['a'.repeat(64), undefined],
    ['A+=,.@-_9', undefined],
    [
      'a'.repeat(65),
      /^1 validation error detected: Value 'a{65}' at 'roleName' failed .* less than or equal to 64$/,
    ],
    ['a b', /^The specified value for roleName is invalid\. It must contain only alphanumeric/],
    ['a/b', /^The specified value for roleName is invalid\./],
    ['ü', /^The specified value for roleName is invalid\./],
  ])('may be named %s: %s', async (name, problem) => {
    if (!problem) return expect((await create(name)).Role?.RoleName).toBe(name);
    const { name: code, status, message } = await failure(create(name));
    expect({ code, status }).toEqual({ code: 'ValidationError', status: 400 });
    expect(message).toMatch(problem);
    expect(server.services.roles.list()).toEqual([]);
  });

  it.each([
    [{ MaxSessionDuration: 3599 }, 'ValidationError'],
    [{ MaxSessionDuration: 43_201 }, 'ValidationError'],
    [{ Path: 'team' }, 'ValidationError'],
    [{ Description: 'x'.repeat(1001) }, 'ValidationError'],
    [{ AssumeRolePolicyDocument: '{' }, 'MalformedPolicyDocumentException'],
    [{ AssumeRolePolicyDocument: permissions }, 'MalformedPolicyDocumentException'],
    [{ AssumeRolePolicyDocument: trust.replace('pool', 'x'.repeat(2048)) }, 'LimitExceededException'],
    [{ Tags: Array.from({ length: 51 }, (_, i) => ({ Key: `k${i}`, Value: 'v' })) }, 'ValidationError'],
    [{ Tags: ['a', 'A'].map((Key) => ({ Key, Value: 'v' })) }, 'InvalidInputException'],
    [{ PermissionsBoundary: readOnly }, 'InvalidInputException'],
  ])('with %j is refused with %s', async (changes, expected) => {
    expect((await failure(create('App', changes))).name).toBe(expected);
    expect(server.services.roles.list()).toEqual([]);
  });

  it('takes a new trust policy', async () => {
    await create();
    const PolicyDocument = trust.replace('pool', 'other');
    await iam.send(new UpdateAssumeRolePolicyCommand({ RoleName: 'App', PolicyDocument }));
    expect(server.services.roles.get('App')?.assumeRolePolicyDocument).toBe(PolicyDocument);
    const malformed = new UpdateAssumeRolePolicyCommand({
      RoleName: 'App',
      PolicyDocument: '{"Statement":[]}',
    });
    expect(await failure(iam.send(malformed))).toEqual({
      name: 'MalformedPolicyDocumentException',
      message: 'Syntax errors in policy.',
      status: 400,
    });
    expect(server.services.roles.get('App')?.assumeRolePolicyDocument).toBe(PolicyDocument);
  });

  it('is listed by page and path', async () => {
    for (const name of ['c', 'B', 'a']) await create(name);
    await create('d', { Path: '/team/' });
    const first = await iam.send(new ListRolesCommand({ MaxItems: 2 }));
    expect(first.Roles?.map((role) => role.RoleName)).toEqual(['a', 'B']);
    expect(first.IsTruncated).toBe(true);
    const next = await iam.send(new ListRolesCommand({ MaxItems: 1, Marker: first.Marker }));
    expect(next.Roles?.map((role) => role.RoleName)).toEqual(['c']);
    await iam.send(new DeleteRoleCommand({ RoleName: 'B' }));
    const second = await iam.send(new ListRolesCommand({ MaxItems: 2, Marker: first.Marker }));
    expect(second.Roles?.map((role) => role.RoleName)).toEqual(['c', 'd']);
    expect(second).toMatchObject({ IsTruncated: false });
    expect(second.Marker).toBeUndefined();
    const team = await iam.send(new ListRolesCommand({ PathPrefix: '/team/' }));
    expect(team.Roles?.map((role) => role.RoleName)).toEqual(['d']);
    expect((await failure(iam.send(new ListRolesCommand({ Marker: 'forged' })))).name).toBe(
      'ValidationError',
    );
    expect((await failure(iam.send(new ListRolesCommand({ MaxItems: 1001 })))).name).toBe('ValidationError');
  });

  it('that is missing is reported by every operation', async () => {
    const RoleName = 'App';
    const commands = [
      new GetRoleCommand({ RoleName }),
      new DeleteRoleCommand({ RoleName }),
      new UpdateAssumeRolePolicyCommand({ RoleName, PolicyDocument: trust }),
      new PutRolePolicyCommand({ RoleName, PolicyName: 'p', PolicyDocument: permissions }),
      new GetRolePolicyCommand({ RoleName, PolicyName: 'p' }),
      new ListRolePoliciesCommand({ RoleName }),
      new DeleteRolePolicyCommand({ RoleName, PolicyName: 'p' }),
      new AttachRolePolicyCommand({ RoleName, PolicyArn: readOnly }),
      new DetachRolePolicyCommand({ RoleName, PolicyArn: readOnly }),
      new ListAttachedRolePoliciesCommand({ RoleName }),
      new TagRoleCommand({ RoleName, Tags: [] }),
      new UntagRoleCommand({ RoleName, TagKeys: ['a'] }),
      new ListRoleTagsCommand({ RoleName }),
    ];
    for (const command of commands)
      expect(await failure(iam.send(command as GetRoleCommand))).toEqual(missing);
  });
});

describe('inline policies', () => {
  it('are put, read, listed and deleted, and keep the role from being deleted', async () => {
    await create();
    const named = { RoleName: 'App', PolicyName: 'access' };
    await iam.send(new PutRolePolicyCommand({ ...named, PolicyDocument: permissions }));
    const read = await iam.send(new GetRolePolicyCommand(named));
    expect(read).toMatchObject({
      ...named,
      PolicyDocument: encodeURIComponent(permissions).replace('*', '%2A').replace('*', '%2A'),
    });
    const listed = await iam.send(new ListRolePoliciesCommand({ RoleName: 'App' }));
    expect(listed).toMatchObject({ PolicyNames: ['access'], IsTruncated: false });

    expect(await failure(iam.send(new DeleteRoleCommand({ RoleName: 'App' })))).toEqual({
      name: 'DeleteConflictException',
      message: 'Cannot delete entity, must delete policies first.',
      status: 409,
    });
    await iam.send(new DeleteRolePolicyCommand(named));
    const gone = {
      name: 'NoSuchEntityException',
      message: 'The role policy with name access cannot be found.',
      status: 404,
    };
    expect(await failure(iam.send(new GetRolePolicyCommand(named)))).toEqual(gone);
    expect(await failure(iam.send(new DeleteRolePolicyCommand(named)))).toEqual(gone);
    await iam.send(new DeleteRoleCommand({ RoleName: 'App' }));
    expect(server.services.roles.list()).toEqual([]);
  });

  it('have to be well-formed and fit together', async () => {
    await create();
    const put = (PolicyName: string, PolicyDocument: string) =>
      iam.send(new PutRolePolicyCommand({ RoleName: 'App', PolicyName, PolicyDocument }));
    expect((await failure(put('a', trust))).name).toBe('MalformedPolicyDocumentException');
    expect((await failure(put('a b', permissions))).name).toBe('ValidationError');
    const large = permissions.replace('s3:*', `s3:${'x'.repeat(6000)}`);
    await put('a', large);
    expect(await failure(put('b', large))).toEqual({
      name: 'LimitExceededException',
      message: 'Maximum policy size of 10240 bytes exceeded for role App',
      status: 409,
    });
    await put('a', large);
    expect(Object.keys(server.services.roles.get('App')?.inlinePolicies ?? {})).toEqual(['a']);
  });
});

describe('attached policies', () => {
  it('are attached once, listed and detached, and keep the role from being deleted', async () => {
    await create();
    const attached = { RoleName: 'App', PolicyArn: readOnly };
    await iam.send(new AttachRolePolicyCommand(attached));
    await iam.send(new AttachRolePolicyCommand(attached));
    const listed = await iam.send(new ListAttachedRolePoliciesCommand({ RoleName: 'App' }));
    expect(listed.AttachedPolicies).toEqual([{ PolicyName: 'ReadOnlyAccess', PolicyArn: readOnly }]);
    expect(await failure(iam.send(new DeleteRoleCommand({ RoleName: 'App' })))).toEqual({
      name: 'DeleteConflictException',
      message: 'Cannot delete entity, must detach all policies first.',
      status: 409,
    });
    await iam.send(new DetachRolePolicyCommand(attached));
    expect(await failure(iam.send(new DetachRolePolicyCommand(attached)))).toEqual({
      name: 'NoSuchEntityException',
      message: `Policy ${readOnly} was not found.`,
      status: 404,
    });
    await iam.send(new DeleteRoleCommand({ RoleName: 'App' }));
  });

  it('are those of AWS, at most ten', async () => {
    await create();
    const attach = (PolicyArn: string) =>
      iam.send(new AttachRolePolicyCommand({ RoleName: 'App', PolicyArn }));
    expect((await failure(attach('arn:aws:iam::111122223333:policy/own'))).name).toBe(
      'NoSuchEntityException',
    );
    for (let n = 0; n < 10; n++) await attach(`${readOnly}${n}`);
    expect(await failure(attach(readOnly))).toEqual({
      name: 'LimitExceededException',
      message: 'Cannot exceed quota for PoliciesPerRole: 10',
      status: 409,
    });
  });
});

describe('tags of a role', () => {
  it('are added, replaced, listed and removed', async () => {
    await create('App', { Tags: [{ Key: 'a', Value: '1' }] });
    const Tags = [
      { Key: 'b', Value: '2' },
      { Key: 'a', Value: '3' },
    ];
    await iam.send(new TagRoleCommand({ RoleName: 'App', Tags }));
    const page = await iam.send(new ListRoleTagsCommand({ RoleName: 'App', MaxItems: 1 }));
    expect(page).toMatchObject({ Tags: [{ Key: 'a', Value: '3' }], IsTruncated: true });
    await iam.send(new UntagRoleCommand({ RoleName: 'App', TagKeys: ['a', 'z'] }));
    expect((await iam.send(new ListRoleTagsCommand({ RoleName: 'App' }))).Tags).toEqual([
      { Key: 'b', Value: '2' },
    ]);
    const many = Array.from({ length: 50 }, (_, i) => ({ Key: `k${i}`, Value: 'v' }));
    expect((await failure(iam.send(new TagRoleCommand({ RoleName: 'App', Tags: many })))).name).toBe(
      'LimitExceededException',
    );
  });
});

describe('credentials of an assumed role', () => {
  it('cannot change roles', async () => {
    await create();
    const role = server.services.roles.get('App');
    if (!role) throw new Error('The role is missing.');
    const issued = server.services.sessions.issueSession({
      role,
      sessionName: 'demo',
      now: Date.now(),
      durationSeconds: 900,
    });
    const { accessKeyId, secretAccessKey, sessionToken } = issued;
    iam = client({ accessKeyId, secretAccessKey, sessionToken });
    expect(await failure(create('Other'))).toEqual({
      name: 'AccessDenied',
      message:
        'User: arn:aws:sts::111122223333:assumed-role/App/demo is not authorized to perform: iam:CreateRole ' +
        'because no identity-based policy allows the iam:CreateRole action',
      status: 403,
    });
  });
});
