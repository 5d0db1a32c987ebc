import type { Resource } from './poolErrors.ts';

/** One step that is behind us. */
export interface ProvisionStep {
  readonly what: Resource['kind'];
  readonly result: 'created' | 'changed' | 'unchanged';
  /** Id or ARN. */
  readonly id: string;
}
