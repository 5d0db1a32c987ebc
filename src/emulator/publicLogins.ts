import { createHash } from 'node:crypto';
import {
  createRemoteJWKSet,
  decodeJwt,
  errors,
  type JWTPayload,
  type JWTVerifyGetKey,
  jwtVerify,
} from 'jose';
import type { Clock } from '../lib/clock.ts';
import { isCognitoHost } from '../lib/partition.ts';
import { AwsError, invalidParameter, notAuthorized } from './errors.ts';
import type { Login, Pool } from './identityStore.ts';
import type { UserPoolUsers } from './userPoolUsers.ts';

/** A login whose token was verified. */
export interface ProvenLogin extends Login {
  /** What the provider contributes to `amr`. */
  readonly amr: readonly string[];
  /** Claims of the token; empty for an opaque one. */
  readonly claims: Readonly<Record<string, unknown>>;
}

export interface PublicLogins {
  /**
   * Verifies every login of a `Logins` map against the providers of the pool.
   *
   * @throws AwsError with AWS's words for the first login that is not valid.
   */
  verify(pool: Pool, logins: Readonly<Record<string, string>>): Promise<readonly ProvenLogin[]>;
}

/** Where to find an OpenID provider that is not at `https://<provider name>`. */
export interface OpenIdProviderSettings {
  /** Expected `iss`. Default `https://<provider name>`, with http for loopback hosts. */
  readonly issuer?: string;
  /** Default: `jwks_uri` of the issuer's discovery document. */
  readonly jwksUri?: string;
  /** Accepted audiences. Default: any for IAM OIDC providers; the client ids of the pool for user pools and accounts.google.com. */
  readonly clientIds?: readonly string[];
}

export interface PublicLoginsOptions {
  readonly clock: Clock;
  readonly openIdProviders: Readonly<Record<string, OpenIdProviderSettings>>;
  /**
   * Opaque tokens (Facebook, Login with Amazon, Twitter's `token;secret`, SAML assertions under the ARN of their provider) by provider
   * name: an expression whose first group is the user's id. Without a rule no opaque token is valid.
   */
  readonly opaqueTokens: Readonly<Record<string, string>>;
  /** Accept any token of a provider that has neither a rule nor settings here, each token being a user of its own. */
  readonly anyOpaqueToken: boolean;
  /** Asked where a user pool's client has `ServerSideTokenCheck`. */
  readonly userPoolUsers: Pick<UserPoolUsers, 'isBarred'>;
}

const loopback = /^(?:localhost|127\.0\.0\.1|\[::1\])(?::|\/|$)/;

export function createPublicLogins(options: PublicLoginsOptions): PublicLogins {
  const keySets = new Map<string, Promise<JWTVerifyGetKey>>();

  const verifyOpenId = async (provider: string, token: string, clientIds: readonly string[] | undefined) => {
    const settings = options.openIdProviders[provider] ?? {};
    const scheme = loopback.test(provider) ? 'http' : 'https';
    const issuer = settings.issuer ?? `${scheme}://${provider}`;
    const unverified = readClaims(token);
    if (unverified.iss !== issuer)
      throw notAuthorized("Invalid login token. Issuer doesn't match providerName");
    if (unverified.aud === undefined)
      throw notAuthorized('Invalid login token. Missing a required claim: aud');
    const keys = await keySetOf(keySets, issuer, settings.jwksUri);
    const { now } = options.clock;
    const audience = settings.clientIds ?? clientIds;
    try {
      const { payload } = await jwtVerify(token, keys, {
        issuer,
        ...(audience && { audience: [...audience] }),
        requiredClaims: ['sub', 'exp'],
        algorithms: [
          'RS256',
          'RS384',
          'RS512',
          'PS256',
          'PS384',
          'PS512',
          'ES256',
          'ES384',
          'ES512',
          'EdDSA',
        ],
        currentDate: new Date(now()),
      });
      return payload;
    } catch (error) {
      throw translate(error, Math.floor(now() / 1000), unverified.exp);
    }
  };

  const opaqueSubject = (provider: string, token: string) => {
    const rule = options.opaqueTokens[provider];
    if (rule !== undefined) return new RegExp(`^(?:${rule})$`).exec(token)?.[1];
    if (!options.anyOpaqueToken) return undefined;
    return createHash('sha256').update(token).digest('hex').slice(0, 32);
  };

  /** Facebook and the like; SAML assertions too, since nothing here reads signed XML. */
  const isOpaque = ({ type }: ProviderKind, provider: string) => {
    if (type === 'saml') return true;
    if (options.openIdProviders[provider]) return false;
    return options.anyOpaqueToken || (type === 'social' && !openIdSocials.has(provider));
  };

  const verifyOne = async (pool: Pool, provider: string, token: string): Promise<ProvenLogin> => {
    if (isCognitoHost(provider)) throw notAuthorized("Invalid login token. Can't pass in a Cognito token.");
    if (provider === pool.developerProviderName)
      throw invalidParameter('Please provide a valid public provider');
    const kind = providerKind(pool, provider);
    if (!kind && !options.anyOpaqueToken) {
      throw hasProviders(pool)
        ? notAuthorized('Token is not from a supported provider of this identity pool.')
        : notAuthorized(
            `Identity pool - ${pool.identityPoolId} does not have identity providers configured.`,
          );
    }
    if (!kind || isOpaque(kind, provider)) {
      const subject = opaqueSubject(provider, token);
      if (!subject) throw notAuthorized('Invalid login token.');
      const amr = [provider, `${provider}:${pool.identityPoolId}:${subject}`];
      return { provider, subject, amr, claims: {} };
    }
    const claims = await verifyOpenId(provider, token, kind.clientIds);
    const subject = claims.sub as string;
    if (isChecked(kind, claims) && options.userPoolUsers.isBarred({ provider, subject }, claims.iat)) {
      throw notAuthorized('Invalid login token. The user is signed out or disabled.');
    }
    const qualified =
      kind.type === 'oidc'
        ? `${kind.arn}:OIDC:${subject}`
        : kind.type === 'userPool'
          ? `${provider}:CognitoSignIn:${subject}`
          : `${provider}:${subject}`;
    return { provider, subject, amr: [provider, qualified], claims };
  };

  return {
    verify: async (pool, logins) => {
      const entries = Object.entries(logins);
      if (entries.length === 0) return [];
      return Promise.all(entries.map(([provider, token]) => verifyOne(pool, provider, token)));
    },
  };
}

