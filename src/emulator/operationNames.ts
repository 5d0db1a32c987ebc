import { iamOperations } from './iam/operations/index.ts';
import { stsOperations } from './sts/operations/index.ts';
import { inputs } from './validation/cognitoShapes.ts';

/** Every operation of Cognito, STS and IAM that is served here. */
export const operationNames: ReadonlySet<string> = new Set([
  ...Object.keys(inputs),
  ...Object.keys(stsOperations),
  ...Object.keys(iamOperations),
]);
