import type { Principal } from '../auth/principal.ts';
import type { AwsCredentials, CognitoGateway, OpenIdToken, OpenIdTokenRequest } from '../cognito/gateway.ts';
import { ServiceError } from '../errors.ts';
import type { RequestScope } from '../lib/requestScope.ts';
import type { AuditSink } from '../telemetry/audit.ts';
import { auditedChange, auditedIssue } from '../telemetry/audited.ts';
import { developerUserIdentifierOf } from './logins.ts';

/** The use case of the product: an authenticated principal becomes a Cognito identity with a token. */
export interface TokenService {
  /**
   * A token for the principal's own identity, which is registered on first sight.
   * Errors: TOO_MANY_REQUESTS, AUDIT_UNAVAILABLE, UPSTREAM_*.
   */
  issue(principal: Principal, request: IssueRequest, scope: RequestScope): Promise<IssuedToken>;

  /**
   * Makes a guest identity the principal's own, which keeps its id and with it all data keyed by it. A principal who
   * already has an identity keeps that one and is told so by `linked: false`.
   * Errors: as `issue`, and FORBIDDEN or GUEST_IDENTITY_UNUSABLE for a guest identity that may not or can no longer be linked.
   */
  linkGuest(principal: Principal, request: LinkGuestRequest, scope: RequestScope): Promise<IssuedToken>;
}

export interface IssueRequest {
  /** Seconds, 60 up to the configured duration, which is the default. Checked by the caller. */
  readonly tokenDuration?: number | undefined;
  readonly previousIdentityId?: string | undefined;
  /** Do not reuse a kept token: the caller has found its identity gone. */
  readonly renew?: boolean;
  /** Exchange the token for AWS credentials as well. */
  readonly exchange: boolean;
}

export interface LinkGuestRequest {
  readonly guestIdentityId: string;
  readonly guestOpenIdToken: string;
  readonly tokenDuration?: number | undefined;
  readonly exchange: boolean;
}

export interface IssuedToken extends OpenIdToken {
  readonly identityChanged: boolean;
  readonly linked: boolean;
  /** Present when the exchange was asked for; its failure does not take the token away. */
  readonly awsCredentials?: AwsCredentials | ServiceError;
}

/** Proof that the caller holds a guest identity; see `createGuestProofVerifier`. */
export type GuestProofVerifier = (
  guestIdentityId: string,
  guestOpenIdToken: string,
  signal: AbortSignal,
) => Promise<void>;

export interface UserRateLimit {
  /** Counts `count` requests of the user, or throws TOO_MANY_REQUESTS with `retryAfter` and counts nothing. */
  take(userId: string, count: number): Promise<void> | void;
}

export interface TokenServiceOptions {
  /** Default and longest life of a token in seconds. */
  readonly tokenDuration: number;
  readonly userIdHmacKey?: Uint8Array;
}

interface Services {
  /** Behind a cache or not: with one it can forget, and answer at once what it has kept. */
  readonly gateway: CognitoGateway & {
    forget?(what: { readonly users: readonly string[] }): void;
    recall?(request: OpenIdTokenRequest): OpenIdToken | undefined;
    tokenRefusal?(request: OpenIdTokenRequest): Promise<(() => ServiceError) | undefined> | undefined;
  };
  readonly guestProof: GuestProofVerifier;
  readonly audit: AuditSink;
  readonly userRateLimit: UserRateLimit;
}

/** The same words whether a guest identity belongs to somebody else or to another pool: they are not for the asker to tell apart. */
const guestNotLinkable = 'This guest identity cannot be linked; ask for credentials without it.';

