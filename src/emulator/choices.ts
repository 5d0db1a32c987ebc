/**
 * Where nobody outside AWS knows what AWS does, the emulator has to choose. Every such choice is a row here: do not build on one
 * of them without trying it on AWS.
 */
export interface Choice {
  readonly topic: string;
  readonly choice: string;
  readonly reason: string;
}

/** The choices that can be made otherwise by an option. */
export interface Choices {
  /**
   * What LookupDeveloperIdentity answers for a developer user that the pool does not know: the class that one report saw (2016),
   * or the one that the model suggests. Default `NotAuthorizedException`.
   */
  readonly unknownDeveloperUser: 'NotAuthorizedException' | 'ResourceNotFoundException';
  /** Whether a pool with role mappings refuses GetOpenIdTokenForDeveloperIdentity, as one report says. Default true. */
  readonly roleMappingsRefuseDeveloperCalls: boolean;
}

export const defaultChoices: Choices = {
  unknownDeveloperUser: 'NotAuthorizedException',
  roleMappingsRefuseDeveloperCalls: true,
};

export const choices: readonly Choice[] = [
  {
    topic: 'DeveloperUserAlreadyRegisteredException, ResourceConflictException',
    choice: 'Message texts of our own.',
    reason: 'No public text shows them.',
  },
  {
    topic: 'LookupDeveloperIdentity of an unknown developer user',
    choice:
      "NotAuthorizedException 'Access to this identity pool is forbidden.'; an option makes it ResourceNotFoundException.",
    reason: 'The only report (2016) saw this; the model suggests the other.',
  },
  {
    topic: 'LookupDeveloperIdentity without both parameters',
    choice: 'InvalidParameterException.',
    reason: 'The API page says that one must not be null, and this class is in the model.',
  },
  {
    topic: 'LookupDeveloperIdentity by developer user alone',
    choice: 'Lists all developer users of the identity, page by page.',
    reason: 'The response is documented as the list of an identity.',
  },
  {
    topic: 'LookupDeveloperIdentity of an identity without developer users',
    choice: 'An empty list.',
    reason: 'The identity exists; nothing was lost.',
  },
  {
    topic: 'Pages when MaxResults is left out (LookupDeveloperIdentity)',
    choice: '60.',
    reason: 'The largest documented page.',
  },
  {
    topic: 'A NextToken that is forged, or of another call',
    choice: "InvalidParameterException 'Invalid NextToken'. Tokens do not expire.",
    reason: 'No report; the class is in the model of every paged operation.',
  },
  {
    topic: 'Wrong or missing developer provider in Logins',
    choice:
      "InvalidParameterException, with the seen text 'This identity pool does not support the specified developer provider' where a name is wrong.",
    reason: 'The text was seen, its class was not.',
  },
  {
    topic: 'A developer user identifier of more than 1024 characters in Logins',
    choice: 'InvalidParameterException.',
    reason: 'The model lets 50,000 through, but the same user could neither be looked up nor unlinked.',
  },
  {
    topic: 'A second developer user for an identity that has developer users only',
    choice: 'Linked without proof of the first.',
    reason: 'AWS trusts the signer of the call; the documentation allows several identifiers.',
  },
  {
    topic: 'amr of an identity with several logins',
    choice: 'Only the logins of this call, the developer login first.',
    reason: 'A token should not disclose more users than its caller named.',
  },
  {
    topic: 'PrincipalTags parameter',
    choice: 'Written to the token as for mapped attributes, and not kept for the next call.',
    reason: 'Only the form for mapped attributes was seen; nothing describes persistence.',
  },
  {
    topic: 'Implicit merge: which identity stays',
    choice:
      'That of the developer user, else the one asked for, else the older one. The other is disabled and loses its logins.',
    reason: 'AWS says that either may be answered.',
  },
  {
    topic: 'MergeDeveloperIdentities',
    choice:
      'All logins move to the destination; the source identity is disabled. Source equal to destination changes nothing.',
    reason: 'The documented limit of 20 logins together implies that all of them move.',
  },
  {
    topic: 'More than 20 logins on an identity',
    choice: 'InvalidParameterException.',
    reason: 'The limit is documented, its error is not.',
  },
  {
    topic: 'After the last unlink',
    choice:
      'The identity is disabled: hidden by HideDisabled, answers forbidden, and the developer user is a new one.',
    reason: "The documentation says 'inaccessible'.",
  },
  {
    topic: 'UnlinkDeveloperIdentity of a developer user that is not of that identity',
    choice: 'ResourceNotFoundException for an unknown user, ResourceConflictException for another identity.',
    reason: 'Both classes are in the model.',
  },
  {
    topic: 'UnlinkIdentity with a Cognito token as the proof',
    choice: 'Accepted for the identity that the token names.',
    reason: 'The token proves the identity.',
  },
  {
    topic: 'DeleteIdentities of an unknown identity',
    choice: 'Listed as unprocessed with AccessDenied.',
    reason: 'The permission is evaluated against a pool that cannot be found.',
  },
  {
    topic: 'Developer users of a deleted identity',
    choice: 'Free: the next call makes a new identity.',
    reason: 'Reports of cached identity ids after a delete imply it.',
  },
  {
    topic: 'Logins in DescribeIdentity and ListIdentities',
    choice: 'Names of public providers and, where there are developer users, that of the developer provider.',
    reason: "Documented as 'the provider names'.",
  },
  {
    topic: 'Concurrent first calls for one user',
    choice: 'One identity.',
    reason: 'ConcurrentModificationException is not in the model of the call.',
  },
  {
    topic: 'A pool of another Region than the one signed for',
    choice: 'ResourceNotFoundException, as for a pool that does not exist.',
    reason: 'Regions are separate services.',
  },
  {
    topic: 'Order of checks',
    choice: 'Shape of the request, then signature, then meaning.',
    reason: 'Not documented; a client cannot depend on it.',
  },
  {
    topic: 'A JSON value of a wrong type',
    choice: "SerializationException with texts such as 'NUMBER_VALUE can not be converted to a String'.",
    reason: 'The wording was seen with other AWS services of the same protocol.',
  },
  {
    topic: 'SetIdentityPoolRoles with a role that does not exist',
    choice:
      'Accepted; using it is InvalidIdentityPoolConfigurationException. A role of another account is refused, as seen on AWS.',
    reason: 'A role is often created in the same deployment; AWS documents the later error only.',
  },
  {
    topic: 'A pool with role mappings and the developer call',
    choice:
      "InvalidParameterException 'roleMappings are not supported for developer authenticated identities'; an option accepts it.",
    reason: 'One report of the text; the documentation does not mention it.',
  },
  {
    topic: 'GetOpenIdToken with a Cognito token as the login',
    choice: 'Answers that same token.',
    reason: 'A fresh one would let a token be prolonged without end.',
  },
  {
    topic: 'A token whose identity has changed since',
    choice:
      'Accepted until it expires, unless the identity was deleted or disabled. A guest token is refused once the guest has logged in.',
    reason: 'Tokens cannot be revoked, but credentials need a usable identity.',
  },
  {
    topic: 'A token issued in the future',
    choice: "NotAuthorizedException 'Invalid login token. Token is not yet valid.'",
    reason: 'No report.',
  },
  {
    topic: 'AssumeRoleWithWebIdentity with a wrong signature, or a token from the future',
    choice:
      "InvalidIdentityToken with the texts of Cognito: 'Couldn't verify signed token.', 'Token is not yet valid.'",
    reason:
      'The class is documented; texts were seen for unknown keys and issuers, missing claims and expired tokens only.',
  },
  {
    topic: 'ServerSideTokenCheck',
    choice:
      "NotAuthorizedException 'Invalid login token. The user is signed out or disabled.' for users that a test has signed out (their tokens up to then) or disabled.",
    reason: "Documented as '400 Not Authorized' without its text; there is no user pool here to ask.",
  },
  {
    topic: 'SAML assertions',
    choice: 'Opaque: a rule of your own names the user; without a rule they are refused.',
    reason: 'An assertion is only as good as the check of its XML signature, which is not made here.',
  },
  {
    topic: 'AccountId in GetId',
    choice: 'Checked for its form and not looked at.',
    reason: 'Optional; the pool id says it all, and no report of a refusal is known.',
  },
  {
    topic: 'CustomRoleArn that is not in the token',
    choice: "NotAuthorizedException 'Access to Role … is forbidden.'",
    reason: 'The refusal is documented, its text is that seen for foreign roles.',
  },
  {
    topic: 'Role mappings that deny',
    choice: "NotAuthorizedException 'Access to Identity … is forbidden.'",
    reason: 'The refusal is documented, its text is not.',
  },
  {
    topic: 'Classic flow switched off and a developer token at STS',
    choice: 'Accepted.',
    reason: 'The one reporter who tried saw no difference.',
  },
  {
    topic: 'UpdateIdentityPool without the developer provider name',
    choice: 'The name stays; another name is InvalidParameterException.',
    reason: "It 'cannot be changed' once set; one report saw it kept.",
  },
  {
    topic: 'UpdateIdentityPool without tags',
    choice: 'The tags stay.',
    reason:
      'Tags have operations of their own, and losing them by an update of something else would surprise.',
  },
  {
    topic: 'Parallel updates of one pool',
    choice: 'One after the other; ConcurrentModificationException comes by a fault only.',
    reason: 'When AWS takes two updates for parallel is not documented, and a test could not rely on it.',
  },
  {
    topic: 'Quotas of pools, user pool clients and role mapping rules',
    choice: 'LimitExceededException with texts of our own; pools are counted by account and Region.',
    reason: 'The numbers are documented, the texts are not.',
  },
  {
    topic: 'Key id',
    choice: 'Region and a number from the thumbprint of the key.',
    reason: 'Verifiers cache keys by id: a new key must not have an old id.',
  },
  {
    topic: 'Modulus in the published key set',
    choice: 'With a leading zero byte, as AWS publishes it; an option leaves it out.',
    reason: 'Finds verifiers that would fail on AWS.',
  },
  {
    topic: 'China trust principal, GovCloud Logins key',
    choice: 'The host of the issuer.',
    reason: 'No public report.',
  },
  {
    topic: 'Opt-in Regions, such as Europe (Milan): Logins key and trust principal',
    choice:
      "'cognito-identity.amazonaws.com', as in other commercial Regions. The issuer is the Region's own host.",
    reason:
      'The documentation gives these Regions a key set of their own, found by the issuer, and names no other difference.',
  },
  {
    topic: 'European Sovereign Cloud and ISO partitions: issuer, Logins key, trust principal',
    choice: "The host of the service in the Region, such as 'cognito-identity.eusc-de-east-1.amazonaws.eu'.",
    reason:
      "Names and DNS suffixes of the partitions are those of the AWS SDKs; no token or policy of theirs was published. China's are formed like this.",
  },
  {
    topic: 'Credentials of an identity used to sign a developer call, or a call to IAM',
    choice: 'Refused as not authorized.',
    reason: 'Permissions policies are not evaluated, and users of a pool must not act for others.',
  },
  {
    topic: 'Rates, where throttles are on',
    choice: 'A bucket of one second per operation, refilled evenly.',
    reason: 'AWS publishes the rates, neither burst nor algorithm.',
  },
  {
    topic: 'Preflight answers',
    choice: 'Every requested header is allowed, POST and GET, for one day.',
    reason: 'Not captured; browsers on AWS pass.',
  },
];
