import { GraphQLError, type OperationDefinitionNode, type ValidationRule } from 'graphql';
import { defaultOperationLimits, type OperationLimits } from './operationLimits.ts';
import { OperationMeter, type SelectionSize } from './operationSize.ts';

/**
 * A validation rule that refuses operations which ask for too much, before anything is executed.
 *
 * Every operation of the document is measured, whichever is going to be run. The messages name the limit and nothing of the document.
 * The number of tokens is for the parser: see `parseOptionsFor`. Throws RangeError for a limit that is no whole number of 1 or more.
 */
export function limitOperations(changes: Partial<OperationLimits> = {}): ValidationRule {
  const limits = { ...defaultOperationLimits, ...changes };
  checkLimits(limits);
  const watched = new Set(limits.onlyOnceAltogether);
  return (context) => {
    const meter = new OperationMeter((name) => context.getFragment(name), watched);
    return {
      OperationDefinition(operation) {
        const size = meter.measure(operation.selectionSet);
        for (const message of problemsOf(operation, size, limits)) {
          const extensions = { code: 'GRAPHQL_VALIDATION_FAILED' };
          context.reportError(new GraphQLError(message, { nodes: operation, extensions }));
        }
        return false;
      },
      FragmentDefinition: () => false,
    };
  };
}

function problemsOf(
  operation: OperationDefinitionNode,
  size: SelectionSize,
  limits: OperationLimits,
): string[] {
  const { introspection } = limits;
  const limited: [number, number, string][] = [
    [size.depth, limits.maxDepth, 'levels of fields'],
    [size.aliases, limits.maxAliases, 'aliases'],
    [size.topFields, limits.maxRootFields, 'root fields'],
    [size.fields, limits.maxFields, 'fields'],
    [size.spreads, limits.maxFragmentSpreads, 'fragment spreads'],
    [size.directives + directivesOf(operation), limits.maxDirectives, 'directives'],
    [size.introspection.depth, introspection.maxDepth, 'levels of introspection fields'],
    [size.introspection.fields, introspection.maxFields, 'introspection fields'],
  ];
  const problems = limited
    .filter(([amount, limit]) => amount > limit)
    .map(([, limit, what]) => `The operation has more than ${limit} ${what}.`);
  if (size.watchedTopFields > 1) {
    problems.push(`The operation may have one of ${limits.onlyOnceAltogether.join(', ')}, and only once.`);
  }
  return problems;
}

function directivesOf(operation: OperationDefinitionNode): number {
  const variables = operation.variableDefinitions ?? [];
  return variables.reduce(
    (sum, variable) => sum + (variable.directives?.length ?? 0),
    operation.directives?.length ?? 0,
  );
}

function checkLimits(limits: OperationLimits): void {
  const { onlyOnceAltogether: _, introspection, ...numbers } = limits;
  const all = {
    ...numbers,
    'introspection.maxDepth': introspection.maxDepth,
    'introspection.maxFields': introspection.maxFields,
  };
  for (const [name, limit] of Object.entries(all)) {
    if (!Number.isInteger(limit) || limit < 1)
      throw new RangeError(`${name} must be a whole number of 1 or more`);
  }
}
