/** One change to one file that takes a guard away. */
export interface Mutant {
  readonly file: string;
  /** Where the replaced text begins. */
  readonly offset: number;
  readonly from: string;
  readonly to: string;
}

/** A mutant whose place is still to be found; what it replaces stands in the file once. */
export type Change = Omit<Mutant, 'offset'>;

/** Every `if` of a source, each with a condition that is never true. */
export function conditionMutants(file: string, source: string): Mutant[] {
  const mutants: Mutant[] = [];
  for (const { index } of source.matchAll(/(?<=^\s*(?:else )?)if \(/gm)) {
    const start = index + 'if ('.length;
    let depth = 1;
    let end = start;
    while (depth > 0) {
      if (source[end] === '(') depth++;
      if (source[end] === ')') depth--;
      end++;
    }
    mutants.push({ file, offset: start, from: source.slice(start, end - 1), to: 'false' });
  }
  return mutants;
}

/** A hand-kept change at its place, which must be the only one. */
export function locate(change: Change, source: string): Mutant {
  const offset = source.indexOf(change.from);
  if (offset < 0 || source.includes(change.from, offset + 1)) {
    throw new Error(`${change.file} must hold exactly once: ${change.from}`);
  }
  return { ...change, offset };
}
