/** What one operation may ask for. Fields of fragments count wherever the fragment is spread. */
export interface OperationLimits {
  /** Most lexical tokens of the whole document, 1 or more; checked while it is parsed. Default 2,000. */
  readonly maxTokens: number;
  /** Deepest nesting of fields, 1 or more. Default 10; the deepest document of `schema/operations` has 6. */
  readonly maxDepth: number;
  /** Most fields with an alias. Default 15. */
  readonly maxAliases: number;
  /** Most fields at the root of the operation, equal ones counted each time. Default 10. */
  readonly maxRootFields: number;
  /** Most fields altogether. Default 250. */
  readonly maxFields: number;
  /** Most spreads of named fragments. Default 30. */
  readonly maxFragmentSpreads: number;
  /** Most directives. Default 20. */
  readonly maxDirectives: number;
  /**
   * Below `__schema` and `__type`, which explorers ask for outside production: deepest nesting (default 20) and most fields
   * (default 1,500). The query of graphql-js has 13 levels and about 300 fields.
   */
  readonly introspection: { readonly maxDepth: number; readonly maxFields: number };
  /** Root fields of which an operation may have one altogether. Default the mutations that issue credentials. */
  readonly onlyOnceAltogether: readonly string[];
}

export const defaultOperationLimits: OperationLimits = {
  maxTokens: 2_000,
  maxDepth: 10,
  maxAliases: 15,
  maxRootFields: 10,
  maxFields: 250,
  maxFragmentSpreads: 30,
  maxDirectives: 20,
  introspection: { maxDepth: 20, maxFields: 1_500 },
  onlyOnceAltogether: ['cognitoCredentials', 'linkGuestIdentity'],
};

/** For graphql's `parse`: a document with too many tokens is given up in the middle, before anything is built from it. */
export function parseOptionsFor(limits: Pick<OperationLimits, 'maxTokens'>): { maxTokens: number } {
  return { maxTokens: limits.maxTokens };
}
