import type { TokenFault } from '../openIdToken.ts';
import { QueryError } from '../protocols/queryOperation.ts';

/** What STS says of a token that it does not take, as far as reports show it; `choices` names what they do not. */
export function tokenRefusal(fault: TokenFault): QueryError {
  switch (fault.fault) {
    case 'malformed':
      return invalid(
        'The ID Token provided is not a valid JWT. (You may see this error if you sent an Access Token)',
      );
    case 'foreign issuer':
      return invalid(`No OpenIDConnect provider found in your account for ${fault.issuer.slice(0, 255)}`);
    case 'unknown key':
      // Both spaces are AWS's.
      return invalid(
        "Couldn't retrieve verification key from your identity provider,  please reference AssumeRoleWithWebIdentity documentation for requirements",
      );
    case 'bad signature':
      return invalid("Couldn't verify signed token.");
    case 'missing claim':
      return invalid(`Missing a required claim: ${fault.claim}`);
    case 'not yet valid':
      return invalid('Token is not yet valid.');
    case 'expired':
      return new QueryError(
        'ExpiredTokenException',
        `Token expired: current date/time ${fault.now} must be before the expiration date/time ${fault.exp}`,
      );
  }
}

const invalid = (message: string) => new QueryError('InvalidIdentityToken', message);
