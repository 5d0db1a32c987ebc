import type { HttpAnswer } from './protocols/awsJson.ts';
import type { SigningKeys } from './signingKeys.ts';

export interface OidcOptions {
  readonly keys: SigningKeys;
  /** The address actually bound. */
  readonly url: string;
  readonly issuer: string;
}

type Document = (options: OidcOptions) => object | Promise<object>;

/** AWS's paths: the key set is at `jwks_uri`, not `jwks.json`. */
const documents: Readonly<Record<string, Document>> = {
  '/.well-known/jwks_uri': async ({ keys }) => ({ keys: await keys.published() }),
  '/.well-known/openid-configuration': ({ issuer, url }) => ({
    issuer,
    jwks_uri: `${url}/.well-known/jwks_uri`,
    authorization_endpoint: `${url}/authorize`,
    response_types_supported: ['id_token'],
    subject_types_supported: ['public'],
    id_token_signing_alg_values_supported: ['RS512'],
  }),
};

/** Discovery document and key set, to be read only; undefined for any other path. The host leaves the body of a HEAD out. */
export async function oidcAnswer(
  method: string,
  path: string,
  options: OidcOptions,
): Promise<HttpAnswer | undefined> {
  const document = Object.hasOwn(documents, path) ? documents[path] : undefined;
  if (!document) return undefined;
  if (method === 'GET' || method === 'HEAD') return json(await document(options));
  const headers = { 'content-type': 'text/plain', allow: 'GET, HEAD, OPTIONS' };
  return { status: 405, headers, body: 'Method not allowed' };
}

const json = (body: unknown): HttpAnswer => ({
  status: 200,
  // AWS caches for thirty days. Here keys are made anew on every start, so that a cache would only be in the way.
  headers: { 'content-type': 'application/json', 'cache-control': 'no-cache' },
  body: JSON.stringify(body),
});
