import { Authorized, Ctx, Query, Resolver } from 'type-graphql';
import type { IdentityService } from '../../identities/identityService.ts';
import type { Role } from '../authChecker.ts';
import type { AuthenticatedContext } from '../context.ts';
import { IdentityPool } from './identityPool.type.ts';

@Resolver(() => IdentityPool)
export class IdentityPoolResolver {
  private readonly service: IdentityService;
  private readonly region: string;

  constructor({ identities, credentials }: { identities: IdentityService; credentials: { region: string } }) {
    this.service = identities;
    this.region = credentials.region;
  }

  @Authorized<Role>('ADMINISTRATOR')
  @Query(() => IdentityPool, { description: 'The identity pool behind this server. Administrators only.' })
  async identityPool(@Ctx() context: AuthenticatedContext): Promise<IdentityPool> {
    const pool = await this.service.pool(context);
    return {
      id: pool.identityPoolId,
      name: pool.name,
      region: this.region,
      developerProviderName: pool.developerProviderName,
      guestsAllowed: pool.allowsGuests,
      classicFlowAllowed: pool.allowsClassicFlow,
    };
  }
}
