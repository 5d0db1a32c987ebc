import type { CognitoGateway, OpenIdToken, OpenIdTokenRequest } from '../cognito/gateway.ts';
import { ServiceError } from '../errors.ts';
import type { Invalidation, TokenCache } from './tokenCache.ts';

export interface CachingGatewayOptions {
  readonly gateway: CognitoGateway & {
    /** What `issueOpenIdToken` would refuse a request of this user with at once; undefined when it would not. */
    tokenRefusal?(user: string): (() => ServiceError) | undefined;
  };
  readonly cache: TokenCache;
  /** Told about every change of identities made here, for other processes that cache too. */
  readonly onChange?: (what: Invalidation | 'everything') => void;
}

export interface CachingGateway extends CognitoGateway {
  /** Drops what is kept for a user or an identity, e.g. when it turned out to be gone. */
  forget(what: Invalidation): void;
  /** A token that `issueOpenIdToken` would answer with at once. */
  recall(request: OpenIdTokenRequest): OpenIdToken | undefined;
  /**
   * What `issueOpenIdToken` would refuse with, found out with one look at the shared cache; undefined when it might answer. Asks nobody
   * while there is budget for a call. Never rejects.
   */
  tokenRefusal(request: OpenIdTokenRequest): Promise<(() => ServiceError) | undefined> | undefined;
  readonly cache: TokenCache;
}

/** Cognito's largest page. */
const largestPage = 60;

/**
 * The same port with tokens reused. Every change is announced to the cache before and after it is made: before, so that nobody
 * gets an old token while it is made; after, so that a token issued meanwhile does not outlive it; and also when it failed,
 * since a change that was not answered may have happened.
 */
export function createCachingGateway({ gateway, cache, onChange }: CachingGatewayOptions): CachingGateway {
  function forget(what: Invalidation | 'everything') {
    cache.invalidate(what);
    onChange?.(what);
  }

  async function changing<T>(what: Invalidation | 'everything', change: () => Promise<T>): Promise<T> {
    forget(what);
    try {
      return await change();
    } finally {
      forget(what);
    }
  }

  /**
   * Who has an identity after a merge. Between the look at the source's identity and the merge, another merge may have brought somebody
   * to it, who has moved along. Nobody knows means: anybody.
   */
  async function usersOf(identityId: string, signal: AbortSignal): Promise<Invalidation | 'everything'> {
    const page = await gateway
      .listDeveloperUserIdentifiers(identityId, { maxResults: largestPage }, signal)
      .catch(() => undefined);
    return page === undefined || page?.nextToken !== undefined ? 'everything' : { users: page?.items ?? [] };
  }

  return {
    cache,
    forget,
    recall: (request) => cache.recall(request),
    tokenRefusal(request) {
      const refusal = gateway.tokenRefusal?.(request.developerUserIdentifier);
      return refusal && cache.has(request).then((has) => (has ? undefined : refusal));
    },

    issueOpenIdToken: (request, signal) =>
      cache.issue(request, (shared) => gateway.issueOpenIdToken(request, shared), signal),

    linkIdentity: (request, signal) =>
      changing({ users: [request.developerUserIdentifier], identityIds: [request.identityId] }, () =>
        gateway.linkIdentity(request, signal),
      ),

    async exchangeOpenIdToken(token, signal) {
      try {
        return await gateway.exchangeOpenIdToken(token, signal);
      } catch (error) {
        if (
          error instanceof ServiceError &&
          (error.code === 'NOT_FOUND' || error.code === 'UPSTREAM_FORBIDDEN')
        ) {
          // Deleted or disabled behind our back: the next token is for another identity.
          forget({ identityIds: [token.identityId] });
        }
        throw error;
      }
    },

    async mergeDeveloperIdentities(users, signal) {
      const { sourceUserIdentifier, destinationUserIdentifier } = users;
      // All users of the source's identity move with it, so its id is needed; without it nothing kept can be trusted.
      const identityId = await gateway.findIdentityId(sourceUserIdentifier, signal).catch(() => {
        signal.throwIfAborted();
        return undefined;
      });
      const identityIds = [identityId, cache.identityOf(sourceUserIdentifier)].filter(
        (id) => typeof id === 'string',
      );
      const what =
        identityId === undefined
          ? 'everything'
          : { users: [sourceUserIdentifier, destinationUserIdentifier], identityIds };
      const merged = await changing(what, () => gateway.mergeDeveloperIdentities(users, signal));
      forget(await usersOf(merged, signal));
      return merged;
    },

    unlinkDeveloperIdentity: (link, signal) =>
      changing({ users: [link.developerUserIdentifier], identityIds: [link.identityId] }, () =>
        gateway.unlinkDeveloperIdentity(link, signal),
      ),

    deleteIdentities: (identityIds, signal) =>
      changing({ identityIds }, () => gateway.deleteIdentities(identityIds, signal)),

    findIdentityId: (user, signal) => gateway.findIdentityId(user, signal),
    listDeveloperUserIdentifiers: (identityId, page, signal) =>
      gateway.listDeveloperUserIdentifiers(identityId, page, signal),
    describeIdentity: (identityId, signal) => gateway.describeIdentity(identityId, signal),
    listIdentities: (page, signal) => gateway.listIdentities(page, signal),
    describeIdentityPool: (signal) => gateway.describeIdentityPool(signal),
  };
}
