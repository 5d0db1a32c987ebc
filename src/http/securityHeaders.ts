import type { ServerResponse } from 'node:http';

/** What every answer says to browsers. Pages replace the policy by one of their own with `setPagePolicy`. */
export const securityHeaders: Readonly<Record<string, string>> = {
  'cache-control': 'no-store',
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  // An answer of the API that is opened as a page, or framed by one, can do nothing.
  'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
  // For requests without CORS only: what CORS allows is not touched by it.
  'cross-origin-resource-policy': 'same-origin',
};

export function setSecurityHeaders(response: ServerResponse): void {
  for (const [name, value] of entries) response.setHeader(name, value);
}

const entries = Object.entries(securityHeaders);

/** The policy of a page: the given directives, and that nothing frames it, changes its base or takes its forms elsewhere. */
export function setPagePolicy(
  response: ServerResponse,
  directives: Readonly<Record<string, string>> = {},
): void {
  const all = {
    ...directives,
    'object-src': "'none'",
    'base-uri': "'none'",
    'form-action': "'self'",
    'frame-ancestors': "'none'",
  };
  const policy = Object.entries(all).map(([name, sources]) => `${name} ${sources}`);
  response.setHeader('content-security-policy', policy.join('; '));
}
