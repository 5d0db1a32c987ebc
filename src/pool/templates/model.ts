import type { PoolSetup } from '../poolSetup.ts';
import type { PolicyDocument } from '../trustPolicy.ts';

/** What all templates render: the set-up with references in place of what only AWS knows. */
export interface TemplateModel {
  readonly setup: PoolSetup;
  readonly roles: readonly {
    readonly key: 'authenticated' | 'unauthenticated';
    readonly roleName: string;
    readonly trustPolicy: PolicyDocument;
    readonly permissions?: PolicyDocument;
  }[];
  readonly permissionsPolicyName: string;
  readonly serverPolicy: PolicyDocument;
}
