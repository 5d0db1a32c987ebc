import type { Partition } from '../../lib/partition.ts';

/**
 * Words that stand in policies for what only AWS knows. Each template puts its own expression in their place; none of them can
 * occur in a real policy.
 */
export const poolReference = '@@pool-id@@';
export const poolArnReference = '@@pool-arn@@';
export const accountReference = '@@account-id@@';

export type Reference = typeof poolReference | typeof poolArnReference | typeof accountReference;

const pattern = /@@(?:pool-id|pool-arn|account-id)@@/g;

/** A text in pieces: literal ones and references, in order. */
export function pieces(text: string): readonly ({ literal: string } | { reference: Reference })[] {
  const found: ({ literal: string } | { reference: Reference })[] = [];
  let at = 0;
  for (const match of text.matchAll(pattern)) {
    if (match.index > at) found.push({ literal: text.slice(at, match.index) });
    found.push({ reference: match[0] as Reference });
    at = match.index + match[0].length;
  }
  if (at < text.length) found.push({ literal: text.slice(at) });
  return found;
}

/** Every text of a value replaced, keys as they are. */
export function mapTexts(value: unknown, replace: (text: string) => unknown): unknown {
  if (typeof value === 'string') return replace(value);
  if (Array.isArray(value)) return value.map((item) => mapTexts(item, replace));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, mapTexts(item, replace)]));
}

/** ARN of a pool; Cognito's own condition keys and resources are written with it. */
export const poolArn = (partition: Partition['arn'], region: string, account: string, pool: string) =>
  `arn:${partition}:cognito-identity:${region}:${account}:identitypool/${pool}`;
