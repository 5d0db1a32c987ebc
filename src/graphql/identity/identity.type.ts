import { Field, ID, ObjectType } from 'type-graphql';
import { DateTimeScalar } from '../dateTime.ts';
import { PageInfo } from '../pageInfo.type.ts';

@ObjectType({ description: 'One edge of a list of developer user identifiers.' })
export class DeveloperUserIdentifierEdge {
  @Field(() => String, { description: 'Pass this as `after` to read on behind this edge.' })
  cursor!: string;

  @Field(() => String, {
    description: "The user's id as Cognito knows it: that of your own login, or its HMAC.",
  })
  node!: string;
}

@ObjectType({ description: 'A page of the developer user identifiers of one identity.' })
export class DeveloperUserIdentifierConnection {
  @Field(() => [DeveloperUserIdentifierEdge], { description: 'The page, in order.' })
  edges!: readonly DeveloperUserIdentifierEdge[];

  @Field(() => PageInfo, { description: 'Where the page stands in its list.' })
  pageInfo!: PageInfo;
}

@ObjectType({ description: 'An identity of the identity pool: what AWS knows a user by.' })
export class Identity {
  @Field(() => ID, { description: 'Identity id, `<region>:<uuid>`.' })
  id!: string;

  @Field(() => [String], {
    description: 'Names of the login providers linked to the identity, never the ids there.',
  })
  logins!: readonly string[];

  @Field(() => DateTimeScalar, { description: 'When the identity was made.' })
  createdAt!: number;

  @Field(() => DateTimeScalar, { description: 'When its logins last changed.' })
  lastModifiedAt!: number;
}

@ObjectType({ description: 'One edge of a list of identities.' })
export class IdentityEdge {
  @Field(() => String, { description: 'Pass this as `after` to read on behind this edge.' })
  cursor!: string;

  @Field(() => Identity, { description: 'The identity.' })
  node!: Identity;
}

@ObjectType({ description: "A page of the pool's identities." })
export class IdentityConnection {
  @Field(() => [IdentityEdge], { description: 'The page, in order.' })
  edges!: readonly IdentityEdge[];

  @Field(() => PageInfo, { description: 'Where the page stands in its list.' })
  pageInfo!: PageInfo;
}

@ObjectType({ description: 'The signed-in user, from the access token.' })
export class Viewer {
  @Field(() => String, { description: "The user's id at your own login." })
  userId!: string;

  @Field(() => Boolean, { description: 'Whether the access token carries the administrator scope.' })
  administrator!: boolean;
}
