import { partitionOf } from '../lib/partition.ts';
import { type OptionProblem, PoolOptionsError } from './poolErrors.ts';
import { arnPrefix, type PolicyDocument, type PolicyStatement } from './trustPolicy.ts';

/** A starter for what users may do, each only with what is theirs. */
export type Starter =
  | { readonly kind: 's3-prefix'; readonly bucket: string; readonly prefix: string }
  | { readonly kind: 'dynamodb-table'; readonly table: string };

/**
 * `s3-prefix=bucket/path`: objects below `bucket/path/<identity id>/`. `dynamodb-table=name`: items whose partition key is the
 * identity id.
 *
 * @throws PoolOptionsError
 */
export function parseStarter(text: string): Starter {
  const refuse = (rule: string) => new PoolOptionsError([{ option: '--allow', rule }]);
  const [kind = '', value = ''] = splitOnce(text, '=');
  if (kind === 's3-prefix') {
    const [bucket = '', path = ''] = splitOnce(value, '/');
    const prefix = path.replace(/\/+$/, '');
    if (!/^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/.test(bucket) || !/^[\w!.'()/-]{0,500}$/.test(prefix)) {
      throw refuse(
        'must be s3-prefix=bucket/path with a bucket name of 3 to 63 lower-case letters, digits, . and -',
      );
    }
    return { kind, bucket, prefix };
  }
  if (kind === 'dynamodb-table') {
    if (!/^[\w.-]{3,255}$/.test(value)) {
      throw refuse('must be dynamodb-table=name with 3 to 255 letters, digits and _ . -');
    }
    return { kind, table: value };
  }
  throw refuse('must be s3-prefix=bucket/path or dynamodb-table=name');
}

function splitOnce(text: string, separator: string): [string, string] {
  const at = text.indexOf(separator);
  return at < 0 ? [text, ''] : [text.slice(0, at), text.slice(at + 1)];
}

export interface Place {
  readonly region: string;
  /** The account; in a template, that template's reference to it. */
  readonly accountId: string;
}

/** The permissions policy of the authenticated role from starters. `${…:sub}` is the identity id when IAM evaluates it. */
export function starterPolicy(starters: readonly Starter[], place: Place): PolicyDocument {
  return {
    Version: '2012-10-17',
    Statement: starters.flatMap((starter) => starterStatements(starter, place)),
  };
}

function starterStatements(starter: Starter, { region, accountId }: Place): readonly PolicyStatement[] {
  const own = `\${${partitionOf(region).trustPrincipal}:sub}`;
  const arn = arnPrefix(region);
  if (starter.kind === 'dynamodb-table') {
    return [
      {
        Effect: 'Allow',
        Action: [
          'dynamodb:GetItem',
          'dynamodb:BatchGetItem',
          'dynamodb:Query',
          'dynamodb:PutItem',
          'dynamodb:UpdateItem',
          'dynamodb:DeleteItem',
          'dynamodb:BatchWriteItem',
        ],
        Resource: `${arn}:dynamodb:${region}:${accountId}:table/${starter.table}`,
        // ForAllValues also holds where a request has no such key at all, hence Null.
        Condition: {
          'ForAllValues:StringEquals': { 'dynamodb:LeadingKeys': [own] },
          Null: { 'dynamodb:LeadingKeys': 'false' },
        },
      },
    ];
  }
  const folder = starter.prefix === '' ? own : `${starter.prefix}/${own}`;
  return [
    {
      Effect: 'Allow',
      Action: ['s3:GetObject', 's3:PutObject', 's3:DeleteObject'],
      Resource: `${arn}:s3:::${starter.bucket}/${folder}/*`,
    },
    {
      Effect: 'Allow',
      Action: 's3:ListBucket',
      Resource: `${arn}:s3:::${starter.bucket}`,
      Condition: { StringLike: { 's3:prefix': `${folder}/*` } },
    },
  ];
}

/**
 * A permissions policy out of a file.
 *
 * @throws PoolOptionsError when it is no policy document
 */
export function parsePolicyFile(text: string, option = '--policy-file'): PolicyDocument {
  let document: unknown;
  try {
    document = JSON.parse(text);
  } catch {
    throw new PoolOptionsError([{ option, rule: 'must name a file with a policy document in JSON' }]);
  }
  const problems: OptionProblem[] = [];
  const { Version, Statement } = (document ?? {}) as { Version?: unknown; Statement?: unknown };
  if (Version !== '2012-10-17')
    problems.push({ option, rule: 'must hold a document with "Version": "2012-10-17"' });
  if (typeof Statement !== 'object' || Statement === null) {
    problems.push({ option, rule: 'must hold a document with a "Statement"' });
  }
  // IAM takes no other characters in a policy.
  if (!/^[\t\n\r\u0020-\u00ff]*$/.test(text))
    problems.push({ option, rule: 'must hold only Latin-1 characters' });
  if (problems.length > 0) throw new PoolOptionsError(problems);
  return document as PolicyDocument;
}

export interface ServerPolicyOptions {
  /** ARN of the pool; in a template, that template's expression for it. */
  readonly poolArn: unknown;
  /** Whether administrators may merge, unlink and delete through the API. */
  readonly withAdministration: boolean;
}

/**
 * What the server itself needs, and nothing that changes the pool or passes roles. Whoever holds it can obtain a token for any
 * user of the pool: IAM cannot restrict user ids.
 *
 * Source: Service authorization reference, Amazon Cognito identity; DescribeIdentity and DeleteIdentities take no resource.
 */
export function serverPolicy({ poolArn, withAdministration }: ServerPolicyOptions): PolicyDocument {
  const ofPool = [
    'cognito-identity:GetOpenIdTokenForDeveloperIdentity',
    'cognito-identity:LookupDeveloperIdentity',
    'cognito-identity:ListIdentities',
    'cognito-identity:DescribeIdentityPool',
  ];
  const anywhere = ['cognito-identity:DescribeIdentity'];
  if (withAdministration) {
    ofPool.push('cognito-identity:MergeDeveloperIdentities', 'cognito-identity:UnlinkDeveloperIdentity');
    anywhere.push('cognito-identity:DeleteIdentities');
  }
  return {
    Version: '2012-10-17',
    Statement: [
      { Sid: 'Pool', Effect: 'Allow', Action: ofPool, Resource: poolArn },
      {
        Sid: 'Identities',
        Effect: 'Allow',
        Action: anywhere,
        Resource: '*',
        Condition: { StringEquals: { 'cognito-identity:IdentityPoolArn': poolArn } },
      },
    ],
  };
}