/** Providers among the supported ones of every pool whose tokens are OpenID tokens: Google, and Sign in with Apple. */
const openIdSocials: ReadonlySet<string> = new Set(['accounts.google.com', 'appleid.apple.com']);

type ProviderKind =
  | { readonly type: 'oidc'; readonly arn: string; readonly clientIds?: undefined }
  | { readonly type: 'saml'; readonly clientIds?: undefined }
  | { readonly type: 'social'; readonly clientIds: readonly string[] }
  | {
      readonly type: 'userPool';
      readonly clientIds: readonly string[];
      /** Clients for which the user pool is asked whether the user is still signed in. */
      readonly checkedClientIds: readonly string[];
    };

const isChecked = (kind: ProviderKind, { aud }: JWTPayload) =>
  kind.type === 'userPool' && [aud].flat().some((id) => kind.checkedClientIds.includes(id ?? ''));

/** How the pool knows a provider, or undefined when it does not. */
export function providerKind(pool: Pool, provider: string): ProviderKind | undefined {
  const arn = pool.openIdConnectProviderArns?.find((candidate) =>
    candidate.endsWith(`:oidc-provider/${provider}`),
  );
  if (arn !== undefined) return { type: 'oidc', arn };
  const clients = (pool.cognitoIdentityProviders ?? []).filter(
    ({ ProviderName }) => ProviderName === provider,
  );
  if (clients.length > 0) {
    const idsOf = (some: typeof clients) => some.flatMap(({ ClientId }) => ClientId ?? []);
    const checked = clients.filter(({ ServerSideTokenCheck }) => ServerSideTokenCheck === true);
    return { type: 'userPool', clientIds: idsOf(clients), checkedClientIds: idsOf(checked) };
  }
  if (pool.samlProviderArns?.includes(provider)) return { type: 'saml' };
  const appIds = pool.supportedLoginProviders;
  if (appIds && Object.hasOwn(appIds, provider)) {
    return { type: 'social', clientIds: [appIds[provider] as string] };
  }
  return undefined;
}

const hasProviders = (pool: Pool) =>
  (pool.openIdConnectProviderArns?.length ?? 0) > 0 ||
  (pool.cognitoIdentityProviders?.length ?? 0) > 0 ||
  (pool.samlProviderArns?.length ?? 0) > 0 ||
  Object.keys(pool.supportedLoginProviders ?? {}).length > 0;

function readClaims(token: string): JWTPayload {
  try {
    return decodeJwt(token);
  } catch {
    throw notAuthorized('Invalid login token. Not a valid OpenId Connect identity token.');
  }
}

const unreachable = () =>
  new AwsError(
    'ExternalServiceException',
    'The identity provider could not be reached or gave no valid answer.',
  );

function keySetOf(
  keySets: Map<string, Promise<JWTVerifyGetKey>>,
  issuer: string,
  jwksUri: string | undefined,
): Promise<JWTVerifyGetKey> {
  const address = jwksUri ?? issuer;
  let found = keySets.get(address);
  if (!found) {
    found = (jwksUri ? Promise.resolve(jwksUri) : discover(issuer)).then((uri) =>
      createRemoteJWKSet(new URL(uri)),
    );
    keySets.set(address, found);
    found.catch(() => keySets.delete(address)); // a failure is not remembered
  }
  return found;
}

async function discover(issuer: string): Promise<string> {
  try {
    const response = await fetch(`${issuer.replace(/\/$/, '')}/.well-known/openid-configuration`, {
      signal: AbortSignal.timeout(5000),
    });
    const { jwks_uri: uri } = (await response.json()) as { jwks_uri?: unknown };
    if (!response.ok || typeof uri !== 'string') throw unreachable();
    return uri;
  } catch {
    throw unreachable();
  }
}

function translate(error: unknown, now: number, exp: number | undefined): AwsError {
  if (error instanceof errors.JWTExpired) {
    return notAuthorized(`Invalid login token. Token expired: ${now} >= ${exp}`);
  }
  if (error instanceof errors.JWTClaimValidationFailed) {
    if (error.claim === 'aud') return notAuthorized('Invalid login token. Incorrect token audience.');
    if (error.reason === 'missing') {
      return notAuthorized(`Invalid login token. Missing a required claim: ${error.claim}`);
    }
    return notAuthorized('Invalid login token. Token is not yet valid.');
  }
  const cannotFetchKeys =
    error instanceof errors.JWKSTimeout || error instanceof errors.JWKSInvalid || error instanceof TypeError;
  // jose reports an unexpected HTTP answer with its base class.
  if (cannotFetchKeys || (error instanceof errors.JOSEError && error.code === 'ERR_JOSE_GENERIC'))
    return unreachable();
  return notAuthorized("Invalid login token. Couldn't verify signed token.");
}
