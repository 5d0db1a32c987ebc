import { type FragmentDefinitionNode, Kind, type SelectionNode, type SelectionSetNode } from 'graphql';

/** What a selection set adds up to, its fragments included. */
export interface SelectionSize {
  /** Levels of fields: 1 for a field without a selection. */
  readonly depth: number;
  readonly fields: number;
  readonly aliases: number;
  readonly spreads: number;
  readonly directives: number;
  /** Fields right here, as opposed to those nested in them. */
  readonly topFields: number;
  /** How many of those carry one of the watched names, under whatever alias. */
  readonly watchedTopFields: number;
  /** The same for what stands below `__schema` and `__type`, which is counted nowhere else. */
  readonly introspection: { readonly depth: number; readonly fields: number };
}

const nothing: SelectionSize = {
  depth: 0,
  fields: 0,
  aliases: 0,
  spreads: 0,
  directives: 0,
  topFields: 0,
  watchedTopFields: 0,
  introspection: { depth: 0, fields: 0 },
};

/**
 * Measures selection sets of one document. Each fragment is measured once, however often it is spread, so that the work grows with
 * the document and not with what the document expands to; the numbers themselves may grow to Infinity.
 */
export class OperationMeter {
  readonly #fragment: (name: string) => FragmentDefinitionNode | null | undefined;
  readonly #watched: ReadonlySet<string>;
  readonly #known = new Map<string, SelectionSize>();

  constructor(
    fragment: (name: string) => FragmentDefinitionNode | null | undefined,
    watched: ReadonlySet<string>,
  ) {
    this.#fragment = fragment;
    this.#watched = watched;
  }

  measure({ selections }: SelectionSetNode): SelectionSize {
    return selections.map((selection) => this.#measureSelection(selection)).reduce(beside, nothing);
  }

  #measureSelection(selection: SelectionNode): SelectionSize {
    const directives = selection.directives?.length ?? 0;
    switch (selection.kind) {
      case Kind.INLINE_FRAGMENT:
        return beside(this.measure(selection.selectionSet), { ...nothing, directives });
      case Kind.FRAGMENT_SPREAD:
        return beside(this.#measureFragment(selection.name.value), { ...nothing, spreads: 1, directives });
      case Kind.FIELD: {
        const name = selection.name.value;
        const inner = selection.selectionSet === undefined ? nothing : this.measure(selection.selectionSet);
        const field = {
          ...nothing,
          depth: 1,
          fields: 1,
          aliases: selection.alias === undefined ? 0 : 1,
          directives,
          topFields: 1,
          watchedTopFields: this.#watched.has(name) ? 1 : 0,
        };
        return name === '__schema' || name === '__type' ? asideBelow(field, inner) : below(field, inner);
      }
    }
  }

  #measureFragment(name: string): SelectionSize {
    const known = this.#known.get(name);
    if (known !== undefined) return known;
    // While a fragment is being measured it counts nothing: cycles, and fragments that are missing, are for other rules to report.
    this.#known.set(name, nothing);
    const fragment = this.#fragment(name);
    if (fragment === null || fragment === undefined) return nothing;
    const directives = fragment.directives?.length ?? 0;
    const size = beside(this.measure(fragment.selectionSet), { ...nothing, directives });
    this.#known.set(name, size);
    return size;
  }
}

/** Two selections of one set. */
function beside(one: SelectionSize, other: SelectionSize): SelectionSize {
  return {
    depth: Math.max(one.depth, other.depth),
    fields: one.fields + other.fields,
    aliases: one.aliases + other.aliases,
    spreads: one.spreads + other.spreads,
    directives: one.directives + other.directives,
    topFields: one.topFields + other.topFields,
    watchedTopFields: one.watchedTopFields + other.watchedTopFields,
    introspection: {
      depth: Math.max(one.introspection.depth, other.introspection.depth),
      fields: one.introspection.fields + other.introspection.fields,
    },
  };
}

/** A field and its own selection set. */
function below(field: SelectionSize, inner: SelectionSize): SelectionSize {
  return {
    ...beside(field, inner),
    depth: 1 + inner.depth,
    topFields: field.topFields,
    watchedTopFields: field.watchedTopFields,
  };
}

/** `__schema` or `__type` and its selection set: depth, fields and spreads of the latter are entered on the account of introspection. */
function asideBelow(field: SelectionSize, inner: SelectionSize): SelectionSize {
  return {
    ...field,
    aliases: field.aliases + inner.aliases,
    directives: field.directives + inner.directives,
    introspection: {
      depth: 1 + Math.max(inner.depth, inner.introspection.depth),
      fields: inner.fields + inner.introspection.fields,
    },
  };
}
