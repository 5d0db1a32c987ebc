import { badUserInput, type FieldProblem } from '../errors.ts';

/** Whether a value keeps a rule of Cognito's API model; the rule in words is what the client is told. */
interface Rule<T> {
  readonly rule: string;
  readonly holds: (value: T) => boolean;
}

/** IdentityId and IdentityPoolId of the cognito-identity API model: 1–55 characters. */
export const identityIdRule: Rule<string> = {
  rule: 'must be an identity id such as us-east-1:01234567-89ab-cdef-0123-456789abcdef',
  holds: (value) => value.length <= 55 && /^[\w-]+:[0-9a-f-]+$/.test(value),
};

/** DeveloperUserIdentifier of the API model, without what no login hands out: control characters and lone surrogates. */
export const developerUserIdentifierRule: Rule<string> = {
  rule: 'must have 1 to 1024 characters and no control characters',
  holds: (value) => value.length >= 1 && value.length <= 1024 && !/[\p{Cc}\p{Cs}]/u.test(value),
};

/** QueryLimit of the API model. */
export const pageSizeRule: Rule<number> = {
  rule: 'must be between 1 and 60',
  holds: (value) => value >= 1 && value <= 60,
};

/** IdentityIdList of the API model. */
export const identityIdListRule: Rule<readonly string[]> = {
  rule: 'must list 1 to 60 identity ids, each once',
  holds: (ids) =>
    ids.length >= 1 &&
    ids.length <= 60 &&
    new Set(ids).size === ids.length &&
    ids.every(identityIdRule.holds),
};

/** OpenID tokens of Cognito stay far below this; the API model allows 50000. */
export const openIdTokenRule: Rule<string> = {
  rule: 'must be an OpenID token of at most 20000 characters',
  holds: (value) => value.length <= 20_000 && /^[\w-]+\.[\w-]+\.[\w-]+$/.test(value),
};

/** @param longest seconds, the configured duration: a longer life is the operator's decision, not the caller's */
export const tokenDurationRule = (longest: number): Rule<number> => ({
  rule: `must be between 60 and ${longest} seconds`,
  holds: (value) => value >= 60 && value <= longest,
});

/**
 * Checks every field at once and throws BAD_USER_INPUT naming those that break their rule, never their values.
 * A field that was left out keeps every rule.
 */
export function assertInput(...checks: readonly FieldCheck[]): void {
  const problems = checks.filter((problem): problem is FieldProblem => problem !== null);
  if (problems.length > 0) throw badUserInput(problems);
}

type FieldCheck = FieldProblem | null;

export function check<T>(field: string, value: T | null | undefined, { rule, holds }: Rule<T>): FieldCheck {
  return value === null || value === undefined || holds(value) ? null : { field, rule };
}
