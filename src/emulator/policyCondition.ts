type Context = Readonly<Record<string, readonly string[]>>;
type Test = (value: string, expected: string) => boolean;

interface Operator {
  readonly test: Test;
  /** `StringNotEquals` and its like: true when none of the listed values matches, and when the key is absent. */
  readonly negated: boolean;
}

const ignoreCase =
  (test: Test): Test =>
  (value, expected) =>
    test(value.toLowerCase(), expected.toLowerCase());
const equals: Test = (value, expected) => value === expected;
const like: Test = (value, pattern) => matchesWildcard(pattern, value);
const numeric =
  (test: (a: number, b: number) => boolean, read: (text: string) => number = Number): Test =>
  (value, expected) =>
    test(read(value), read(expected));
const readDate = (text: string) => (/^\d+$/.test(text) ? Number(text) * 1000 : Date.parse(text));

/** ARNs are compared part by part, so that a `*` does not reach across a colon. */
const arnLike: Test = (value, pattern) => {
  const split = (arn: string) => {
    const parts = arn.split(':');
    return [...parts.slice(0, 5), parts.slice(5).join(':')];
  };
  const [values, patterns] = [split(value), split(pattern)];
  return values.every((part, index) => matchesWildcard(patterns[index] ?? '', part));
};

const operators: Readonly<Record<string, Operator>> = {
  StringEquals: { test: equals, negated: false },
  StringNotEquals: { test: equals, negated: true },
  StringEqualsIgnoreCase: { test: ignoreCase(equals), negated: false },
  StringNotEqualsIgnoreCase: { test: ignoreCase(equals), negated: true },
  StringLike: { test: like, negated: false },
  StringNotLike: { test: like, negated: true },
  Bool: { test: ignoreCase(equals), negated: false },
  NumericEquals: { test: numeric((a, b) => a === b), negated: false },
  NumericNotEquals: { test: numeric((a, b) => a === b), negated: true },
  NumericLessThan: { test: numeric((a, b) => a < b), negated: false },
  NumericLessThanEquals: { test: numeric((a, b) => a <= b), negated: false },
  NumericGreaterThan: { test: numeric((a, b) => a > b), negated: false },
  NumericGreaterThanEquals: { test: numeric((a, b) => a >= b), negated: false },
  DateEquals: { test: numeric((a, b) => a === b, readDate), negated: false },
  DateNotEquals: { test: numeric((a, b) => a === b, readDate), negated: true },
  DateLessThan: { test: numeric((a, b) => a < b, readDate), negated: false },
  DateLessThanEquals: { test: numeric((a, b) => a <= b, readDate), negated: false },
  DateGreaterThan: { test: numeric((a, b) => a > b, readDate), negated: false },
  DateGreaterThanEquals: { test: numeric((a, b) => a >= b, readDate), negated: false },
  ArnEquals: { test: arnLike, negated: false },
  ArnLike: { test: arnLike, negated: false },
  ArnNotEquals: { test: arnLike, negated: true },
  ArnNotLike: { test: arnLike, negated: true },
};

/** Operators that IAM accepts in a document and that are not evaluated here. */
const notEvaluated = new Set(['IpAddress', 'NotIpAddress', 'BinaryEquals']);
const operatorForm = /^(?:(ForAnyValue|ForAllValues):)?(\w+?)(IfExists)?$/;

/** Whether IAM knows the operator, with or without `ForAnyValue:`, `ForAllValues:` and `IfExists`. */
export function isConditionOperator(text: string): boolean {
  const [, set, name = '', ifExists] = operatorForm.exec(text) ?? [];
  if (name === 'Null') return !set && !ifExists;
  return Object.hasOwn(operators, name) || notEvaluated.has(name);
}

/**
 * Whether the whole Condition element holds: every operator, every key in it, one of the values of each.
 *
 * @param undecided what to answer for a condition that cannot be evaluated, so that it never helps the caller
 * @see https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html
 * @see https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-single-vs-multi-valued-context-keys.html
 */
