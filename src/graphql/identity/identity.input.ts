import { ArgsType, Field, ID, InputType, Int } from 'type-graphql';

@ArgsType()
export class PageArgs {
  @Field(() => Int, { defaultValue: 20, description: 'Size of the page, 1 to 60.' })
  first!: number;

  @Field(() => String, {
    nullable: true,
    description: 'Cursor to read on from; left out: from the beginning.',
  })
  after?: string | null;
}

@ArgsType()
export class IdentitiesArgs extends PageArgs {
  @Field(() => Boolean, {
    defaultValue: true,
    description: 'Leave out identities that can no longer be used, such as those emptied by a merge.',
  })
  hideDisabled!: boolean;
}

@InputType({ description: 'Two users of your login who are one person.' })
export class MergeDeveloperIdentitiesInput {
  @Field(() => String, {
    description: 'The user who moves. Data keyed by the identity left behind does not move.',
  })
  sourceUserIdentifier!: string;

  @Field(() => String, { description: 'The user whose identity both will have.' })
  destinationUserIdentifier!: string;
}

@InputType({ description: 'A user and the identity to take away from them.' })
export class UnlinkDeveloperIdentityInput {
  @Field(() => ID, { description: 'The identity that the user has now.' })
  identityId!: string;

  @Field(() => String, { description: 'The user, who gets a new identity the next time.' })
  developerUserIdentifier!: string;
}

@InputType({ description: 'Identities to delete for good.' })
export class DeleteIdentitiesInput {
  @Field(() => [ID], { description: '1 to 60 identity ids, each once.' })
  identityIds!: string[];
}
