import { Field, ID, InputType, Int } from 'type-graphql';

@InputType({
  description:
    "Wishes about the credentials. Whose they are is not among them: that is the access token's user.",
})
export class CognitoCredentialsInput {
  @Field(() => Int, {
    nullable: true,
    description:
      "Life of the OpenID token in seconds: 60 up to the server's configured duration, which is the default.",
  })
  tokenDuration?: number;

  @Field(() => ID, {
    nullable: true,
    description:
      'The identity id that the client has worked with so far, to be told in `identityChanged` whether it still holds.',
  })
  previousIdentityId?: string;

  @Field(() => Boolean, {
    nullable: true,
    description:
      'Ask Cognito even if a token is kept: for clients whom Cognito told that the identity is gone or disabled. Left out: false.',
  })
  renew?: boolean | null;
}

@InputType({ description: 'A guest identity and the proof that the caller is that guest.' })
export class LinkGuestIdentityInput {
  @Field(() => ID, { description: 'Identity id of the guest, from GetId without logins.' })
  guestIdentityId!: string;

  @Field(() => String, {
    description: "The guest's own OpenID token, from GetOpenIdToken without logins; at most ten minutes old.",
  })
  guestOpenIdToken!: string;

  @Field(() => Int, {
    nullable: true,
    description:
      "Life of the new OpenID token in seconds: 60 up to the server's configured duration, which is the default.",
  })
  tokenDuration?: number;
}
