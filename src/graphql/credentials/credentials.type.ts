import { Field, ID, ObjectType } from 'type-graphql';
import { DateTimeScalar } from '../dateTime.ts';

@ObjectType({
  simpleResolvers: true,
  description:
    'Temporary AWS credentials of the authenticated role, as AWS SDKs take them. Keep them secret.',
})
export class AwsCredentials {
  @Field(() => String, { description: 'Access key id; begins with ASIA.' })
  accessKeyId!: string;

  @Field(() => String, { description: 'Secret access key.' })
  secretAccessKey!: string;

  @Field(() => String, { description: 'Session token, to be sent with every AWS call.' })
  sessionToken!: string;

  @Field(() => DateTimeScalar, { description: 'When the credentials end: one hour after the exchange.' })
  expiration!: number;
}

@ObjectType({
  simpleResolvers: true,
  description:
    'An identity of the identity pool with an OpenID token for it, ready to be exchanged for AWS credentials.',
})
export class CognitoCredentials {
  @Field(() => ID, {
    description: "The user's identity id in the pool, `<region>:<uuid>`. Key the user's data in AWS by it.",
  })
  identityId!: string;

  @Field(() => String, {
    description:
      "OpenID token issued by Cognito for the identity. Put it into the `Logins` map of GetCredentialsForIdentity under `loginsKey`. It is a bearer token: whoever has it gets the user's AWS credentials.",
  })
  openIdToken!: string;

  @Field(() => DateTimeScalar, { description: 'When the token ends: its own `exp`. Ask again before then.' })
  expiresAt!: number;

  @Field(() => String, { description: 'AWS Region of the identity pool.' })
  region!: string;

  @Field(() => ID, { description: 'Id of the identity pool.' })
  identityPoolId!: string;

  @Field(() => String, {
    description: "Key of the token in the frontend's `Logins` map; it differs between AWS partitions.",
  })
  loginsKey!: string;

  @Field(() => Boolean, {
    description:
      'Whether this is another identity than the one named in the input as previous or as guest. Data in AWS that is keyed by the old id does not move.',
  })
  identityChanged!: boolean;

  @Field(() => Boolean, {
    description:
      "`linkGuestIdentity`: whether the guest identity is now the user's own. Always false for `cognitoCredentials`.",
  })
  linked!: boolean;

  @Field(() => AwsCredentials, {
    nullable: true,
    description:
      'AWS credentials, exchanged by the server and only when selected: one round trip less for the client. Null with an error when the exchange failed; the token is good all the same.',
  })
  awsCredentials?: AwsCredentials | Error;
}
