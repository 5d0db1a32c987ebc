import { GetRoleCommand, GetRolePolicyCommand } from '@aws-sdk/client-iam';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parseStarter, starterPolicy } from '../../../src/pool/permissionsPolicy.ts';
import { poolSetup } from '../../../src/pool/poolSetup.ts';
import { describePool, rolesOf } from '../../../src/pool/pools.ts';
import { renderTemplate, type TemplateOptions, templateAccountId } from '../../../src/pool/poolTemplate.ts';
import { type ProvisionedPool, provisionPool } from '../../../src/pool/provisionPool.ts';
import { toYaml } from '../../../src/pool/templates/yaml.ts';
import { decodeDocument } from '../../../src/pool/trustPolicy.ts';
import { type Emulated, startEmulated } from './emulated.ts';

const names = {
  poolName: 'app',
  developerProviderName: 'login.app',
  allowGuests: true,
  allowClassicFlow: true,
  withTags: true,
};
const starters = [parseStarter('s3-prefix=bucket/users'), parseStarter('dynamodb-table=notes')];
const region = 'eu-west-1';

function render(change: Partial<TemplateOptions>, setup: object = {}) {
  const permissions = starterPolicy(starters, { region, accountId: templateAccountId });
  return renderTemplate(poolSetup({ ...names, region, permissions, ...setup }), {
    kind: 'cloudformation',
    format: 'json',
    withAdministration: false,
    ...change,
  });
}

/** What a deployment of the template has in place of the references, with the values of a pool that exists. */
interface Deployed {
  readonly identityPoolId: string;
  readonly accountId: string;
}

let aws: Emulated;
let made: ProvisionedPool;

beforeAll(async () => {
  aws = await startEmulated();
  const permissions = starterPolicy(starters, { region, accountId: '000000000000' });
  made = await provisionPool({ ...names, permissions }, aws.clients);
});
afterAll(() => aws.stop());

/** Everything that `pool create` made, as AWS reads it back. */
async function created() {
  const pool = await describePool(made.identityPoolId, aws.clients.cognito);
  const { Roles } = await rolesOf(made.identityPoolId, aws.clients.cognito);
  const roles = await Promise.all(
    ['app-eu-west-1-authenticated', 'app-eu-west-1-guest'].map(async (RoleName) => {
      const { Role } = await aws.clients.iam.send(new GetRoleCommand({ RoleName }));
      const policy = await aws.clients.iam
        .send(new GetRolePolicyCommand({ RoleName, PolicyName: 'cognito-graphql' }))
        .catch(() => undefined);
      return {
        name: RoleName,
        trust: decodeDocument(Role?.AssumeRolePolicyDocument),
        permissions: policy === undefined ? undefined : decodeDocument(policy.PolicyDocument),
      };
    }),
  );
  return {
    name: pool.IdentityPoolName,
    provider: pool.DeveloperProviderName,
    guests: pool.AllowUnauthenticatedIdentities,
    classic: pool.AllowClassicFlow,
    roleKeys: Object.keys(Roles ?? {}).sort(),
    roles,
  };
}

/** A CloudFormation value as CloudFormation resolves it. */
function resolved(value: unknown, deployed: Deployed): unknown {
  if (Array.isArray(value)) return value.map((item) => resolved(item, deployed));
  if (typeof value !== 'object' || value === null) return value;
  const references: Record<string, string> = {
    IdentityPool: deployed.identityPoolId,
    'AWS::AccountId': deployed.accountId,
  };
  const { Ref, 'Fn::Sub': sub } = value as { Ref?: string; 'Fn::Sub'?: string };
  if (Ref !== undefined) return references[Ref];
  if (sub !== undefined) {
    return sub.replaceAll(/\$\{(!?)([^}]*)\}/g, (_, literal, name) =>
      literal === '!' ? `\${${name}}` : (references[name] ?? `unknown ${name}`),
    );
  }
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, resolved(item, deployed)]));
}

function fromCloudFormation(template: string) {
  // biome-ignore lint/suspicious/noExplicitAny: a template has no type
  const { Resources } = resolved(JSON.parse(template), made) as any;
  const pool = Resources.IdentityPool.Properties;
  return {
    name: pool.IdentityPoolName,
    provider: pool.DeveloperProviderName,
    guests: pool.AllowUnauthenticatedIdentities,
    classic: pool.AllowClassicFlow,
    roleKeys: Object.keys(Resources.IdentityPoolRoles.Properties.Roles).sort(),
    roles: ['AuthenticatedRole', 'GuestRole'].map((key) => ({
      name: Resources[key].Properties.RoleName,
      trust: Resources[key].Properties.AssumeRolePolicyDocument,
      permissions: Resources[key].Properties.Policies?.[0].PolicyDocument,
    })),
  };
}

