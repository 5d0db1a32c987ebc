/**
 * Makes an error that holds no stack. For refusals that come by the hundred when there is least time for them: written out, as GraphQL
 * does with every error, the stack costs more than the rest of the refusal, and says nothing but that there was one.
 */
export function withoutStack<T extends Error>(make: () => T): T {
  const limit = Error.stackTraceLimit;
  Error.stackTraceLimit = 0;
  try {
    return make();
  } finally {
    Error.stackTraceLimit = limit;
  }
}
