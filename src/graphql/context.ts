import type { Principal } from '../auth/principal.ts';
import type { IdentityReader } from '../identities/identityReader.ts';
import type { RequestScope } from '../lib/requestScope.ts';

/** What resolvers see of a request: a principal, never a header. */
export interface GraphQLContext extends RequestScope {
  /** Null when the request carried no credentials. */
  readonly principal: Principal | null;
  readonly identities: IdentityReader;
}

/** The context of a field that the auth checker has let through. */
export interface AuthenticatedContext extends GraphQLContext {
  readonly principal: Principal;
}
