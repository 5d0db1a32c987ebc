/**
 * Who a login token speaks of: issuer and subject of a JWT, without checking it, as that is the API's part. Undefined for opaque
 * tokens, and where the platform cannot decode: then each token counts as a user of its own. Serves only to keep what belongs to
 * different users apart, so that it does not matter that letters beyond ASCII stay encoded.
 */
export function userOfLoginToken(token: string): string | undefined {
  try {
    const { iss, sub } = JSON.parse(atob(`${token.split('.')[1]}`.replace(/-/g, '+').replace(/_/g, '/')));
    return sub && JSON.stringify([iss, sub]);
  } catch {
    return undefined;
  }
}
