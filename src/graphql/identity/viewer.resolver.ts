import { Authorized, Ctx, FieldResolver, Query, Resolver } from 'type-graphql';
import type { IdentityService } from '../../identities/identityService.ts';
import type { AuthenticatedContext } from '../context.ts';
import { toIdentity } from './identity.resolver.ts';
import { Identity, Viewer } from './identity.type.ts';

@Resolver(() => Viewer)
export class ViewerResolver {
  private readonly service: IdentityService;

  constructor({ identities }: { identities: IdentityService }) {
    this.service = identities;
  }

  @Authorized()
  @Query(() => Viewer, {
    description: 'The signed-in user. Looking does not register anybody in the identity pool.',
  })
  me(@Ctx() { principal: { userId, administrator } }: AuthenticatedContext): Viewer {
    return { userId, administrator };
  }

  @FieldResolver(() => Identity, {
    nullable: true,
    description: "The user's identity; null before their first `cognitoCredentials`.",
  })
  async identity(@Ctx() context: AuthenticatedContext): Promise<Identity | null> {
    return toIdentity(await this.service.own(context));
  }
}
