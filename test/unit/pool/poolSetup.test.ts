import { describe, expect, it } from 'vitest';
import {
  parsePolicyFile,
  parseStarter,
  serverPolicy,
  starterPolicy,
} from '../../../src/pool/permissionsPolicy.ts';
import { PoolOptionsError } from '../../../src/pool/poolErrors.ts';
import { poolSetup } from '../../../src/pool/poolSetup.ts';

const options = { region: 'eu-west-1', poolName: 'my-pool', developerProviderName: 'login.demo' };
const poolRule =
  'must have 1 to 128 characters of the pattern [\\w\\s+=,.@-]+ (letters A to Z, digits, spaces and _ + = , . @ -)';
const providerRule =
  'must have 1 to 128 characters of the pattern [\\w._-]+ (letters A to Z, digits and . _ -)';

function problemsOf(make: () => unknown) {
  try {
    make();
  } catch (error) {
    if (error instanceof PoolOptionsError) return error.problems;
    throw error;
  }
  return [];
}

describe('names', () => {
  it.each(['my-pool', 'my pool', 'a=b,c.d@e+f', 'x', 'x'.repeat(128)])(
    'take the pool name %s',
    (poolName) => {
      expect(problemsOf(() => poolSetup({ ...options, poolName }))).toEqual([]);
    },
  );

  it.each(['a/b', 'ünïcode', '', 'x'.repeat(129), 'a:b'])('refuse the pool name %s', (poolName) => {
    expect(problemsOf(() => poolSetup({ ...options, poolName }))).toEqual([
      { option: '--pool-name', rule: poolRule },
    ]);
  });

  it.each(['login demo', 'login:demo', '', 'x'.repeat(129), 'lögin'])(
    'refuse the developer provider %s',
    (developerProviderName) => {
      expect(problemsOf(() => poolSetup({ ...options, developerProviderName }))).toEqual([
        { option: '--developer-provider', rule: providerRule },
      ]);
    },
  );

  it('refuse a prefix with which a role name would have 65 characters', () => {
    const prefix = (length: number) => ({ ...options, roleNamePrefix: 'r'.repeat(length) });
    expect(poolSetup(prefix(50)).roles[0]?.roleName).toHaveLength(64);
    expect(problemsOf(() => poolSetup(prefix(51)))).toEqual([
      {
        option: '--role-prefix',
        rule: 'must have 1 to 50 characters of the pattern [\\w+=,.@-]+, so that role names stay within 64',
      },
    ]);
  });

  it('are all reported at once', () => {
    const bad = { ...options, poolName: '', developerProviderName: '', roleNamePrefix: '/' };
    expect(problemsOf(() => poolSetup(bad)).map(({ option }) => option)).toEqual([
      '--pool-name',
      '--developer-provider',
      '--role-prefix',
    ]);
  });

  it('of roles come from pool and Region, as roles are shared by all Regions', () => {
    const { roles } = poolSetup({ ...options, allowGuests: true });
    expect(roles.map(({ roleName }) => roleName)).toEqual([
      'my-pool-eu-west-1-authenticated',
      'my-pool-eu-west-1-guest',
    ]);
  });

  it.each(['my pool', 'x'.repeat(128)])(
    'of roles fit IAM for the pool name %s, and stay apart',
    (poolName) => {
      const name = (of: string) => poolSetup({ ...options, poolName: of }).roles[0]?.roleName ?? '';
      expect(name(poolName)).toMatch(/^[\w+=,.@-]{1,64}$/);
      expect(name(poolName)).not.toBe(name(`${poolName.slice(1)} `));
      expect(name('my pool')).not.toBe(name('my-pool'));
    },
  );
});

describe('poolSetup', () => {
  it('lets nobody in that was not asked for', () => {
    const setup = poolSetup(options);
    expect(setup).toMatchObject({ allowGuests: false, allowClassicFlow: false });
    expect(setup.roles.map(({ key }) => key)).toEqual(['authenticated']);
  });

  it('gives tags to users and never to guests', () => {
    const { roles } = poolSetup({ ...options, allowGuests: true, withTags: true });
    expect(roles.map(({ trust }) => [trust.amr, trust.withTags])).toEqual([
      ['authenticated', true],
      ['unauthenticated', false],
    ]);
  });
});

