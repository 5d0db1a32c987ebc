import { partitionOf } from '../../lib/partition.ts';
import type { TemplateModel } from './model.ts';
import { mapTexts, pieces, poolArn, type Reference } from './references.ts';

const resourceNames = { authenticated: 'authenticated', unauthenticated: 'guest' } as const;

/** The set-up as a Terraform configuration. */
export function terraformSource(model: TemplateModel): string {
  const { setup, roles } = model;
  const text = (value: string) => JSON.stringify(escaped(value));
  const document = (value: unknown) =>
    `jsonencode(${indentMore(
      JSON.stringify(
        mapTexts(value, (item) => expression(item, setup.region)),
        null,
        2,
      ),
    )})`;
  const blocks = [
    `terraform {
  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = ">= 5.0"
    }
  }
}`,
    'data "aws_caller_identity" "current" {}',
    `resource "aws_cognito_identity_pool" "pool" {
  identity_pool_name               = ${text(setup.poolName)}
  developer_provider_name          = ${text(setup.developerProviderName)}
  allow_unauthenticated_identities = ${setup.allowGuests}
  allow_classic_flow               = ${setup.allowClassicFlow}
}`,
    ...roles.flatMap(({ key, roleName, trustPolicy, permissions }) => [
      `resource "aws_iam_role" "${resourceNames[key]}" {
  name               = ${text(roleName)}
  assume_role_policy = ${document(trustPolicy)}
}`,
      ...(permissions === undefined
        ? []
        : [
            `resource "aws_iam_role_policy" "${resourceNames[key]}" {
  name   = ${text(model.permissionsPolicyName)}
  role   = aws_iam_role.${resourceNames[key]}.id
  policy = ${document(permissions)}
}`,
          ]),
    ]),
    `resource "aws_cognito_identity_pool_roles_attachment" "roles" {
  identity_pool_id = aws_cognito_identity_pool.pool.id
  roles = {
${roles.map(({ key }) => `    ${JSON.stringify(key)} = aws_iam_role.${resourceNames[key]}.arn`).join('\n')}
  }
}`,
    `resource "aws_iam_policy" "server" {
  description = "What the token server needs of Cognito."
  policy      = ${document(model.serverPolicy)}
}`,
    'output "COGNITO_IDENTITY_POOL_ID" {\n  value = aws_cognito_identity_pool.pool.id\n}',
    `output "COGNITO_DEVELOPER_PROVIDER_NAME" {\n  value = ${text(setup.developerProviderName)}\n}`,
    'output "server_policy_arn" {\n  value = aws_iam_policy.server.arn\n}',
  ];
  return `${blocks.join('\n\n')}\n`;
}

const indentMore = (json: string) => json.replaceAll('\n', '\n  ');

/** Terraform reads `${` and `%{` as its own. */
const escaped = (text: string) => text.replaceAll(/[$%](?=\{)/g, (sign) => sign + sign);

function expression(text: string, region: string): string {
  return pieces(text)
    .map((part) => ('literal' in part ? escaped(part.literal) : substitution(part.reference, region)))
    .join('');
}

function substitution(reference: Reference, region: string): string {
  const account = `\${data.aws_caller_identity.current.account_id}`;
  const pool = `\${aws_cognito_identity_pool.pool.id}`;
  if (reference === '@@account-id@@') return account;
  return reference === '@@pool-id@@' ? pool : poolArn(partitionOf(region).arn, region, account, pool);
}
