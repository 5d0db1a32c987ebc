import { cloudFormationTemplate } from './cloudFormation.ts';
import type { TemplateModel } from './model.ts';

interface TemplateResource {
  readonly Type: string;
  readonly Properties: Readonly<Record<string, unknown>>;
}

/**
 * The set-up as a construct of AWS CDK v2 in TypeScript. It includes the very resources of the CloudFormation template, so that the
 * two cannot differ.
 */
export function cdkSource(model: TemplateModel): string {
  const { Resources } = cloudFormationTemplate(model) as { Resources: Record<string, TemplateResource> };
  const resources = Object.entries(Resources).map(([name, { Type, Properties }]) => {
    const properties = JSON.stringify(Properties, null, 2).replaceAll('\n', '\n      ');
    return `    const ${variable(name)} = new CfnResource(this, '${name}', {
      type: '${Type}',
      properties: ${properties},
    });
    ${variable(name)}.overrideLogicalId('${name}');`;
  });
  return `import { CfnOutput, CfnResource, Stack, type StackProps } from 'aws-cdk-lib';
import type { Construct } from 'constructs';

/** Identity pool for developer authenticated identities, its roles, and the policy of the server. */
export class IdentityPoolStack extends Stack {
  constructor(scope: Construct, id: string, props?: StackProps) {
    super(scope, id, props);
${resources.join('\n')}
    new CfnOutput(this, 'IdentityPoolId', { value: identityPool.ref });
    new CfnOutput(this, 'DeveloperProviderName', { value: ${JSON.stringify(model.setup.developerProviderName)} });
    new CfnOutput(this, 'ServerPolicyArn', { value: serverPolicy.ref });
  }
}
`;
}

const variable = (name: string) => name.charAt(0).toLowerCase() + name.slice(1);
