import { conditionHolds, isConditionOperator, matchesWildcard } from './policyCondition.ts';

/** Everything about an AssumeRole request that a trust policy can look at. */
export interface TrustRequest {
  /** The federated principal, for example `cognito-identity.amazonaws.com`. */
  readonly principal: string;
  /** Every one of them has to be allowed, for example `sts:AssumeRoleWithWebIdentity` and `sts:TagSession`. */
  readonly actions: readonly string[];
  /** Condition keys with their values; names are compared without regard to case. */
  readonly context: Readonly<Record<string, readonly string[]>>;
}

type Fields = Record<string, unknown>;

/**
 * Whether a role's trust policy lets the request assume the role: an Allow for every action, and no Deny for any.
 * A document that cannot be read, and a condition that cannot be evaluated, refuse.
 *
 * @see https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html
 */
export function evaluateTrustPolicy(document: string, request: TrustRequest): boolean {
  const statements = statementsOf(document);
  if (!statements) return false;
  const applies = (effect: string, action: string) =>
    statements.some(
      (statement) => statement['Effect'] === effect && statementApplies(statement, action, request),
    );
  return (
    request.actions.length > 0 &&
    request.actions.every((action) => applies('Allow', action) && !applies('Deny', action))
  );
}

function statementApplies(statement: Fields, action: string, request: TrustRequest): boolean {
  const deny = statement['Effect'] === 'Deny';
  return (
    actionApplies(statement, action) &&
    principalApplies(statement, request.principal, deny) &&
    // What cannot be decided counts against the caller: an Allow then does not apply and a Deny does.
    conditionHolds(statement['Condition'], request.context, deny)
  );
}

function actionApplies(statement: Fields, action: string): boolean {
  const matches = (patterns: unknown) =>
    textsOf(patterns).some((pattern) => matchesWildcard(pattern.toLowerCase(), action.toLowerCase()));
  return 'NotAction' in statement ? !matches(statement['NotAction']) : matches(statement['Action']);
}

function principalApplies(statement: Fields, principal: string, deny: boolean): boolean {
  const federated = (value: unknown) =>
    isFields(value) ? textsOf(value['Federated']).includes(principal) : false;
  if ('NotPrincipal' in statement) return deny && !federated(statement['NotPrincipal']);
  const value = statement['Principal'];
  if (federated(value)) return true;
  if (!deny) return false;
  return value === '*' || (isFields(value) && Object.values(value).some((one) => textsOf(one).includes('*')));
}

const assumeActions = [
  'sts:assumerole',
  'sts:assumerolewithsaml',
  'sts:assumerolewithwebidentity',
  'sts:tagsession',
  'sts:setsourceidentity',
  'sts:setcontext',
];

/**
 * Why IAM would not accept this as a trust policy, or null when it would: the message of `MalformedPolicyDocument`.
 * AWS's wording where it is known, ours where it is not.
 */
export function validateTrustPolicy(document: string): string | null {
  return validatePolicy(document, (statement) => {
    if ('Resource' in statement || 'NotResource' in statement) return 'Has prohibited field Resource';
    if ('NotPrincipal' in statement && statement['Effect'] === 'Allow') {
      return 'Allow with NotPrincipal is not allowed.';
    }
    const principal = statement['Principal'] ?? statement['NotPrincipal'];
    if (principal === undefined) return 'Missing required field Principal';
    if (principal !== '*' && !isPrincipal(principal)) return 'Invalid principal in policy';
    const wrong = textsOf(statement['Action'] ?? statement['NotAction']).some(
      (action) =>
        action === '*' || !assumeActions.some((known) => matchesWildcard(action.toLowerCase(), known)),
    );
    return wrong ? 'AssumeRole policy may only specify STS AssumeRole actions.' : null;
  });
}

