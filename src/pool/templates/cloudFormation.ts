import { partitionOf } from '../../lib/partition.ts';
import type { TemplateModel } from './model.ts';
import { mapTexts, pieces, poolArn, type Reference } from './references.ts';

const resourceNames = { authenticated: 'AuthenticatedRole', unauthenticated: 'GuestRole' } as const;

/** The set-up as an AWS CloudFormation template. */
export function cloudFormationTemplate(model: TemplateModel): Readonly<Record<string, unknown>> {
  const { setup, roles } = model;
  const resolve = (value: unknown) => mapTexts(value, (text) => expression(text, setup.region));
  const roleResources = roles.map(
    ({ key, roleName, trustPolicy, permissions }) =>
      [
        resourceNames[key],
        {
          Type: 'AWS::IAM::Role',
          Properties: {
            RoleName: roleName,
            AssumeRolePolicyDocument: resolve(trustPolicy),
            ...(permissions === undefined
              ? {}
              : {
                  Policies: [
                    { PolicyName: model.permissionsPolicyName, PolicyDocument: resolve(permissions) },
                  ],
                }),
          },
        },
      ] as const,
  );
  return {
    AWSTemplateFormatVersion: '2010-09-09',
    Description:
      'Identity pool for developer authenticated identities, its roles, and the policy of the server.',
    Resources: {
      IdentityPool: {
        Type: 'AWS::Cognito::IdentityPool',
        Properties: {
          IdentityPoolName: setup.poolName,
          DeveloperProviderName: setup.developerProviderName,
          AllowUnauthenticatedIdentities: setup.allowGuests,
          AllowClassicFlow: setup.allowClassicFlow,
        },
      },
      ...Object.fromEntries(roleResources),
      IdentityPoolRoles: {
        Type: 'AWS::Cognito::IdentityPoolRoleAttachment',
        Properties: {
          IdentityPoolId: { Ref: 'IdentityPool' },
          Roles: Object.fromEntries(
            roles.map(({ key }) => [key, { 'Fn::GetAtt': [resourceNames[key], 'Arn'] }]),
          ),
        },
      },
      ServerPolicy: {
        Type: 'AWS::IAM::ManagedPolicy',
        Properties: {
          Description: 'What the token server needs of Cognito.',
          PolicyDocument: resolve(model.serverPolicy),
        },
      },
    },
    Outputs: {
      IdentityPoolId: { Description: 'COGNITO_IDENTITY_POOL_ID', Value: { Ref: 'IdentityPool' } },
      DeveloperProviderName: {
        Description: 'COGNITO_DEVELOPER_PROVIDER_NAME',
        Value: setup.developerProviderName,
      },
      ServerPolicyArn: {
        Description: 'Attach it to the role of the server.',
        Value: { Ref: 'ServerPolicy' },
      },
    },
  };
}

/** `Ref` for a reference alone, `Fn::Sub` for one inside a text; IAM's own `${…}` stays as it is. */
function expression(text: string, region: string): unknown {
  const parts = pieces(text);
  const [only] = parts;
  if (parts.length === 1 && only !== undefined && 'reference' in only && only.reference !== '@@pool-arn@@') {
    return { Ref: names[only.reference] };
  }
  if (!parts.some((part) => 'reference' in part)) return text;
  const sub = parts.map((part) =>
    'literal' in part ? part.literal.replaceAll('${', '${!') : substitution(part.reference, region),
  );
  return { 'Fn::Sub': sub.join('') };
}

const names = { '@@pool-id@@': 'IdentityPool', '@@account-id@@': 'AWS::AccountId' } as const;

function substitution(reference: Reference, region: string): string {
  if (reference !== '@@pool-arn@@') return `\${${names[reference]}}`;
  return poolArn(partitionOf(region).arn, region, `\${AWS::AccountId}`, `\${IdentityPool}`);
}
