import { type GraphQLResolveInfo, getNamedType, isObjectType } from 'graphql';
import { collectSubfields } from 'graphql/execution/collectFields.js';

/** Whether the operation asks the resolved field for `subfield`: through fragments, and with @skip and @include heeded. */
export function selects(info: GraphQLResolveInfo, subfield: string): boolean {
  const type = getNamedType(info.returnType);
  if (!isObjectType(type)) return false;
  const fields = collectSubfields(info.schema, info.fragments, info.variableValues, type, info.fieldNodes);
  return [...fields.values()].some((nodes) => nodes.some((node) => node.name.value === subfield));
}
