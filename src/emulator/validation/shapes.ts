/**
 * Shapes as data: what a member may look like on the wire. The request types of the operations are inferred from these tables,
 * so that a constraint and a type cannot disagree.
 */
export interface StringShape<T extends string = string> {
  readonly type: 'string';
  readonly min?: number;
  readonly max?: number;
  /** The expression as AWS prints it, and the one that is run (whole match). */
  readonly pattern?: { readonly printed: string; readonly expression: RegExp };
  readonly values?: readonly T[];
  /** A sensitive value is never repeated in an error. */
  readonly sensitive?: boolean;
}
export interface NumberShape {
  readonly type: 'long' | 'integer';
  readonly min?: number;
  readonly max?: number;
}
export interface BooleanShape {
  readonly type: 'boolean';
}
export interface ListShape<M extends Shape = Shape> {
  readonly type: 'list';
  readonly member: M;
  readonly min?: number;
  readonly max?: number;
}
export interface MapShape<V extends Shape = Shape> {
  readonly type: 'map';
  readonly key: StringShape;
  readonly value: V;
  readonly max?: number;
}
export interface StructureShape<M extends Members = Members> {
  readonly type: 'structure';
  readonly members: M;
}
export type Shape =
  | StringShape
  | NumberShape
  | BooleanShape
  | ListShape
  | MapShape
  // biome-ignore lint/suspicious/noExplicitAny: a recursive shape cannot name its own members
  | StructureShape<any>;

export interface Member<S extends Shape = Shape, R extends boolean = boolean> {
  readonly shape: S;
  readonly required: R;
}
export type Members = Readonly<Record<string, Member>>;

/** The TypeScript type of a validated value. */
export type Infer<S> =
  S extends StringShape<infer T>
    ? T
    : S extends NumberShape
      ? number
      : S extends BooleanShape
        ? boolean
        : S extends ListShape<infer M>
          ? readonly Infer<M>[]
          : S extends MapShape<infer V>
            ? Readonly<Record<string, Infer<V>>>
            : S extends StructureShape<infer M>
              ? InferMembers<M>
              : never;

type InferMembers<M extends Members> = {
  readonly [K in keyof M as M[K]['required'] extends true ? K : never]: Infer<M[K]['shape']>;
} & { readonly [K in keyof M as M[K]['required'] extends true ? never : K]?: Infer<M[K]['shape']> };

type StringRules = Omit<StringShape, 'type' | 'pattern' | 'values'>;

export const string = (rules: StringRules & { pattern?: [printed: string, expression: RegExp] } = {}) => {
  const { pattern, ...rest } = rules;
  return {
    type: 'string',
    ...rest,
    ...(pattern && { pattern: { printed: pattern[0], expression: pattern[1] } }),
  } as StringShape;
};
export const oneOf = <const T extends string>(...values: readonly T[]): StringShape<T> => ({
  type: 'string',
  values,
});
export const long = (min: number, max: number): NumberShape => ({ type: 'long', min, max });
export const integer = (min: number, max: number): NumberShape => ({ type: 'integer', min, max });
export const boolean: BooleanShape = { type: 'boolean' };
export const list = <M extends Shape>(
  member: M,
  bounds: { min?: number; max?: number } = {},
): ListShape<M> => ({
  type: 'list',
  member,
  ...bounds,
});
export const map = <V extends Shape>(
  key: StringShape,
  value: V,
  bounds: { max?: number } = {},
): MapShape<V> => ({ type: 'map', key, value, ...bounds });
export const structure = <const M extends Members>(members: M): StructureShape<M> => ({
  type: 'structure',
  members,
});
export const required = <S extends Shape>(shape: S): Member<S, true> => ({ shape, required: true });
export const optional = <S extends Shape>(shape: S): Member<S, false> => ({ shape, required: false });
