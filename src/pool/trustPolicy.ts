import { type Partition, partitionOf } from '../lib/partition.ts';

/** A policy document as IAM takes it. */
export interface PolicyDocument {
  readonly Version: '2012-10-17';
  readonly Statement: readonly PolicyStatement[];
}

export interface PolicyStatement {
  readonly Sid?: string;
  readonly Effect: 'Allow' | 'Deny';
  readonly Principal?: Readonly<Record<string, unknown>>;
  readonly Action: string | readonly string[];
  readonly Resource?: unknown;
  readonly Condition?: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
}

export interface TrustPolicyOptions {
  readonly region: string;
  /** The pool's id; in a template, that template's reference to it. */
  readonly identityPoolId: unknown;
  /** Who may use the role: users with a login, or guests. */
  readonly amr: 'authenticated' | 'unauthenticated';
  /** Whether tokens carry session tags. STS then refuses the role unless it allows `sts:TagSession`. */
  readonly withTags: boolean;
  /** In place of the Region's own value, where AWS's documentation and reports leave a doubt. */
  readonly trustPrincipal?: string;
}

/**
 * Who may assume a pool's role: tokens of Cognito, for this pool only, of this kind of user only. Without `aud` any pool of any
 * account would be trusted.
 *
 * Source: Amazon Cognito developer guide, "Role trust and permissions".
 */
export function trustPolicy(options: TrustPolicyOptions): PolicyDocument {
  const principal = options.trustPrincipal ?? partitionOf(options.region).trustPrincipal;
  return {
    Version: '2012-10-17',
    Statement: [
      {
        Effect: 'Allow',
        Principal: { Federated: principal },
        Action: options.withTags
          ? ['sts:AssumeRoleWithWebIdentity', 'sts:TagSession']
          : ['sts:AssumeRoleWithWebIdentity'],
        Condition: {
          StringEquals: { [`${principal}:aud`]: options.identityPoolId },
          'ForAnyValue:StringLike': { [`${principal}:amr`]: options.amr },
        },
      },
    ],
  };
}

/** How a role's present trust policy relates to the one that is wanted. */
export type TrustComparison = 'same' | 'only tags differ' | 'no pool named' | 'another policy';

export function compareTrustPolicy(present: unknown, options: TrustPolicyOptions): TrustComparison {
  if (sameDocument(present, trustPolicy(options))) return 'same';
  if (sameDocument(present, trustPolicy({ ...options, withTags: !options.withTags })))
    return 'only tags differ';
  return allowsUnnamedPools(present) ? 'no pool named' : 'another policy';
}

/** What is wrong with a trust policy for this pool, as sentences; none when tokens of the pool can assume the role. */
export function trustProblems(present: unknown, options: TrustPolicyOptions): readonly string[] {
  const { identityPoolId, amr, withTags, region } = options;
  const principal = options.trustPrincipal ?? partitionOf(region).trustPrincipal;
  const statements = statementsOf(present).filter(({ Effect }) => Effect === 'Allow');
  const forCognito = statements.filter(({ Principal }) =>
    listOf(asRecord(Principal)['Federated']).includes(principal),
  );
  if (forCognito.length === 0) return [`its trust policy does not name Principal.Federated ${principal}`];
  const forPool = forCognito.filter((statement) =>
    conditionValues(statement, `${principal}:aud`).includes(identityPoolId),
  );
  const problems: string[] = [];
  if (forCognito.some((statement) => conditionValues(statement, `${principal}:aud`).length === 0)) {
    problems.push(
      `its trust policy lacks the condition ${principal}:aud, so every identity pool of every account may use it`,
    );
  } else if (forPool.length === 0) {
    problems.push(`its trust policy names another pool in ${principal}:aud`);
  }
  const allows = (action: string) => forCognito.some(({ Action }) => matchesAction(Action, action));
  if (!allows('sts:AssumeRoleWithWebIdentity')) {
    problems.push('its trust policy does not allow sts:AssumeRoleWithWebIdentity');
  }
  const amrs = forCognito.flatMap((statement) => conditionValues(statement, `${principal}:amr`));
  if (amrs.length > 0 && !amrs.includes(amr)) {
    problems.push(`its trust policy does not accept ${amr} in ${principal}:amr`);
  }
  if (withTags && !allows('sts:TagSession')) {
    problems.push('its trust policy lacks sts:TagSession, which tokens with principal tags need');
  }
  return problems;
}

/** Whether Cognito of some pool may use the role, because no condition names the pool. */
function allowsUnnamedPools(document: unknown): boolean {
  return statementsOf(document).some((statement) => {
    const keys = Object.values(asRecord(statement.Condition)).flatMap((test) => Object.keys(asRecord(test)));
    const cognito = JSON.stringify(statement.Principal ?? '').includes('cognito-identity');
    return statement.Effect === 'Allow' && cognito && !keys.some((key) => key.endsWith(':aud'));
  });
}

/** Equal as JSON whatever the order of members, and with one-element lists equal to their element, as IAM reads them. */
export function sameDocument(one: unknown, other: unknown): boolean {
  return JSON.stringify(canonical(one)) === JSON.stringify(canonical(other));
}

function canonical(value: unknown): unknown {
  if (Array.isArray(value)) {
    const items = value.map(canonical);
    return items.length === 1 ? items[0] : items;
  }
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(entries.map(([key, item]) => [key, canonical(item)]));
}

/** The document of an IAM answer, which comes URL-encoded; undefined when it is no JSON. */
export function decodeDocument(text: string | undefined): unknown {
  try {
    return JSON.parse(decodeURIComponent(text ?? ''));
  } catch {
    return undefined;
  }
}

function statementsOf(document: unknown): readonly Partial<PolicyStatement>[] {
  return listOf(asRecord(document)['Statement']).map((item) => asRecord(item) as Partial<PolicyStatement>);
}

function conditionValues(statement: Partial<PolicyStatement>, key: string): readonly unknown[] {
  return Object.entries(asRecord(statement.Condition)).flatMap(([operator, test]) =>
    /Not|IfExists/.test(operator) ? [] : listOf(asRecord(test)[key]),
  );
}

function matchesAction(actions: unknown, action: string): boolean {
  return listOf(actions).some(
    (item) =>
      typeof item === 'string' &&
      new RegExp(
        `^${item
          .replaceAll(/[.+^${}()|[\]\\]/g, '\\$&')
          .replaceAll('*', '.*')
          .replaceAll('?', '.')}$`,
        'i',
      ).test(action),
  );
}

const listOf = (value: unknown): readonly unknown[] =>
  value === undefined ? [] : Array.isArray(value) ? value : [value];

const asRecord = (value: unknown): Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
    ? (value as Readonly<Record<string, unknown>>)
    : {};

/** `arn:<partition>` of the Region. */
export const arnPrefix = (region: string): `arn:${Partition['arn']}` => `arn:${partitionOf(region).arn}`;