/** Why IAM would not accept this as a permissions policy of a role, or null when it would. */
export function validatePermissionsPolicy(document: string): string | null {
  return validatePolicy(document, (statement) => {
    if ('Principal' in statement || 'NotPrincipal' in statement) {
      return 'Policy document should not specify a principal.';
    }
    const resources = textsOf(statement['Resource'] ?? statement['NotResource']);
    if (resources.length === 0) return 'Policy statement must contain resources.';
    const action = textsOf(statement['Action'] ?? statement['NotAction']).find(
      (one) => one !== '*' && !one.includes(':'),
    );
    return action === undefined
      ? null
      : 'Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc.';
  });
}

function validatePolicy(document: string, validateRest: (statement: Fields) => string | null): string | null {
  const policy = parse(document);
  if (!isFields(policy)) return 'This policy contains invalid Json';
  const extra = Object.keys(policy).find((key) => !['Version', 'Id', 'Statement'].includes(key));
  const version = policy['Version'];
  if (
    extra !== undefined ||
    (version !== undefined && version !== '2012-10-17' && version !== '2008-10-17')
  ) {
    return 'Syntax errors in policy.';
  }
  const statements = statementsOf(document);
  if (!statements || statements.length === 0) return 'Syntax errors in policy.';
  for (const statement of statements) {
    const reason = validateStatement(statement) ?? validateRest(statement);
    if (reason !== null) return reason;
  }
  return null;
}

const statementFields = new Set([
  'Sid',
  'Effect',
  'Principal',
  'NotPrincipal',
  'Action',
  'NotAction',
  'Resource',
  'NotResource',
  'Condition',
]);

function validateStatement(statement: Fields): string | null {
  if (Object.keys(statement).some((key) => !statementFields.has(key))) return 'Syntax errors in policy.';
  if (statement['Effect'] === undefined) return 'Missing required field Effect';
  if (statement['Effect'] !== 'Allow' && statement['Effect'] !== 'Deny') {
    return 'Invalid effect, expected Allow or Deny';
  }
  const actions = textsOf(statement['Action'] ?? statement['NotAction']);
  if (actions.length === 0) return 'Missing required field Action';
  const condition = statement['Condition'];
  if (condition === undefined) return null;
  if (!isFields(condition)) return 'Syntax errors in policy.';
  for (const [operator, keys] of Object.entries(condition)) {
    if (!isConditionOperator(operator)) return `Invalid Condition type : ${operator.slice(0, 64)}`;
    if (!isFields(keys) || !Object.values(keys).every(isConditionValue)) return 'Syntax errors in policy.';
  }
  return null;
}

const isConditionValue = (value: unknown): boolean =>
  (Array.isArray(value) &&
    value.length > 0 &&
    value.every((one) => !Array.isArray(one) && isConditionValue(one))) ||
  ['string', 'number', 'boolean'].includes(typeof value);

function isPrincipal(value: unknown): boolean {
  if (!isFields(value) || Object.keys(value).length === 0) return false;
  return Object.entries(value).every(
    ([kind, names]) =>
      ['AWS', 'Federated', 'Service', 'CanonicalUser'].includes(kind) &&
      textsOf(names).length > 0 &&
      textsOf(names).every((name) => name !== ''),
  );
}

/** The statements of a policy, whether one or a list; undefined when the document has another form. */
function statementsOf(document: string): Fields[] | undefined {
  const policy = parse(document);
  if (!isFields(policy)) return undefined;
  const statement = policy['Statement'];
  const list = Array.isArray(statement) ? statement : [statement];
  return list.every(isFields) ? list : undefined;
}

function parse(document: string): unknown {
  try {
    return JSON.parse(document);
  } catch {
    return undefined;
  }
}

const isFields = (value: unknown): value is Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** A string or a list of strings as a list; empty for anything else. */
function textsOf(value: unknown): readonly string[] {
  if (typeof value === 'string') return [value];
  return Array.isArray(value) && value.every((one) => typeof one === 'string') ? value : [];
}
