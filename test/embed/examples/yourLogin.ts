import type { Principal } from 'cognito-graphql';

/** Stands for the login that the host has. */
export async function yourLogin(authorization: string | null | undefined): Promise<Principal | null> {
  const [, userId, role] = /^Session (\w+)(?: (\w+))?$/.exec(authorization ?? '') ?? [];
  return userId === undefined ? null : { userId, administrator: role === 'admin', principalTags: {} };
}
