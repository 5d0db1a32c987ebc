export { limitOperations } from './limitOperations.ts';
export type { OperationLimits } from './operationLimits.ts';
export { defaultOperationLimits, parseOptionsFor } from './operationLimits.ts';
