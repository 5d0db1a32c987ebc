import { Arg, Args, Authorized, Ctx, FieldResolver, ID, Mutation, Query, Resolver, Root } from 'type-graphql';
import type { IdentityDescription } from '../../cognito/gateway.ts';
import type { IdentityService } from '../../identities/identityService.ts';
import type { Role } from '../authChecker.ts';
import { type Connection, readConnection } from '../connection.ts';
import type { AuthenticatedContext } from '../context.ts';
import {
  assertInput,
  check,
  developerUserIdentifierRule,
  identityIdListRule,
  identityIdRule,
  pageSizeRule,
} from '../inputRules.ts';
import { DeleteIdentitiesPayload, type UnprocessedReason } from './deleteIdentities.type.ts';
import {
  DeleteIdentitiesInput,
  IdentitiesArgs,
  MergeDeveloperIdentitiesInput,
  PageArgs,
  UnlinkDeveloperIdentityInput,
} from './identity.input.ts';
import { DeveloperUserIdentifierConnection, Identity, IdentityConnection } from './identity.type.ts';

@Resolver(() => Identity)
export class IdentityResolver {
  private readonly service: IdentityService;

  constructor({ identities }: { identities: IdentityService }) {
    this.service = identities;
  }

  @Authorized()
  @Query(() => Identity, {
    nullable: true,
    description: "The user's own identity, or any for administrators. Null when there is none to see.",
  })
  async identity(
    @Ctx() context: AuthenticatedContext,
    @Arg('id', () => ID, { description: 'Identity id.' }) id: string,
  ): Promise<Identity | null> {
    assertInput(check('id', id, identityIdRule));
    return toIdentity(await this.service.byId(id, context));
  }

  @Authorized<Role>('ADMINISTRATOR')
  @Query(() => Identity, {
    nullable: true,
    description:
      'The identity of a user of your login. Administrators only. Null when the pool does not know the user.',
  })
  async identityByDeveloperUserIdentifier(
    @Ctx() context: AuthenticatedContext,
    @Arg('developerUserIdentifier', () => String, { description: "The user's id as Cognito knows it." })
    developerUserIdentifier: string,
  ): Promise<Identity | null> {
    assertInput(check('developerUserIdentifier', developerUserIdentifier, developerUserIdentifierRule));
    return toIdentity(await this.service.byDeveloperUserIdentifier(developerUserIdentifier, context));
  }

  @Authorized<Role>('ADMINISTRATOR')
  @Query(() => IdentityConnection, { description: 'All identities of the pool. Administrators only.' })
  async identities(
    @Ctx() context: AuthenticatedContext,
    @Args(() => IdentitiesArgs) { first, after, hideDisabled }: IdentitiesArgs,
  ): Promise<Connection<Identity>> {
    assertInput(check('first', first, pageSizeRule));
    return readConnection({ first, after }, async (page) => {
      const { items, nextToken } = await this.service.list({ ...page, hideDisabled }, context);
      return { items: items.map(identityOf), nextToken };
    });
  }

  @FieldResolver(() => DeveloperUserIdentifierConnection, {
    description: 'The users of your login who have this identity: usually one, more after merges.',
  })
  async developerUserIdentifiers(
    @Root() { id }: Identity,
    @Ctx() context: AuthenticatedContext,
    @Args(() => PageArgs) { first, after }: PageArgs,
  ): Promise<Connection<string>> {
    assertInput(check('first', first, pageSizeRule));
    return readConnection({ first, after }, (page) =>
      this.service.developerUserIdentifiers(id, page, context),
    );
  }

  @Authorized<Role>('ADMINISTRATOR')
  @Mutation(() => Identity, {
    description:
      "Gives the source user the destination user's identity. Administrators only. Cannot be undone.",
  })
  async mergeDeveloperIdentities(
    @Ctx() context: AuthenticatedContext,
    @Arg('input', () => MergeDeveloperIdentitiesInput, { description: 'The two users.' })
    { sourceUserIdentifier, destinationUserIdentifier }: MergeDeveloperIdentitiesInput,
  ): Promise<Identity> {
    assertInput(
      check('input.sourceUserIdentifier', sourceUserIdentifier, developerUserIdentifierRule),
      check('input.destinationUserIdentifier', destinationUserIdentifier, developerUserIdentifierRule),
      sourceUserIdentifier === destinationUserIdentifier
        ? { field: 'input.destinationUserIdentifier', rule: 'must be another user than the source' }
        : null,
    );
    return identityOf(await this.service.merge({ sourceUserIdentifier, destinationUserIdentifier }, context));
  }

  @Authorized<Role>('ADMINISTRATOR')
  @Mutation(() => Identity, {
    nullable: true,
    description:
      'Takes an identity away from a user, who gets a new one the next time. Administrators only. Answers the identity that was left, null when nothing of it can be seen any more.',
  })
  async unlinkDeveloperIdentity(
    @Ctx() context: AuthenticatedContext,
    @Arg('input', () => UnlinkDeveloperIdentityInput, { description: 'The user and the identity.' })
    { identityId, developerUserIdentifier }: UnlinkDeveloperIdentityInput,
  ): Promise<Identity | null> {
    assertInput(
      check('input.identityId', identityId, identityIdRule),
      check('input.developerUserIdentifier', developerUserIdentifier, developerUserIdentifierRule),
    );
    return toIdentity(await this.service.unlink({ identityId, developerUserIdentifier }, context));
  }

  @Authorized<Role>('ADMINISTRATOR')
  @Mutation(() => DeleteIdentitiesPayload, {
    description:
      'Deletes identities for good. Administrators only. AWS credentials that were handed out before live on until they end.',
  })
  async deleteIdentities(
    @Ctx() context: AuthenticatedContext,
    @Arg('input', () => DeleteIdentitiesInput, { description: 'The identities.' })
    { identityIds }: DeleteIdentitiesInput,
  ): Promise<DeleteIdentitiesPayload> {
    assertInput(check('input.identityIds', identityIds, identityIdListRule));
    const unprocessed = await this.service.remove(identityIds, context);
    const left = new Set(unprocessed.map(({ identityId }) => identityId));
    return {
      deletedIdentityIds: identityIds.filter((id) => !left.has(id)),
      unprocessedIdentities: unprocessed.map(({ identityId, reason }) => ({
        identityId,
        reason: reason as UnprocessedReason,
      })),
    };
  }
}

export function identityOf({ identityId, ...description }: IdentityDescription): Identity {
  return { id: identityId, ...description };
}

export function toIdentity(description: IdentityDescription | null): Identity | null {
  return description === null ? null : identityOf(description);
}
