import DataLoader from 'dataloader';
import type { CognitoGateway, IdentityDescription, Page, PageRequest } from '../cognito/gateway.ts';
import { mapConcurrently } from '../lib/mapConcurrently.ts';

/**
 * Look-ups of one request, each made once. Cognito has no batch look-ups and throttles single ones early, so a page of
 * identities with nested fields asks for at most `concurrency` of them at a time.
 *
 * Made per request: what was loaded for one user must never be there for the next.
 */
export interface IdentityReader {
  findIdentityId(developerUserIdentifier: string): Promise<string | null>;
  describeIdentity(identityId: string): Promise<IdentityDescription | null>;
  listDeveloperUserIdentifiers(identityId: string, page: PageRequest): Promise<Page<string> | null>;
  /** Remembers a description that came with a list. */
  remember(identity: IdentityDescription): void;
  /** Drops what a change in this request made stale. */
  forgetAll(): void;
}

type Reads = Pick<CognitoGateway, 'findIdentityId' | 'describeIdentity' | 'listDeveloperUserIdentifiers'>;

export function createIdentityReader(gateway: Reads, signal: AbortSignal, concurrency = 5): IdentityReader {
  const loader = <K, V>(load: (key: K) => Promise<V>, cacheKeyFn?: (key: K) => string) =>
    new DataLoader<K, V, string | K>((keys) => mapConcurrently(keys, concurrency, load), { cacheKeyFn });

  const identityIds = loader((user: string) => gateway.findIdentityId(user, signal));
  const descriptions = loader((id: string) => gateway.describeIdentity(id, signal));
  const userPages = loader(
    ({ identityId, page }: { identityId: string; page: PageRequest }) =>
      gateway.listDeveloperUserIdentifiers(identityId, page, signal),
    ({ identityId, page }) => JSON.stringify([identityId, page.maxResults, page.nextToken ?? null]),
  );

  return {
    findIdentityId: (user) => identityIds.load(user),
    describeIdentity: (id) => descriptions.load(id),
    listDeveloperUserIdentifiers: (identityId, page) => userPages.load({ identityId, page }),
    remember: (identity) => void descriptions.prime(identity.identityId, identity),
    forgetAll: () => {
      identityIds.clearAll();
      descriptions.clearAll();
      userPages.clearAll();
    },
  };
}
