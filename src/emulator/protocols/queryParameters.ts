import { QueryError } from './queryOperation.ts';

export interface TextRule {
  readonly min?: number;
  readonly max?: number;
  /** Has to match as a whole. */
  readonly pattern?: RegExp;
  /** The value is a secret or personal: never shown in a message. */
  readonly sensitive?: boolean;
}

export interface NumberRule {
  readonly min: number;
  readonly max: number;
}

/** Reads the parameters of one call and collects what is wrong with them. */
export interface ParameterReader {
  /** An empty string stands in for a missing value until `check` is called. */
  required(name: string, rule: TextRule): string;
  optional(name: string, rule: TextRule): string | undefined;
  integer(name: string, rule: NumberRule): number | undefined;
  /** `Name.member.1.arn`, `Name.member.2.arn` and so on; `field` is empty for lists of plain values. */
  list(name: string, field: string, rule: TextRule & { readonly maxItems: number }): readonly string[];
  /** `ValidationError` with every problem found, in the wording of AWS's framework. */
  check(): void;
}

/** The constraint checks of STS and IAM, which come before anything else is looked at. */
export function createParameterReader(parameters: URLSearchParams): ParameterReader {
  const problems: string[] = [];
  const complain = (name: string, value: string | undefined, rule: TextRule, constraint: string) => {
    const shown = rule.sensitive ? 'Value' : value === undefined ? 'Value null' : `Value '${clip(value)}'`;
    problems.push(`${shown} at '${fieldName(name)}' failed to satisfy constraint: Member must ${constraint}`);
  };

  const checkText = (name: string, value: string, rule: TextRule) => {
    const { min = 0, max = Number.POSITIVE_INFINITY, pattern } = rule;
    if (value.length > max) complain(name, value, rule, `have length less than or equal to ${max}`);
    if (value.length < min) complain(name, value, rule, `have length greater than or equal to ${min}`);
    if (pattern && !new RegExp(`^(?:${pattern.source})$`, pattern.flags).test(value)) {
      complain(name, value, rule, `satisfy regular expression pattern: ${pattern.source}`);
    }
  };

  const reader: ParameterReader = {
    required(name, rule) {
      const value = reader.optional(name, rule);
      if (value === undefined) complain(name, undefined, { ...rule, sensitive: false }, 'not be null');
      return value ?? '';
    },

    optional(name, rule) {
      const value = parameters.get(name) ?? undefined;
      if (value !== undefined) checkText(name, value, rule);
      return value;
    },

    integer(name, { min, max }) {
      const text = parameters.get(name);
      if (text === null) return undefined;
      // The framework cannot even read such a request, so this does not wait for the other checks.
      if (!/^[+-]?\d{1,10}$/.test(text))
        throw new QueryError('MalformedInput', `Invalid integer at '${name}'.`);
      const value = Number(text);
      if (value > max) complain(name, text, {}, `have value less than or equal to ${max}`);
      if (value < min) complain(name, text, {}, `have value greater than or equal to ${min}`);
      return value;
    },

    list(name, field, rule) {
      const values: string[] = [];
      const suffix = field && `.${field}`;
      for (let index = 1; ; index++) {
        const key = `${name}.member.${index}${suffix}`;
        const value = parameters.get(key);
        if (value === null) break;
        checkText(key, value, rule);
        values.push(value);
      }
      if (values.length > rule.maxItems) {
        complain(name, `[${values.length} items]`, {}, `have length less than or equal to ${rule.maxItems}`);
      }
      return values;
    },

    check() {
      const { length } = problems;
      if (length === 0) return;
      const plural = length === 1 ? '' : 's';
      throw new QueryError(
        'ValidationError',
        `${length} validation error${plural} detected: ${problems.join('; ')}`,
      );
    },
  };
  return reader;
}

const fieldName = (name: string) => name.charAt(0).toLowerCase() + name.slice(1);
const clip = (value: string) => (value.length > 128 ? `${value.slice(0, 128)}…` : value);
