/** The operations as typed syntax trees, for Apollo Client, urql and whatever else takes a `DocumentNode`. */
export * from './generated/documents.ts';