/** A Terraform text as Terraform resolves it. */
function fromTerraform(source: string) {
  const references: Record<string, string> = {
    'data.aws_caller_identity.current.account_id': made.accountId,
    'aws_cognito_identity_pool.pool.id': made.identityPoolId,
  };
  const text = source.replaceAll(/(\$?)\$\{([^}]*)\}/g, (_, doubled, name) =>
    doubled === '' ? (references[name] ?? `unknown ${name}`) : `\${${name}}`,
  );
  const block = (type: string, name: string) =>
    new RegExp(`resource "${type}" "${name}" \\{\\n([\\s\\S]*?)\\n\\}(?:\\n|$)`).exec(text)?.[1] ?? '';
  const attribute = (of: string, name: string) => new RegExp(`^  ${name} += (.*)$`, 'm').exec(of)?.[1] ?? '';
  const document = (of: string) => {
    const json = /jsonencode\(([\s\S]*)\)$/.exec(of)?.[1];
    return json === undefined ? undefined : JSON.parse(json);
  };
  const pool = block('aws_cognito_identity_pool', 'pool');
  return {
    name: JSON.parse(attribute(pool, 'identity_pool_name')),
    provider: JSON.parse(attribute(pool, 'developer_provider_name')),
    guests: attribute(pool, 'allow_unauthenticated_identities') === 'true',
    classic: attribute(pool, 'allow_classic_flow') === 'true',
    roleKeys: [...block('aws_cognito_identity_pool_roles_attachment', 'roles').matchAll(/"(\w+)" = /g)]
      .map(([, key]) => key)
      .sort(),
    roles: ['authenticated', 'guest'].map((key) => {
      const role = block('aws_iam_role', key);
      return {
        name: JSON.parse(attribute(role, 'name')),
        trust: document(role),
        permissions: document(block('aws_iam_role_policy', key)),
      };
    }),
  };
}

describe('templates', () => {
  it('for CloudFormation describe what pool create makes', async () => {
    expect(fromCloudFormation(render({}))).toEqual(await created());
  });

  it('for Terraform describe what pool create makes', async () => {
    expect(fromTerraform(render({ kind: 'terraform' }))).toEqual(await created());
  });

  it('for CDK hold the resources of the CloudFormation one', () => {
    const source = render({ kind: 'cdk' });
    const { Resources } = JSON.parse(render({}));
    for (const [name, { Type, Properties }] of Object.entries<{ Type: string; Properties: object }>(
      Resources,
    )) {
      const start = source.indexOf(`new CfnResource(this, '${name}'`);
      const text = source.slice(start, source.indexOf('overrideLogicalId', start));
      expect(text).toContain(`type: '${Type}'`);
      const properties = /properties: (\{[\s\S]*\}),\n {4}\}\);/.exec(text)?.[1] ?? '';
      expect(JSON.parse(properties)).toEqual(Properties);
    }
  });

  it('give the server the policy for this pool alone', () => {
    const { Resources } = JSON.parse(render({ withAdministration: true }));
    const policy = JSON.stringify(resolved(Resources.ServerPolicy.Properties.PolicyDocument, made));
    const arn = `arn:aws:cognito-identity:eu-west-1:000000000000:identitypool/${made.identityPoolId}`;
    expect(policy).toContain(`"Resource":"${arn}"`);
    expect(policy).toContain(`"cognito-identity:IdentityPoolArn":"${arn}"`);
    expect(policy).toContain('cognito-identity:DeleteIdentities');
    expect(render({})).not.toContain('DeleteIdentities');
  });

  it('have no guest role, no permissions and no tags unless asked for', () => {
    const setup = { allowGuests: false, withTags: false, permissions: undefined };
    const text = render({}, setup);
    expect(Object.keys(JSON.parse(text).Resources)).toEqual([
      'IdentityPool',
      'AuthenticatedRole',
      'IdentityPoolRoles',
      'ServerPolicy',
    ]);
    expect(text).not.toMatch(/TagSession|Policies/);
  });

  it.each(['cn-north-1', 'us-gov-west-1'])('use the partition of %s', (other) => {
    const partition = other === 'cn-north-1' ? 'aws-cn' : 'aws-us-gov';
    for (const kind of ['cloudformation', 'terraform', 'cdk'] as const) {
      expect(render({ kind }, { region: other, permissions: undefined })).toContain(
        `arn:${partition}:cognito-identity:${other}:`,
      );
    }
  });
});

describe('toYaml', () => {
  it('writes blocks with quoted texts', () => {
    const value = { A: { 'Fn::Sub': 'x: $y', list: [1, { b: [], c: {} }, ['d']], on: true, z: null } };
    expect(toYaml(value)).toBe(
      [
        'A:',
        '  "Fn::Sub": "x: $y"',
        '  list:',
        '    - 1',
        '    - b: []',
        '      c: {}',
        '    - - "d"',
        '  "on": true',
        '  z: null',
      ].join('\n'),
    );
  });
});
