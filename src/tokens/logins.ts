import { createHmac } from 'node:crypto';
import type { Principal } from '../auth/principal.ts';

/**
 * The developer user identifier under which Cognito knows a principal: the user id byte for byte, or, with a key, its
 * HMAC-SHA256 in lower-case hex. Cognito writes the identifier in clear into the OpenID token's `amr`, from where it reaches
 * STS and CloudTrail, so an e-mail address or the like should never leave without a key.
 *
 * Changing the key gives every user a new identity.
 */
export function developerUserIdentifierOf(principal: Principal, userIdHmacKey?: Uint8Array): string {
  return userIdHmacKey === undefined
    ? principal.userId
    : createHmac('sha256', userIdHmacKey).update(principal.userId, 'utf8').digest('hex');
}
