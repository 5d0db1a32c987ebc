import type { Clock } from '../lib/clock.ts';
import type { Choices } from './choices.ts';
import type { RoleStore } from './iam/roleStore.ts';
import type { IdentityStore } from './identityStore.ts';
import type { OpenIdTokens } from './openIdToken.ts';
import type { PageTokens } from './pageTokens.ts';
import type { PublicLogins } from './publicLogins.ts';
import type { SigningKeys } from './signingKeys.ts';
import type { Sessions } from './sts/sessions.ts';
import type { Input, OperationName } from './validation/cognitoShapes.ts';

/** What the operations are made of; each takes the few it needs. */
export interface Services {
  readonly accountId: string;
  readonly lenient: boolean;
  readonly choices: Choices;
  readonly clock: Clock;
  readonly store: IdentityStore;
  readonly keys: SigningKeys;
  readonly tokens: OpenIdTokens;
  readonly pageTokens: PageTokens;
  readonly publicLogins: PublicLogins;
  readonly roles: RoleStore;
  readonly sessions: Sessions;
}

/** What is known about a call apart from its request. */
export interface CallContext {
  readonly requestId: string;
  /** The Region that was signed for. Unsigned calls carry none: theirs is that of the pool or identity id. */
  readonly region: string | undefined;
}

/** The answer's members in AWS's names; undefined where AWS answers an empty body. */
export type Answer = Readonly<Record<string, unknown>> | undefined;

export type Handler<N extends OperationName> = (
  request: Input<N>,
  call: CallContext,
) => Answer | Promise<Answer>;
