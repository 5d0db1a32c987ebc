import type { HttpAnswer } from './protocols/awsJson.ts';
import type { SigningKeys } from './signingKeys.ts';

export interface OidcOptions {
  readonly keys: SigningKeys;
  /** The address actually bound. */
  readonly url: string;
  readonly issuer: string;
}

/**
 * Discovery document and key set, at AWS's paths (the key set is at `jwks_uri`, not `jwks.json`); undefined for any other path.
 */
export async function oidcAnswer(
  path: string,
  { keys, url, issuer }: OidcOptions,
): Promise<HttpAnswer | undefined> {
  switch (path) {
    case '/.well-known/jwks_uri':
      return json({ keys: await keys.published() });
    case '/.well-known/openid-configuration':
      return json({
        issuer,
        jwks_uri: `${url}/.well-known/jwks_uri`,
        authorization_endpoint: `${url}/authorize`,
        response_types_supported: ['id_token'],
        subject_types_supported: ['public'],
        id_token_signing_alg_values_supported: ['RS512'],
      });
    default:
      return undefined;
  }
}

const json = (body: unknown): HttpAnswer => ({
  status: 200,
  // AWS caches for thirty days. Here keys are made anew on every start, so that a cache would only be in the way.
  headers: { 'content-type': 'application/json', 'cache-control': 'no-cache' },
  body: JSON.stringify(body),
});
