import { type DocumentNode, Kind, type OperationDefinitionNode, type SelectionSetNode } from 'graphql';

/** Names of the root fields that an operation selects, by the name they have in the answer. For validated documents. */
export function rootFieldsOf(
  { selectionSet }: OperationDefinitionNode,
  { definitions }: DocumentNode,
): Map<string, string> {
  const fields = new Map<string, string>();
  const visited = new Set<string>();
  const visit = ({ selections }: SelectionSetNode) => {
    for (const selection of selections) {
      if (selection.kind === Kind.FIELD) {
        fields.set(selection.alias?.value ?? selection.name.value, selection.name.value);
      } else if (selection.kind === Kind.INLINE_FRAGMENT) visit(selection.selectionSet);
      else if (!visited.has(selection.name.value)) {
        visited.add(selection.name.value);
        const fragment = definitions.find(
          (definition) =>
            definition.kind === Kind.FRAGMENT_DEFINITION && definition.name.value === selection.name.value,
        );
        if (fragment?.kind === Kind.FRAGMENT_DEFINITION) visit(fragment.selectionSet);
      }
    }
  };
  visit(selectionSet);
  return fields;
}

/** Whether nothing is asked for but the schema. */
export function asksForMetaOnly(rootFields: ReadonlyMap<string, string>): boolean {
  return [...rootFields.values()].every((name) => name.startsWith('__'));
}
