import { Field, ID, ObjectType } from 'type-graphql';

@ObjectType({ description: 'The identity pool that this server issues tokens for.' })
export class IdentityPool {
  @Field(() => ID, { description: 'Id of the pool, `<region>:<uuid>`.' })
  id!: string;

  @Field(() => String, { description: 'Its name.' })
  name!: string;

  @Field(() => String, { description: 'Its AWS Region.' })
  region!: string;

  @Field(() => String, {
    nullable: true,
    description: 'Name of its developer provider, which can never be changed; null when the pool has none.',
  })
  developerProviderName!: string | null;

  @Field(() => Boolean, { description: 'Whether the pool gives identities to guests.' })
  guestsAllowed!: boolean;

  @Field(() => Boolean, {
    description:
      'Whether the basic (classic) flow is on, which guests need to prove an identity to `linkGuestIdentity`.',
  })
  classicFlowAllowed!: boolean;
}
