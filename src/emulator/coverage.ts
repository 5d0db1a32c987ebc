import type { OperationName } from './validation/cognitoShapes.ts';

/** How an operation compares with AWS: what is as documented or seen, what is our choice (see `choices`), what is not there. */
export interface Coverage {
  readonly faithful: string;
  readonly chosen: string | null;
  readonly missing: string | null;
}

const entry = (faithful: string, chosen: string | null = null, missing: string | null = null): Coverage => ({
  faithful,
  chosen,
  missing,
});

/** All operations of cognito-identity 2014-06-30. */
export const coverage: Readonly<Record<OperationName, Coverage>> = {
  CreateIdentityPool: entry(
    'all settings; 1000 pools of an account, 50 user pool clients and 50 tags of a pool',
    'texts of the limits; pools are counted by Region',
  ),
  DescribeIdentityPool: entry('all settings; unset ones are left out'),
  UpdateIdentityPool: entry(
    'full replacement',
    'the developer provider name and the tags stay when they are not sent',
    'ConcurrentModificationException, unless a fault asks for it: updates queue instead',
  ),
  DeleteIdentityPool: entry('with all its identities'),
  ListIdentityPools: entry('paging, one Region', 'order: by id'),
  GetIdentityPoolRoles: entry('roles and mappings'),
  SetIdentityPoolRoles: entry(
    'full replacement; roles of another account, unknown providers and more than 25 rules are refused',
    'a role that does not exist is found out when it is used',
  ),
  GetPrincipalTagAttributeMap: entry('the map and the defaults flag'),
  SetPrincipalTagAttributeMap: entry(
    '460 bytes in all; the provider must be one of the pool',
    'not for the developer provider',
  ),
  TagResource: entry('at most 50 tags'),
  UntagResource: entry('removes tags'),
  ListTagsForResource: entry('lists tags'),
  GetId: entry(
    'a new guest every time without logins; OpenID logins verified by their key set; implicit links and merges',
    'opaque tokens (Facebook, Amazon, Twitter, SAML) by a rule of your own; ServerSideTokenCheck for users that a test signs out; AccountId is ignored',
    'the signature of SAML assertions',
  ),
  GetOpenIdToken: entry(
    'classic-flow switch, ten minutes, RS512, amr and tags',
    'a Cognito token is answered as it came',
    'as GetId',
  ),
  GetCredentialsForIdentity: entry(
    'token checks in AWS words, trust policy with aud, amr, sub and tags, role mappings, one hour',
    'texts of denials by role mappings',
    'permissions policies, also the scope-down of guests, are not evaluated',
  ),
  GetOpenIdTokenForDeveloperIdentity: entry(
    'registration, linking, conflicts, implicit merge, tags, 1 to 86,400 seconds',
    'texts of conflicts; refused in a pool with role mappings',
    'permissions policies',
  ),
  LookupDeveloperIdentity: entry(
    'both directions, verification of a pair, paging',
    'class for an unknown user',
  ),
  MergeDeveloperIdentities: entry(
    'the destination stays; one user per public provider; 20 logins',
    'the source is disabled',
  ),
  UnlinkDeveloperIdentity: entry('the user is a new one afterwards', 'class for a wrong pair'),
  UnlinkIdentity: entry('needs a login of the identity', 'a Cognito token counts as one', 'as GetId'),
  DescribeIdentity: entry(
    'names of providers, dates with milliseconds',
    'the developer provider is among them',
  ),
  ListIdentities: entry('paging, HideDisabled', 'order: by creation'),
  DeleteIdentities: entry('up to 60, always 200', 'AccessDenied for an unknown id; users become free'),
};

/** The table as Markdown, for the README. */
export function coverageMarkdown(): string {
  const rows = Object.entries(coverage).map(
    ([operation, { faithful, chosen, missing }]) =>
      `| ${operation} | ${faithful} | ${chosen ?? ''} | ${missing ?? ''} |`,
  );
  return ['| operation | as on AWS | our choice | missing |', '|---|---|---|---|', ...rows].join('\n');
}
