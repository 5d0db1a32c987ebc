import type { GraphQLResolveInfo } from 'graphql';
import { Arg, Authorized, Ctx, Info, Mutation, Resolver } from 'type-graphql';
import { ServiceError } from '../../errors.ts';
import type { IssuedToken, TokenService } from '../../tokens/tokenService.ts';
import type { AuthenticatedContext } from '../context.ts';
import { assertInput, check, identityIdRule, openIdTokenRule, tokenDurationRule } from '../inputRules.ts';
import { selects } from '../selection.ts';
import { CognitoCredentialsInput, LinkGuestIdentityInput } from './credentials.input.ts';
import { CognitoCredentials } from './credentials.type.ts';

export interface CredentialsOptions {
  readonly region: string;
  readonly identityPoolId: string;
  readonly loginsKey: string;
  /** Seconds: default and longest life of a token. */
  readonly tokenDuration: number;
  /** Whether `awsCredentials` may be selected. */
  readonly awsCredentialsField: boolean;
}

@Resolver()
export class CredentialsResolver {
  private readonly tokens: TokenService;
  private readonly options: CredentialsOptions;

  constructor({ tokens, credentials }: { tokens: TokenService; credentials: CredentialsOptions }) {
    this.tokens = tokens;
    this.options = credentials;
  }

  @Authorized()
  @Mutation(() => CognitoCredentials, {
    description:
      "An OpenID token for the signed-in user's identity, which is registered in the identity pool on first sight. Asking again gives the same identity.",
  })
  async cognitoCredentials(
    @Ctx() context: AuthenticatedContext,
    @Info() info: GraphQLResolveInfo,
    @Arg('input', () => CognitoCredentialsInput, { nullable: true, description: 'Left out: all defaults.' })
    input?: CognitoCredentialsInput | null,
  ): Promise<CognitoCredentials> {
    const { tokenDuration, previousIdentityId, renew } = input ?? {};
    assertInput(
      check('input.tokenDuration', tokenDuration, tokenDurationRule(this.options.tokenDuration)),
      check('input.previousIdentityId', previousIdentityId, identityIdRule),
    );
    const exchange = this.wantsExchange(info);
    const request = {
      tokenDuration: tokenDuration ?? undefined,
      previousIdentityId: previousIdentityId ?? undefined,
      renew: renew === true,
      exchange,
    };
    return this.answer(await this.tokens.issue(context.principal, request, context));
  }

  @Authorized()
  @Mutation(() => CognitoCredentials, {
    description:
      "Makes a guest identity the signed-in user's own, so that data keyed by its id stays reachable. A user who has an identity keeps that one; see `linked`.",
  })
  async linkGuestIdentity(
    @Ctx() context: AuthenticatedContext,
    @Info() info: GraphQLResolveInfo,
    @Arg('input', () => LinkGuestIdentityInput, { description: 'The guest identity and its proof.' })
    { guestIdentityId, guestOpenIdToken, tokenDuration }: LinkGuestIdentityInput,
  ): Promise<CognitoCredentials> {
    assertInput(
      check('input.guestIdentityId', guestIdentityId, identityIdRule),
      check('input.guestOpenIdToken', guestOpenIdToken, openIdTokenRule),
      check('input.tokenDuration', tokenDuration, tokenDurationRule(this.options.tokenDuration)),
    );
    const request = {
      guestIdentityId,
      guestOpenIdToken,
      tokenDuration: tokenDuration ?? undefined,
      exchange: this.wantsExchange(info),
    };
    return this.answer(await this.tokens.linkGuest(context.principal, request, context));
  }

  private wantsExchange(info: GraphQLResolveInfo): boolean {
    if (!selects(info, 'awsCredentials')) return false;
    if (this.options.awsCredentialsField) return true;
    throw new ServiceError(
      'FORBIDDEN',
      'This server does not exchange tokens: leave awsCredentials out and exchange openIdToken in the client.',
    );
  }

  private answer(issued: IssuedToken): CognitoCredentials {
    const { region, identityPoolId, loginsKey } = this.options;
    return {
      identityId: issued.identityId,
      openIdToken: issued.openIdToken,
      expiresAt: issued.expiresAt,
      region,
      identityPoolId,
      loginsKey,
      identityChanged: issued.identityChanged,
      linked: issued.linked,
      awsCredentials: issued.awsCredentials,
    };
  }
}
