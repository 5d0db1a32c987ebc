import type { Role, RoleStore } from './iam/roleStore.ts';
import type { KeyValueStore } from './store/keyValue.ts';

/** IAM's roles, kept where the pools are. */
export function createStoredRoles(keyValue: KeyValueStore): RoleStore {
  const keyOf = (roleName: string) => roleName.toLowerCase();
  const get = (roleName: string) => keyValue.read((reader) => reader.get<Role>('roles', keyOf(roleName)));
  return {
    get,
    getByArn: (arn) => {
      const role = get(arn.slice(arn.lastIndexOf('/') + 1));
      return role?.arn === arn ? role : undefined;
    },
    put: (role) => keyValue.writeNow((writer) => writer.put('roles', keyOf(role.roleName), role)),
    delete: (roleName) => keyValue.writeNow((writer) => writer.remove('roles', keyOf(roleName))),
    list: () =>
      keyValue.read((reader) =>
        reader.range<Role>('roles', { prefix: '', limit: Number.MAX_SAFE_INTEGER }).map(({ value }) => value),
      ),
  };
}
