import { poolSetup } from '../pool/poolSetup.ts';
import { renderTemplate, type TemplateKind, templateAccountId, templateKinds } from '../pool/poolTemplate.ts';
import { UsageError } from './failure.ts';
import { namesOf, permissionsOf, type SetupOptions } from './setupOptions.ts';
import type { Terminal } from './terminal.ts';

export interface PoolTemplateOptions extends SetupOptions {
  readonly region?: string;
  readonly format: 'yaml' | 'json';
  readonly administration?: boolean;
}

/** Prints the set-up of `pool create` for CloudFormation, Terraform or CDK. */
export async function poolTemplate(
  kind: string,
  options: PoolTemplateOptions,
  terminal: Terminal,
): Promise<void> {
  if (!isKind(kind)) throw new UsageError(`The kind of template must be one of ${templateKinds.join(', ')}.`);
  const region = options.region ?? terminal.env['AWS_REGION'];
  if (region === undefined || region === '') {
    throw new UsageError(
      'No AWS Region is known. Use --region or set AWS_REGION: trust policies differ by partition.',
    );
  }
  const permissions = await permissionsOf(options, { region, accountId: templateAccountId });
  const setup = poolSetup({ ...namesOf(options), ...permissions, region });
  terminal.stdout.write(
    renderTemplate(setup, {
      kind,
      format: options.format,
      withAdministration: options.administration ?? false,
    }),
  );
}

const isKind = (kind: string): kind is TemplateKind => (templateKinds as readonly string[]).includes(kind);
