import type { AuthCheckerFn } from 'type-graphql';
import { ServiceError } from '../errors.ts';
import type { GraphQLContext } from './context.ts';

export type Role = 'ADMINISTRATOR';

export function unauthenticated(): ServiceError {
  return new ServiceError(
    'UNAUTHENTICATED',
    'Sign in first: send your access token as "Authorization: Bearer <token>".',
  );
}

/**
 * `@Authorized()` asks for a signed-in user, `@Authorized<Role>('ADMINISTRATOR')` for an administrator. Which identity a user may
 * touch is decided where it is looked up, in the identity service.
 */
export const authChecker: AuthCheckerFn<GraphQLContext, Role> = ({ context }, roles) => {
  if (context.principal === null) throw unauthenticated();
  if (roles.includes('ADMINISTRATOR') && !context.principal.administrator) {
    throw new ServiceError('FORBIDDEN', 'Only administrators may do this.');
  }
  return true;
};
