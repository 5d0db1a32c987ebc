import { isCognitoHost, partitionOf, regionOfId } from '../lib/partition.ts';
import { loginsDoNotMatch, notAuthorized } from './errors.ts';
import type { OpenIdClaims, OpenIdTokens, TokenFault } from './openIdToken.ts';

/**
 * The token of a `Logins` map that Cognito itself issued, verified for the identity it is used with; undefined when the map holds
 * public logins only.
 *
 * @throws AwsError `NotAuthorizedException` in AWS's words.
 */
export async function verifyCognitoLogin(
  tokens: OpenIdTokens,
  identity: { readonly identityId: string; readonly identityPoolId: string },
  logins: Readonly<Record<string, string>>,
): Promise<{ readonly token: string; readonly claims: OpenIdClaims } | undefined> {
  const key = Object.keys(logins).find(isCognitoHost);
  if (key === undefined) return undefined;
  const token = logins[key] as string;
  const verdict = await tokens.verify(token);
  if (!verdict.ok) throw refusal(verdict);
  if (key !== partitionOf(regionOfId(identity.identityPoolId) ?? '').loginsKey) throw foreignIssuer();
  if (verdict.claims.aud !== identity.identityPoolId) {
    throw notAuthorized('Token is not from a supported provider of this identity pool.');
  }
  if (verdict.claims.sub !== identity.identityId) throw loginsDoNotMatch();
  return { token, claims: verdict.claims };
}

const foreignIssuer = () => notAuthorized("Invalid login token. Issuer doesn't match providerName");

function refusal(verdict: TokenFault) {
  switch (verdict.fault) {
    case 'malformed':
      return notAuthorized('Invalid login token. Not a Cognito token.');
    case 'foreign issuer':
      return foreignIssuer();
    case 'unknown key':
    case 'bad signature':
      return notAuthorized("Invalid login token. Couldn't verify signed token.");
    case 'missing claim':
      return notAuthorized(`Invalid login token. Missing a required claim: ${verdict.claim}`);
    case 'not yet valid':
      return notAuthorized('Invalid login token. Token is not yet valid.');
    case 'expired':
      return notAuthorized(`Invalid login token. Token expired: ${verdict.now} >= ${verdict.exp}`);
  }
}

/** Session tags of a token, in one value each. */
export function principalTagsOf(claims: OpenIdClaims): Record<string, string> {
  const tags = claims['https://aws.amazon.com/tags']?.principal_tags ?? {};
  return Object.fromEntries(Object.entries(tags).map(([key, values]) => [key, values[0] ?? '']));
}