export function conditionHolds(condition: unknown, context: Context, undecided: boolean): boolean {
  if (condition === undefined) return true;
  if (typeof condition !== 'object' || condition === null) return undecided;
  const lookUp = lookUpIn(context);
  return Object.entries(condition).every(([operator, keys]) =>
    typeof keys === 'object' && keys !== null
      ? Object.entries(keys as object).every(
          ([key, expected]) => testKey(operator, lookUp(key), toTexts(expected), lookUp) ?? undecided,
        )
      : undecided,
  );
}

type LookUp = (key: string) => readonly string[];

/** True or false, or undefined when it cannot be decided. An absent key has no values. */
function testKey(
  text: string,
  values: readonly string[],
  expected: readonly string[] | undefined,
  lookUp: LookUp,
): boolean | undefined {
  const [, set, name = '', ifExists] = operatorForm.exec(text) ?? [];
  if (!expected) return undefined;
  const absent = values.length === 0;
  if (name === 'Null') {
    if (set || ifExists || !expected.every((one) => one === 'true' || one === 'false')) return undefined;
    return expected.some((one) => one === String(absent));
  }
  if (!Object.hasOwn(operators, name)) return undefined;
  const { test, negated } = operators[name] as Operator;
  const pattern = test === like || test === arnLike;
  const resolved = expected.map((candidate) => substitute(candidate, lookUp, pattern));
  // A variable without a value matches nothing; "does not match" must not become true by that.
  if (negated && resolved.includes(undefined)) return undefined;
  const one = (value: string) =>
    resolved.some((candidate) => candidate !== undefined && test(value, candidate)) !== negated;
  if (absent && ifExists) return true;
  if (set === 'ForAnyValue') return values.some(one);
  if (set === 'ForAllValues') return values.every(one);
  if (absent) return negated;
  // AWS asks for a set operator where a key has several values; what happens without one is not documented.
  return values.length === 1 ? one(values[0] as string) : undefined;
}

const wildcardMark = /[*?]/g;
/** Stands for a literal `*` or `?` inside a pattern; from the private use area, which no id of AWS's contains. */
const literal: Readonly<Record<string, string>> = { '*': '\uE000', '?': '\uE001' };

/** Replaces policy variables such as `${aws:RequestTag/team}`; undefined when one has no single value. */
function substitute(text: string, lookUp: LookUp, pattern: boolean): string | undefined {
  let missing = false;
  const result = text.replace(/\$\{([^}]*)\}/g, (_, name: string) => {
    const value = ['*', '?', '$'].includes(name) ? [name] : lookUp(name);
    missing ||= value.length !== 1;
    const [single = ''] = value;
    return pattern ? single.replace(wildcardMark, (mark) => literal[mark] as string) : single;
  });
  return missing ? undefined : result;
}

function lookUpIn(context: Context): LookUp {
  const byName = new Map(Object.entries(context).map(([name, values]) => [name.toLowerCase(), values]));
  return (key) => byName.get(key.toLowerCase()) ?? [];
}

function toTexts(value: unknown): readonly string[] | undefined {
  const list = Array.isArray(value) ? value : [value];
  return list.every((one) => ['string', 'number', 'boolean'].includes(typeof one))
    ? list.map(String)
    : undefined;
}

/**
 * Whether the text matches a pattern in which `*` stands for any characters and `?` for one.
 * Written out instead of turned into a regular expression: many stars must not take exponential time.
 */
export function matchesWildcard(pattern: string, text: string): boolean {
  let [at, from, star, retry] = [0, 0, -1, 0];
  while (from < text.length) {
    const mark = pattern[at];
    if (mark === '*') {
      star = at++;
      retry = from;
    } else if (mark !== undefined && sameCharacter(mark, text[from] as string)) {
      at++;
      from++;
    } else if (star >= 0) {
      at = star + 1;
      from = ++retry;
    } else {
      return false;
    }
  }
  while (pattern[at] === '*') at++;
  return at === pattern.length;
}

function sameCharacter(mark: string, character: string): boolean {
  if (mark === '?') return true;
  return mark === character || mark === literal[character];
}
