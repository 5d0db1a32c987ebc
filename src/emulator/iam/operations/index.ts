import type { QueryOperation } from '../../protocols/queryOperation.ts';
import { AttachRolePolicy } from './attachRolePolicy.ts';
import { CreateRole } from './createRole.ts';
import { DeleteRole } from './deleteRole.ts';
import { DeleteRolePolicy } from './deleteRolePolicy.ts';
import { DetachRolePolicy } from './detachRolePolicy.ts';
import { GetRole } from './getRole.ts';
import { GetRolePolicy } from './getRolePolicy.ts';
import { ListAttachedRolePolicies } from './listAttachedRolePolicies.ts';
import { ListRolePolicies } from './listRolePolicies.ts';
import { ListRoles } from './listRoles.ts';
import { ListRoleTags } from './listRoleTags.ts';
import { PutRolePolicy } from './putRolePolicy.ts';
import { TagRole } from './tagRole.ts';
import { UntagRole } from './untagRole.ts';
import { UpdateAssumeRolePolicy } from './updateAssumeRolePolicy.ts';

/** As much of IAM as identity pools need. */
export const iamOperations: Readonly<Record<string, QueryOperation>> = {
  AttachRolePolicy,
  CreateRole,
  DeleteRole,
  DeleteRolePolicy,
  DetachRolePolicy,
  GetRole,
  GetRolePolicy,
  ListAttachedRolePolicies,
  ListRolePolicies,
  ListRoles,
  ListRoleTags,
  PutRolePolicy,
  TagRole,
  UntagRole,
  UpdateAssumeRolePolicy,
};
