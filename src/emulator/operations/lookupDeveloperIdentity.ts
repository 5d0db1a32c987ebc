import { AwsError, identityNotFound, invalidParameter, resourceConflict } from '../errors.ts';
import type { Identity } from '../identityStore.ts';
import { requirePool } from '../poolAccess.ts';
import type { Handler, Services } from '../services.ts';

/** Also the largest page that can be asked for. */
const defaultMaxResults = 60;

export const lookupDeveloperIdentity =
  ({
    store,
    pageTokens,
    choices,
  }: Pick<Services, 'store' | 'pageTokens' | 'choices'>): Handler<'LookupDeveloperIdentity'> =>
  (
    { IdentityPoolId, IdentityId, DeveloperUserIdentifier, MaxResults = defaultMaxResults, NextToken },
    call,
  ) => {
    if (IdentityId === undefined && DeveloperUserIdentifier === undefined) {
      throw invalidParameter('IdentityId and DeveloperUserIdentifier cannot both be null.');
    }
    const found = store.read((reader) => {
      requirePool(reader, IdentityPoolId, call);
      const owner =
        DeveloperUserIdentifier === undefined
          ? undefined
          : reader.byDeveloperUser(IdentityPoolId, DeveloperUserIdentifier);
      if (IdentityId === undefined) return owner ?? unknownUser(choices.unknownDeveloperUser);
      const named = reader.identity(IdentityId);
      if (named?.identityPoolId !== IdentityPoolId) throw identityNotFound(IdentityId);
      if (DeveloperUserIdentifier !== undefined && owner?.identityId !== IdentityId) {
        throw resourceConflict('The developer user identifier is not associated with the identity.');
      }
      return named as Identity;
    });
    if (IdentityId !== undefined && DeveloperUserIdentifier !== undefined) {
      return { IdentityId, DeveloperUserIdentifierList: [DeveloperUserIdentifier] };
    }
    const scope = [
      'LookupDeveloperIdentity',
      IdentityPoolId,
      IdentityId ?? '',
      DeveloperUserIdentifier ?? '',
    ];
    const start = Number(pageTokens.position(scope, NextToken) ?? 0);
    const users = found.developerUserIdentifiers;
    const end = start + MaxResults;
    return {
      IdentityId: found.identityId,
      DeveloperUserIdentifierList: users.slice(start, end),
      ...(end < users.length && { NextToken: pageTokens.create(scope, String(end)) }),
    };
  };

function unknownUser(name: 'NotAuthorizedException' | 'ResourceNotFoundException'): never {
  throw new AwsError(
    name,
    name === 'NotAuthorizedException'
      ? 'Access to this identity pool is forbidden.'
      : 'Developer user identifier not found.',
  );
}