export function createTokenService(services: Services, options: TokenServiceOptions): TokenService {
  const { gateway, guestProof, audit, userRateLimit } = services;

  const tokenRequestOf = (principal: Principal, tokenDuration: number | undefined) => ({
    developerUserIdentifier: developerUserIdentifierOf(principal, options.userIdHmacKey),
    tokenDuration: tokenDuration ?? options.tokenDuration,
    principalTags: principal.principalTags,
  });
  type TokenRequest = ReturnType<typeof tokenRequestOf>;

  /**
   * A cached token outlives its identity when somebody deletes that behind our back; Cognito says so at the exchange.
   * Then the user is asked for anew, once.
   */
  async function exchangeOrRenew(token: OpenIdToken, request: TokenRequest, signal: AbortSignal) {
    try {
      return { token, awsCredentials: await gateway.exchangeOpenIdToken(token, signal) };
    } catch (error) {
      if (!(error instanceof ServiceError)) throw error;
      if (error.code !== 'NOT_FOUND') return { token, awsCredentials: error };
    }
    gateway.forget?.({ users: [request.developerUserIdentifier] });
    const renewed = await gateway.issueOpenIdToken(request, signal);
    const awsCredentials = await gateway
      .exchangeOpenIdToken(renewed, signal)
      .catch((error: unknown) => (error instanceof ServiceError ? error : Promise.reject(error)));
    return { token: renewed, awsCredentials };
  }

  const auditSubjectOf = (action: 'issue' | 'link', request: TokenRequest) => ({
    action,
    userId: request.developerUserIdentifier,
    tokenDuration: request.tokenDuration,
    tagNames: Object.keys(request.principalTags),
  });

  /**
   * A proof says who was a guest when it was issued, up to ten minutes ago. Cognito lets the server link a second user to an
   * identity that has become somebody's since, so that is looked at here, before and after. Free, it has no login at all; linked, the
   * one by which it was.
   */
  async function assertUnclaimed(identityId: string, own: string | null, signal: AbortSignal): Promise<void> {
    const [identity, users] = await Promise.all([
      gateway.describeIdentity(identityId, signal),
      gateway.listDeveloperUserIdentifiers(identityId, { maxResults: 2 }, signal),
    ]);
    if (identity === null) throw new ServiceError('GUEST_IDENTITY_UNUSABLE', guestNotLinkable);
    if (users?.items.some((user) => user !== own)) throw new ServiceError('FORBIDDEN', guestNotLinkable);
    if (identity.logins.length > (own === null ? 0 : 1))
      throw new ServiceError('FORBIDDEN', guestNotLinkable);
  }

  async function linkOrKeepOwn(request: TokenRequest, guestIdentityId: string, signal: AbortSignal) {
    const user = request.developerUserIdentifier;
    if ((await gateway.findIdentityId(user, signal)) !== null) {
      const token = await gateway.issueOpenIdToken(request, signal);
      return { token, linked: token.identityId === guestIdentityId };
    }
    await assertUnclaimed(guestIdentityId, null, signal);
    let token: OpenIdToken;
    try {
      token = await gateway.linkIdentity({ ...request, identityId: guestIdentityId }, signal);
    } catch (error) {
      // The user got an identity elsewhere in the meantime.
      if (!(error instanceof ServiceError) || error.code !== 'CONFLICT') throw error;
      return { token: await gateway.issueOpenIdToken(request, signal), linked: false };
    }
    try {
      await assertUnclaimed(guestIdentityId, user, signal);
    } catch (error) {
      // Two users raced for one guest: neither may keep the other's company. The request may be out of time, the undoing is not.
      await gateway.unlinkDeveloperIdentity(
        { identityId: guestIdentityId, developerUserIdentifier: user },
        AbortSignal.timeout(5_000),
      );
      throw error;
    }
    return { token, linked: token.identityId === guestIdentityId };
  }

  return {
    issue(principal, { tokenDuration, previousIdentityId, renew, exchange }, scope) {
      const request = tokenRequestOf(principal, tokenDuration);
      return auditedIssue(audit, auditSubjectOf('issue', request), scope, async () => {
        // Asked together with the limit of the user: where most are refused, each question to Redis is for nothing most of the time.
        const refusal = gateway.tokenRefusal?.(request);
        await userRateLimit.take(principal.userId, 1);
        if (renew) gateway.forget?.({ users: [request.developerUserIdentifier] });
        const refused = refusal && (await refusal);
        if (refused) throw refused();
        const issued = gateway.recall?.(request) ?? (await gateway.issueOpenIdToken(request, scope.signal));
        const { token, awsCredentials } = exchange
          ? await exchangeOrRenew(issued, request, scope.signal)
          : { token: issued, awsCredentials: undefined };
        return {
          identityId: token.identityId,
          openIdToken: token.openIdToken,
          expiresAt: token.expiresAt,
          identityChanged: previousIdentityId !== undefined && previousIdentityId !== token.identityId,
          linked: false,
          awsCredentials,
        };
      });
    },

    async linkGuest(principal, { guestIdentityId, guestOpenIdToken, tokenDuration, exchange }, scope) {
      const request = tokenRequestOf(principal, tokenDuration);
      const subject = { ...auditSubjectOf('link', request), identityIds: [guestIdentityId] };
      const permit = async () => {
        await userRateLimit.take(principal.userId, 1);
        await guestProof(guestIdentityId, guestOpenIdToken, scope.signal);
      };
      const change = async () => {
        const { token, linked } = await linkOrKeepOwn(request, guestIdentityId, scope.signal);
        const exchanged = exchange
          ? await exchangeOrRenew(token, request, scope.signal)
          : { token, awsCredentials: undefined };
        return { ...exchanged, linked };
      };
      // Announced before the link is made, and recorded with what was handed out.
      const { token, awsCredentials, linked } = await auditedChange(audit, subject, scope, {
        permit,
        change,
      });
      return auditedIssue(audit, auditSubjectOf('issue', request), scope, async () => ({
        ...token,
        identityChanged: guestIdentityId !== token.identityId,
        linked: linked && token.identityId === guestIdentityId,
        awsCredentials,
      }));
    },
  };
}