describe('starters', () => {
  const place = { region: 'eu-west-1', accountId: '111122223333' };

  it('give each identity its own prefix of a bucket', () => {
    expect(starterPolicy([parseStarter('s3-prefix=my-bucket/users/')], place)).toEqual({
      Version: '2012-10-17',
      Statement: [
        {
          Effect: 'Allow',
          Action: ['s3:GetObject', 's3:PutObject', 's3:DeleteObject'],
          Resource: `arn:aws:s3:::my-bucket/users/\${cognito-identity.amazonaws.com:sub}/*`,
        },
        {
          Effect: 'Allow',
          Action: 's3:ListBucket',
          Resource: 'arn:aws:s3:::my-bucket',
          Condition: { StringLike: { 's3:prefix': `users/\${cognito-identity.amazonaws.com:sub}/*` } },
        },
      ],
    });
  });

  it('use the partition and the principal of the Region', () => {
    const text = JSON.stringify(
      starterPolicy([parseStarter('s3-prefix=bucket')], { region: 'us-gov-west-1', accountId: '1' }),
    );
    expect(text).toContain(`arn:aws-us-gov:s3:::bucket/\${cognito-identity-us-gov.amazonaws.com:sub}/*`);
  });

  it('give each identity its own items of a table', () => {
    const [statement] = starterPolicy([parseStarter('dynamodb-table=notes')], place).Statement;
    expect(statement?.Resource).toBe('arn:aws:dynamodb:eu-west-1:111122223333:table/notes');
    expect(statement?.Condition).toEqual({
      'ForAllValues:StringEquals': { 'dynamodb:LeadingKeys': [`\${cognito-identity.amazonaws.com:sub}`] },
      Null: { 'dynamodb:LeadingKeys': 'false' },
    });
  });

  it.each(['', 's3-prefix', 's3-prefix=B/x', 's3-prefix=bucket/*', 'dynamodb-table=a b', 'everything=*'])(
    'refuse %j',
    (text) => {
      expect(problemsOf(() => parseStarter(text)).map(({ option }) => option)).toEqual(['--allow']);
    },
  );
});

describe('policy files', () => {
  it('are taken as they are', () => {
    const document = {
      Version: '2012-10-17',
      Statement: [{ Effect: 'Allow', Action: 's3:*', Resource: '*' }],
    };
    expect(parsePolicyFile(JSON.stringify(document))).toEqual(document);
  });

  it.each([
    ['text', 'must name a file with a policy document in JSON'],
    ['{"Version":"2008-10-17","Statement":[]}', 'must hold a document with "Version": "2012-10-17"'],
    ['{"Version":"2012-10-17"}', 'must hold a document with a "Statement"'],
    ['{"Version":"2012-10-17","Statement":[{"Sid":"→"}]}', 'must hold only Latin-1 characters'],
  ])('refuse %s', (text, rule) => {
    expect(problemsOf(() => parsePolicyFile(text))).toEqual([{ option: '--policy-file', rule }]);
  });

  it('refuse null', () => {
    expect(problemsOf(() => parsePolicyFile('null'))).toHaveLength(2);
  });
});

describe('serverPolicy', () => {
  const poolArn = 'arn:aws:cognito-identity:eu-west-1:111122223333:identitypool/eu-west-1:x';

  it('allows what the server does, on its one pool', () => {
    expect(serverPolicy({ poolArn, withAdministration: false }).Statement).toEqual([
      {
        Sid: 'Pool',
        Effect: 'Allow',
        Action: [
          'cognito-identity:GetOpenIdTokenForDeveloperIdentity',
          'cognito-identity:LookupDeveloperIdentity',
          'cognito-identity:ListIdentities',
          'cognito-identity:DescribeIdentityPool',
        ],
        Resource: poolArn,
      },
      {
        Sid: 'Identities',
        Effect: 'Allow',
        Action: ['cognito-identity:DescribeIdentity'],
        Resource: '*',
        Condition: { StringEquals: { 'cognito-identity:IdentityPoolArn': poolArn } },
      },
    ]);
  });

  it('adds administration only when that is asked for', () => {
    const text = JSON.stringify(serverPolicy({ poolArn, withAdministration: true }));
    for (const action of ['MergeDeveloperIdentities', 'UnlinkDeveloperIdentity', 'DeleteIdentities']) {
      expect(text).toContain(`cognito-identity:${action}`);
    }
    expect(text).not.toMatch(/PassRole|SetIdentityPoolRoles/);
  });
});
