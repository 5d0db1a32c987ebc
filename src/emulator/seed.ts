import { readFile } from 'node:fs/promises';
import { partitionOf } from '../lib/partition.ts';
import { randomAwsId } from './awsId.ts';
import { AwsError } from './errors.ts';
import type { Role } from './iam/roleStore.ts';
import type { Login } from './identityStore.ts';
import { validateTrustPolicy } from './policy.ts';
import { poolOf } from './poolSettings.ts';
import type { Services } from './services.ts';
import {
  developerUserIdentifier,
  identityId,
  identityProviderName,
  inputs,
  roleMappingMap,
  rolesMap,
} from './validation/cognitoShapes.ts';
import { type Infer, list, map, optional, required, string, structure } from './validation/shapes.ts';
import { validate } from './validation/validate.ts';

const seedIdentity = structure({
  IdentityId: required(identityId),
  DeveloperUserIdentifiers: optional(list(developerUserIdentifier)),
  /** Public provider name to the user's id there. */
  Logins: optional(map(identityProviderName, string({ min: 1, max: 1024 }))),
});

const seedPool = structure({
  ...inputs.UpdateIdentityPool.members,
  Roles: optional(rolesMap),
  RoleMappings: optional(roleMappingMap),
  Identities: optional(list(seedIdentity)),
});

const seedRole = structure({
  RoleName: required(string({ min: 1, max: 64, pattern: ['[\\w+=,.@-]+', /^[\w+=,.@-]+$/] })),
  /** JSON in a string, as IAM takes it. */
  AssumeRolePolicyDocument: required(string({ min: 1, max: 131_072 })),
  Description: optional(string({ max: 1000 })),
});

const seedDocument = structure({
  Pools: optional(list(seedPool)),
  Roles: optional(list(seedRole)),
});

/** What an emulator starts with: pools with fixed ids, their identities, and roles; in the members of AWS's requests. */
export type SeedDocument = Infer<typeof seedDocument>;

/**
 * Puts the seed in place: replaces roles of the same name, adds pools and identities that are not there yet.
 *
 * @param seed the document, or the path of a JSON file with it
 * @throws Error that names what is wrong with the document; nothing was written then
 */
export async function applySeed(
  seed: SeedDocument | string,
  {
    store,
    roles,
    clock,
    accountId,
    region,
  }: Pick<Services, 'store' | 'roles' | 'clock' | 'accountId'> & { region: string },
): Promise<void> {
  const { Pools = [], Roles = [] } = checked(typeof seed === 'string' ? await parseFile(seed) : seed);
  for (const { RoleName, AssumeRolePolicyDocument } of Roles) {
    const problem = validateTrustPolicy(AssumeRolePolicyDocument);
    if (problem !== null)
      throw new Error(`The seed's role ${RoleName} has an invalid trust policy: ${problem}`);
  }
  for (const pool of Pools) checkLogins(pool.Identities ?? []);
  await store.write((writer) => {
    for (const pool of Pools) {
      if (!writer.pool(pool.IdentityPoolId)) {
        writer.savePool({
          ...poolFromSeed(pool),
          roles: pool.Roles ?? {},
          roleMappings: pool.RoleMappings ?? {},
        });
      }
      for (const { IdentityId, DeveloperUserIdentifiers = [], Logins = {} } of pool.Identities ?? []) {
        if (writer.identity(IdentityId)) continue;
        // With data from before, a login may have moved on to another identity, and stays there.
        const isFree = (login: Login) => writer.byPublicLogin(pool.IdentityPoolId, login) === undefined;
        const identity = writer.createIdentity(pool.IdentityPoolId, clock.now(), IdentityId);
        writer.saveIdentity({
          ...identity,
          developerUserIdentifiers: DeveloperUserIdentifiers.filter(
            (user) => writer.byDeveloperUser(pool.IdentityPoolId, user) === undefined,
          ),
          publicLogins: Object.fromEntries(
            Object.entries(Logins).filter(([provider, subject]) => isFree({ provider, subject })),
          ),
        });
      }
    }
  });
  // Last, since a role cannot be wrong any more.
  const account = `arn:${partitionOf(region).arn}:iam::${accountId}`;
  for (const role of Roles) roles.put(newRole(role, account, clock.now()));
}

const checked = (document: unknown) => told(() => validate(seedDocument, document) as SeedDocument);

const poolFromSeed = (pool: Infer<typeof seedPool>) => told(() => poolOf(pool.IdentityPoolId, pool));

/** What AWS would say of a request, said of the seed. */
function told<T>(work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (error instanceof AwsError) throw new Error(`The seed is not valid: ${error.message}`);
    throw error;
  }
}

/** One login belongs to one identity. */
function checkLogins(identities: readonly Infer<typeof seedIdentity>[]): void {
  const owners = new Map<string, string>();
  for (const { IdentityId, DeveloperUserIdentifiers = [], Logins = {} } of identities) {
    const logins = [...DeveloperUserIdentifiers.map((user) => ['', user]), ...Object.entries(Logins)];
    for (const key of logins.map((login) => JSON.stringify(login))) {
      const owner = owners.get(key) ?? IdentityId;
      if (owner !== IdentityId) {
        throw new Error(`The seed gives a login of ${owner} to ${IdentityId}, too.`);
      }
      owners.set(key, owner);
    }
  }
}

async function parseFile(file: string): Promise<unknown> {
  const text = await readFile(file, 'utf8').catch((error: Error) => {
    throw new Error(`Cannot read the seed: ${error.message}`);
  });
  try {
    return JSON.parse(text);
  } catch {
    throw new Error(`The seed ${file} is not valid JSON.`);
  }
}

function newRole(seed: Infer<typeof seedRole>, account: string, createdAt: number): Role {
  return {
    roleName: seed.RoleName,
    path: '/',
    arn: `${account}:role/${seed.RoleName}`,
    roleId: `AROA${randomAwsId(17)}`,
    assumeRolePolicyDocument: seed.AssumeRolePolicyDocument,
    createdAt,
    ...(seed.Description === undefined ? {} : { description: seed.Description }),
    maxSessionDuration: 3600,
    inlinePolicies: {},
    attachedPolicyArns: [],
    tags: {},
  };
}
