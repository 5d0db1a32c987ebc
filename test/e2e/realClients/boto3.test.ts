import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { requireTool } from '../../support/requirements.ts';
import { createPoolWithRoles, provider, type Running, start, trustPolicy } from '../emulator/support.ts';

const run = promisify(execFile);
const tool = requireTool('boto3');

const prelude = `
import boto3, datetime, json, os, sys
from botocore.config import Config
from botocore.exceptions import ClientError
given = json.loads(sys.argv[1])
def client(name, **keys):
    if not keys: keys = dict(aws_access_key_id='test', aws_secret_access_key='test')
    return boto3.client(name, region_name='us-east-1', endpoint_url=given['url'], config=Config(retries={'total_max_attempts': 1}), **keys)
def error(call):
    try:
        call()
    except ClientError as e:
        return [type(e).__name__, e.response['Error']['Code'], e.response['Error']['Message'], e.response['ResponseMetadata']['HTTPStatusCode']]
    raise AssertionError('succeeded')
cognito = client('cognito-identity')
out = {}
`;

tool.describe("Debian's boto3", () => {
  let running: Running;
  let poolId: string;
  let home: string;
  beforeAll(async () => {
    running = await start({ accountId: '111122223333' });
    poolId = await createPoolWithRoles(running);
    home = await mkdtemp(join(tmpdir(), 'cognito-graphql-boto3-'));
  });
  afterAll(async () => {
    await running.emulator.close();
    await rm(home, { recursive: true });
  });

  /** Runs Python that fills `out`, and answers with it. */
  async function python(script: string, given: Record<string, unknown> = {}) {
    const input = JSON.stringify({ url: running.url, pool: poolId, provider, ...given });
    const env = { PATH: '/usr/bin:/bin', HOME: home, AWS_EC2_METADATA_DISABLED: 'true' };
    const { stdout } = await run(tool.path, ['-c', `${prelude}${script}\nprint(json.dumps(out))`, input], {
      env,
    });
    return JSON.parse(stdout);
  }

  it('goes from a developer token to the caller identity', { timeout: 60_000 }, async () => {
    const out = await python(`
first = cognito.get_open_id_token_for_developer_identity(IdentityPoolId=given['pool'], Logins={given['provider']: 'alice'}, TokenDuration=900)
again = cognito.get_open_id_token_for_developer_identity(IdentityPoolId=given['pool'], Logins={given['provider']: 'alice'})
out['same'] = first['IdentityId'] == again['IdentityId']
answer = cognito.get_credentials_for_identity(IdentityId=first['IdentityId'], Logins={'cognito-identity.amazonaws.com': first['Token']})
keys = answer['Credentials']
out['life'] = (keys['Expiration'] - datetime.datetime.now(datetime.timezone.utc)).total_seconds()
sts = client('sts', aws_access_key_id=keys['AccessKeyId'], aws_secret_access_key=keys['SecretKey'], aws_session_token=keys['SessionToken'])
out['arn'] = sts.get_caller_identity()['Arn']
out['root'] = client('sts').get_caller_identity()['Arn']
role = cognito.get_identity_pool_roles(IdentityPoolId=given['pool'])['Roles']['authenticated']
basic = client('sts').assume_role_with_web_identity(RoleArn=role, RoleSessionName='boto', WebIdentityToken=first['Token'], DurationSeconds=900)
out['basic'] = basic['AssumedRoleUser']['Arn']
out['audience'] = basic['Audience']
`);
    const role = `users-${poolId.slice(-12)}`;
    expect(out).toEqual({
      same: true,
      life: out.life,
      arn: `arn:aws:sts::111122223333:assumed-role/${role}/CognitoIdentityCredentials`,
      root: 'arn:aws:iam::111122223333:root',
      basic: `arn:aws:sts::111122223333:assumed-role/${role}/boto`,
      audience: poolId,
    });
    expect(out.life).toBeGreaterThan(3500);
    expect(out.life).toBeLessThan(3660);
  });

  it('manages roles, documents decoded', { timeout: 60_000 }, async () => {
    const out = await python(
      `
iam = client('iam')
made = iam.create_role(RoleName='boto', AssumeRolePolicyDocument=given['trust'], Tags=[{'Key': 'a', 'Value': 'b'}])['Role']
out['arn'] = made['Arn']
out['trust'] = iam.get_role(RoleName='boto')['Role']['AssumeRolePolicyDocument']
iam.put_role_policy(RoleName='boto', PolicyName='p', PolicyDocument=given['policy'])
out['policy'] = iam.get_role_policy(RoleName='boto', PolicyName='p')['PolicyDocument']
out['conflict'] = error(lambda: iam.delete_role(RoleName='boto'))
out['exists'] = error(lambda: iam.create_role(RoleName='boto', AssumeRolePolicyDocument=given['trust']))
pages = iam.get_paginator('list_roles').paginate(PaginationConfig={'PageSize': 1})
out['roles'] = sorted(role['RoleName'] for page in pages for role in page['Roles'])
iam.delete_role_policy(RoleName='boto', PolicyName='p')
iam.delete_role(RoleName='boto')
out['gone'] = error(lambda: iam.get_role(RoleName='boto'))
`,
      {
        trust: trustPolicy(poolId),
        policy: '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"s3:*","Resource":"*"}]}',
      },
    );
    const suffix = poolId.slice(-12);
    expect(out).toEqual({
      arn: 'arn:aws:iam::111122223333:role/boto',
      trust: JSON.parse(trustPolicy(poolId)),
      policy: { Version: '2012-10-17', Statement: [{ Effect: 'Allow', Action: 's3:*', Resource: '*' }] },
      conflict: [
        'DeleteConflictException',
        'DeleteConflict',
        'Cannot delete entity, must delete policies first.',
        409,
      ],
      exists: [
        'EntityAlreadyExistsException',
        'EntityAlreadyExists',
        'Role with name boto already exists.',
        409,
      ],
      roles: ['boto', `guests-${suffix}`, `users-${suffix}`],
      gone: ['NoSuchEntityException', 'NoSuchEntity', 'The role with name boto cannot be found.', 404],
    });
  });

  it("raises AWS's exceptions", { timeout: 60_000 }, async () => {
    const out = await python(`
missing = 'us-east-1:00000000-0000-4000-8000-000000000000'
out['pool'] = error(lambda: cognito.describe_identity_pool(IdentityPoolId=missing))
token = cognito.get_open_id_token_for_developer_identity(IdentityPoolId=given['pool'], Logins={given['provider']: 'alice'})['Token']
other = cognito.get_open_id_token_for_developer_identity(IdentityPoolId=given['pool'], Logins={given['provider']: 'bob'})['IdentityId']
out['foreign'] = error(lambda: cognito.get_credentials_for_identity(IdentityId=other, Logins={'cognito-identity.amazonaws.com': token}))[:2]
nobody = dict(aws_access_key_id='nobody', aws_secret_access_key='x')
out['key'] = error(lambda: client('cognito-identity', **nobody).list_identity_pools(MaxResults=1))
out['sts'] = error(lambda: client('sts', **nobody).get_caller_identity())
pages = cognito.get_paginator('list_identity_pools').paginate(PaginationConfig={'PageSize': 1})
out['pools'] = [pool['IdentityPoolId'] for page in pages for pool in page['IdentityPools']]
`);
    const invalid = 'The security token included in the request is invalid.';
    expect(out).toEqual({
      pool: [
        'ResourceNotFoundException',
        'ResourceNotFoundException',
        "IdentityPool 'us-east-1:00000000-0000-4000-8000-000000000000' not found.",
        400,
      ],
      foreign: ['NotAuthorizedException', 'NotAuthorizedException'],
      key: ['ClientError', 'UnrecognizedClientException', invalid, 400],
      sts: ['ClientError', 'InvalidClientTokenId', invalid, 403],
      pools: [poolId],
    });
  });
});
