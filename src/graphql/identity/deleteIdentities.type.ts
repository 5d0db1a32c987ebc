import { Field, ID, ObjectType, registerEnumType } from 'type-graphql';

export enum UnprocessedReason {
  ACCESS_DENIED = 'ACCESS_DENIED',
  INTERNAL_SERVER_ERROR = 'INTERNAL_SERVER_ERROR',
}

registerEnumType(UnprocessedReason, {
  name: 'UnprocessedReason',
  description: 'Why Cognito did not delete an identity.',
  valuesConfig: {
    ACCESS_DENIED: {
      description: "The identity does not exist, or the server's own AWS permissions do not reach it.",
    },
    INTERNAL_SERVER_ERROR: { description: 'A fault inside Cognito; try again.' },
  },
});

@ObjectType({ description: 'An identity that was not deleted.' })
export class UnprocessedIdentity {
  @Field(() => ID, { description: 'Its id.' })
  identityId!: string;

  @Field(() => UnprocessedReason, { description: 'Why.' })
  reason!: UnprocessedReason;
}

@ObjectType({ description: 'What became of the identities to delete.' })
export class DeleteIdentitiesPayload {
  @Field(() => [ID], { description: 'Ids of those that are gone.' })
  deletedIdentityIds!: readonly string[];

  @Field(() => [UnprocessedIdentity], { description: 'Those that are not, and why.' })
  unprocessedIdentities!: readonly UnprocessedIdentity[];
}
