import type { QueryValue } from '../protocols/queryOperation.ts';
import type { Role } from './roleStore.ts';

/** IAM gives policy documents back percent-encoded (RFC 3986). */
export function encodeDocument(document: string): string {
  return encodeURIComponent(document).replace(
    /[!'()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}

/** The part of a role that every answer has. */
export function describeRole(role: Role) {
  return {
    Path: role.path,
    RoleName: role.roleName,
    RoleId: role.roleId,
    Arn: role.arn,
    CreateDate: new Date(role.createdAt),
    AssumeRolePolicyDocument: encodeDocument(role.assumeRolePolicyDocument),
    Description: role.description,
    MaxSessionDuration: role.maxSessionDuration,
  };
}

export function describeTags(tags: Role['tags']): readonly { readonly [name: string]: QueryValue }[] {
  return Object.entries(tags).map(([key, value]) => ({ Key: key, Value: value }));
}
