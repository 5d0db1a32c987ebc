import { regionOfId } from '../lib/partition.ts';
import type { CognitoServiceOptions } from './cognitoService.ts';
import type { IdentityWriter, Pool } from './identityStore.ts';
import type { CallContext, Services } from './services.ts';
import { inputs, type OperationName } from './validation/cognitoShapes.ts';

/** All that lenient mode accepts and strict mode, like AWS, does not. */
export const lenientDifferences: readonly string[] = [
  'A pool id that was never created is a pool from its first use on; it allows guests, and takes the first key of Logins as its developer provider.',
  'An identity id that was never issued is a guest from its first use on.',
  'Any string is a valid token of any public provider, configured or not; each string is one user.',
  'MaxResults over 60 counts as 60.',
  'A pool may be used with a signature for another Region.',
  'Where a role is not set, or does not exist in the IAM here, credentials are of a role made up on the spot.',
];

/** Operations that ask about an id, or take it away, rather than use it. */
const neverCreate = new Set<OperationName>([
  'CreateIdentityPool',
  'DeleteIdentityPool',
  'DeleteIdentities',
  'UnlinkIdentity',
  'UnlinkDeveloperIdentity',
]);

export function lenientRules({
  store,
  clock,
}: Pick<Services, 'store' | 'clock'>): Required<Pick<CognitoServiceOptions, 'relax' | 'prepare'>> {
  return {
    relax: (operation, body) => {
      if (!Object.hasOwn(inputs[operation].members, 'MaxResults')) return body;
      const { MaxResults } = (body ?? {}) as { MaxResults?: unknown };
      return typeof MaxResults === 'number' && MaxResults > 60
        ? { ...(body as object), MaxResults: 60 }
        : body;
    },
    prepare: async (operation, request, call) => {
      if (neverCreate.has(operation)) return;
      const { IdentityPoolId, IdentityId, Logins } = request as {
        IdentityPoolId?: string;
        IdentityId?: string;
        Logins?: Readonly<Record<string, string>>;
      };
      const missing = store.read(
        (reader) =>
          (IdentityPoolId !== undefined && !reader.pool(IdentityPoolId)) ||
          (IdentityId !== undefined && !reader.identity(IdentityId)) ||
          (operation === 'GetOpenIdTokenForDeveloperIdentity' &&
            reader.pool(IdentityPoolId as string)?.developerProviderName === undefined),
      );
      if (!missing) return;
      await store.write((writer) => {
        const poolId = IdentityPoolId ?? poolForStrays(IdentityId as string, call);
        const developerProviderName =
          operation === 'GetOpenIdTokenForDeveloperIdentity' ? Object.keys(Logins ?? {})[0] : undefined;
        ensurePool(writer, poolId, developerProviderName);
        if (IdentityId !== undefined && !writer.identity(IdentityId)) {
          writer.createIdentity(poolId, clock.now(), IdentityId);
        }
      });
    },
  };
}

/** Where identities go that come without a pool. */
const poolForStrays = (identityId: string, { region }: CallContext) =>
  `${regionOfId(identityId) ?? region ?? 'us-east-1'}:00000000-0000-0000-0000-000000000000`;

function ensurePool(
  writer: IdentityWriter,
  identityPoolId: string,
  developerProviderName: string | undefined,
): void {
  const pool: Pool = writer.pool(identityPoolId) ?? {
    identityPoolId,
    identityPoolName: 'lenient',
    allowUnauthenticatedIdentities: true,
    tags: {},
    roles: {},
    roleMappings: {},
    principalTagMaps: {},
  };
  const name = pool.developerProviderName ?? developerProviderName;
  writer.savePool(name === undefined ? pool : { ...pool, developerProviderName: name });
}
