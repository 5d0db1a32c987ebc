import { AwsError, invalidParameter } from './errors.ts';
import type { Pool } from './identityStore.ts';
import type { Input } from './validation/cognitoShapes.ts';
import { withoutUndefined } from './views.ts';

/** Quotas of a pool, as documented. */
const maxUserPoolClients = 50;
const maxTags = 50;

/** @throws AwsError for more tags than a pool can have. */
export function requireFewTags(tags: Readonly<Record<string, string>>): void {
  if (Object.keys(tags).length > maxTags) {
    throw invalidParameter(`An identity pool can have at most ${maxTags} tags.`);
  }
}

/** A pool made of a request's settings. What hangs on a pool but is not set through them is kept from `before`. */
export function poolOf(identityPoolId: string, request: Input<'CreateIdentityPool'>, before?: Pool): Pool {
  const arns = request.OpenIdConnectProviderARNs ?? [];
  if (arns.some((arn) => !/^arn:[\w-]+:iam::\d*:oidc-provider\/.+$/.test(arn))) {
    throw invalidParameter('Invalid OpenIdConnectProviderARN');
  }
  const samlArns = request.SamlProviderARNs ?? [];
  if (samlArns.some((arn) => !/^arn:[\w-]+:iam::\d*:saml-provider\/.+$/.test(arn))) {
    throw invalidParameter('Invalid SamlProviderARN');
  }
  if ((request.CognitoIdentityProviders ?? []).length > maxUserPoolClients) {
    throw new AwsError(
      'LimitExceededException',
      `An identity pool can have at most ${maxUserPoolClients} user pool clients.`,
    );
  }
  const tags = request.IdentityPoolTags ?? before?.tags ?? {};
  requireFewTags(tags);
  const settings = {
    identityPoolId,
    identityPoolName: request.IdentityPoolName,
    allowUnauthenticatedIdentities: request.AllowUnauthenticatedIdentities,
    allowClassicFlow: request.AllowClassicFlow,
    supportedLoginProviders: nonEmptyMap(request.SupportedLoginProviders),
    developerProviderName: request.DeveloperProviderName ?? before?.developerProviderName,
    openIdConnectProviderArns: nonEmptyList(request.OpenIdConnectProviderARNs),
    cognitoIdentityProviders: nonEmptyList(request.CognitoIdentityProviders),
    samlProviderArns: nonEmptyList(request.SamlProviderARNs),
    tags,
    roles: before?.roles ?? {},
    roleMappings: before?.roleMappings ?? {},
    principalTagMaps: before?.principalTagMaps ?? {},
  };
  return withoutUndefined(settings) as unknown as Pool;
}

const nonEmptyList = <T>(items: readonly T[] | undefined) => (items && items.length > 0 ? items : undefined);

const nonEmptyMap = <T>(map: Readonly<Record<string, T>> | undefined) =>
  map && Object.keys(map).length > 0 ? map : undefined;
