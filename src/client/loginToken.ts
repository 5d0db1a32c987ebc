/**
 * Who a login token speaks of: issuer and subject of a JWT, without checking it, as that is the API's part. Undefined for opaque
 * tokens. Serves only to keep what belongs to different users apart.
 */
export function userOfLoginToken(token: string): string | undefined {
  const { iss, sub } = claimsOf(token);
  return typeof sub === 'string' && sub ? JSON.stringify([iss ?? null, sub]) : undefined;
}

/** The claims of a JWT, unverified; empty for anything else. */
export function claimsOf(token: string): Record<string, unknown> {
  try {
    return JSON.parse(decodeBase64Url(token.split('.')[1] ?? '')) ?? {};
  } catch {
    return {};
  }
}

const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';

/** By hand, since `atob` is missing in older React Native and knows neither base64url nor UTF-8. RFC 4648 section 5. */
function decodeBase64Url(text: string): string {
  let escaped = '';
  let bits = 0;
  let buffer = 0;
  for (const character of text) {
    const value = alphabet.indexOf(character);
    if (value < 0) continue;
    buffer = ((buffer << 6) | value) & 0xffff;
    bits += 6;
    if (bits > 7) {
      bits -= 8;
      escaped += `%${(((buffer >> bits) & 255) | 256).toString(16).slice(1)}`;
    }
  }
  return decodeURIComponent(escaped);
}
