import type { Clock } from '../lib/clock.ts';

/** A user of a Cognito user pool, which is not emulated here: its tokens are verified by the key set of its issuer. */
export interface UserPoolUser {
  /** Name of the provider, `cognito-idp.<region>.amazonaws.com/<user pool id>`. */
  readonly provider: string;
  /** `sub` of the tokens. */
  readonly subject: string;
}

/**
 * What a user pool would say of its users where an identity pool asks it, that is for clients with `ServerSideTokenCheck`. Nobody is
 * signed out or disabled until a test says so.
 */
export interface UserPoolUsers {
  /** GlobalSignOut: tokens issued up to now are void, later ones are good again. */
  signOut(user: UserPoolUser): void;
  /** AdminDisableUser: no token of the user is good any more. */
  disable(user: UserPoolUser): void;
  /** AdminEnableUser, also undoes a sign-out. */
  enable(user: UserPoolUser): void;
  clear(): void;
  /** @param issuedAt seconds since the epoch; tokens without the claim count as the oldest */
  isBarred(user: UserPoolUser, issuedAt: number | undefined): boolean;
}

export function createUserPoolUsers(clock: Clock): UserPoolUsers {
  /** User to the last second (since the epoch) whose tokens are void. */
  const voidUntil = new Map<string, number>();
  const keyOf = ({ provider, subject }: UserPoolUser) => JSON.stringify([provider, subject]);
  return {
    signOut: (user) => void voidUntil.set(keyOf(user), Math.floor(clock.now() / 1000)),
    disable: (user) => void voidUntil.set(keyOf(user), Number.POSITIVE_INFINITY),
    enable: (user) => void voidUntil.delete(keyOf(user)),
    clear: () => voidUntil.clear(),
    isBarred: (user, issuedAt = 0) => issuedAt <= (voidUntil.get(keyOf(user)) ?? Number.NEGATIVE_INFINITY),
  };
}
