import { serverPolicy } from './permissionsPolicy.ts';
import type { PoolSetup } from './poolSetup.ts';
import { permissionsPolicyName } from './poolSetup.ts';
import { cdkSource } from './templates/cdk.ts';
import { cloudFormationTemplate } from './templates/cloudFormation.ts';
import type { TemplateModel } from './templates/model.ts';
import { accountReference, poolArnReference, poolReference } from './templates/references.ts';
import { terraformSource } from './templates/terraform.ts';
import { toYaml } from './templates/yaml.ts';
import { trustPolicy } from './trustPolicy.ts';

export const templateKinds = ['cloudformation', 'terraform', 'cdk'] as const;
export type TemplateKind = (typeof templateKinds)[number];

export function templateModel(setup: PoolSetup, withAdministration: boolean): TemplateModel {
  return {
    setup,
    roles: setup.roles.map(({ key, roleName, trust, permissions }) => ({
      key,
      roleName,
      trustPolicy: trustPolicy({ ...trust, identityPoolId: poolReference }),
      ...(permissions === undefined ? {} : { permissions }),
    })),
    permissionsPolicyName,
    serverPolicy: serverPolicy({ poolArn: poolArnReference, withAdministration }),
  };
}

export interface TemplateOptions {
  readonly kind: TemplateKind;
  /** Of CloudFormation only. */
  readonly format: 'yaml' | 'json';
  /** Whether the server's policy allows merging, unlinking and deleting. */
  readonly withAdministration: boolean;
}

/** The set-up for people who keep their infrastructure in code. */
export function renderTemplate(
  setup: PoolSetup,
  { kind, format, withAdministration }: TemplateOptions,
): string {
  const model = templateModel(setup, withAdministration);
  if (kind === 'terraform') return terraformSource(model);
  if (kind === 'cdk') return cdkSource(model);
  const template = cloudFormationTemplate(model);
  return format === 'json' ? `${JSON.stringify(template, null, 2)}\n` : `${toYaml(template)}\n`;
}

/** Stands for the account wherever a permissions policy names it. */
export const templateAccountId = accountReference;
