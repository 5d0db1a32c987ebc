import type {
  DescribeIdentityPoolCommandOutput,
  GetCredentialsForIdentityCommandOutput,
  GetOpenIdTokenForDeveloperIdentityCommandOutput,
  ListIdentitiesCommandOutput,
  LookupDeveloperIdentityCommandOutput,
} from '@aws-sdk/client-cognito-identity';
import { decodeJwt, type JWTPayload } from 'jose';
import { ServiceError } from '../errors.ts';
import { regionOfId } from '../lib/partition.ts';
import { type CognitoOperation, invalidAwsResponse } from './awsErrors.ts';
import type {
  AwsCredentials,
  IdentityDescription,
  IdentityPoolDescription,
  OpenIdToken,
  Page,
  UnprocessedIdentity,
} from './gateway.ts';

const identityIdPattern = /^[\w-]{1,30}:[0-9a-f-]{1,50}$/;

/** 2001-09-09 and 9999-12-31 in seconds: milliseconds in place of seconds, zero and other accidents lie outside. */
const earliestSecond = 1e9;
const latestSecond = 253_402_300_799;

/** What AWS answered, checked and in our own words. Everything it throws is UPSTREAM_INVALID_RESPONSE, or NOT_FOUND as noted. */
export type AwsAnswers = ReturnType<typeof createAwsAnswers>;

export function createAwsAnswers(identityPoolId: string) {
  const region = regionOfId(identityPoolId);

  function identityId(operation: CognitoOperation, value: unknown): string {
    if (
      typeof value !== 'string' ||
      value.length > 55 ||
      !identityIdPattern.test(value) ||
      regionOfId(value) !== region
    ) {
      throw invalidAwsResponse(operation, 'IdentityId');
    }
    return value;
  }

  function milliseconds(operation: CognitoOperation, member: string, value: unknown): number {
    const at = value instanceof Date ? value.getTime() : Number.NaN;
    // NaN fails both comparisons.
    if (!(at >= earliestSecond * 1000 && at <= latestSecond * 1000))
      throw invalidAwsResponse(operation, member);
    return at;
  }

  function text(operation: CognitoOperation, member: string, value: unknown): string {
    if (typeof value !== 'string' || value === '') throw invalidAwsResponse(operation, member);
    return value;
  }

  function pageOf<T>(items: readonly T[], nextToken: string | undefined): Page<T> {
    return nextToken ? { items, nextToken } : { items };
  }

  function identity(
    operation: CognitoOperation,
    output: {
      IdentityId?: string | undefined;
      Logins?: string[] | undefined;
      CreationDate?: Date | undefined;
      LastModifiedDate?: Date | undefined;
    },
    asked?: string,
  ): IdentityDescription {
    const id = identityId(operation, output.IdentityId);
    if (asked !== undefined && id !== asked) throw invalidAwsResponse(operation, 'IdentityId');
    return {
      identityId: id,
      logins: output.Logins ?? [],
      createdAt: milliseconds(operation, 'CreationDate', output.CreationDate),
      lastModifiedAt: milliseconds(operation, 'LastModifiedDate', output.LastModifiedDate),
    };
  }

  return {
    identityId,
    identity,

    /**
     * The token is only forwarded, so its signature is not checked here; its claims are compared with the answer's, which
     * keeps a mixed-up answer from becoming somebody else's token.
     */
    openIdToken(
      operation: CognitoOperation,
      output: GetOpenIdTokenForDeveloperIdentityCommandOutput,
    ): OpenIdToken {
      const id = identityId(operation, output.IdentityId);
      const openIdToken = text(operation, 'Token', output.Token);
      const { exp, sub, aud } = claimsOf(operation, openIdToken);
      if (typeof exp !== 'number' || !(exp >= earliestSecond && exp <= latestSecond)) {
        throw invalidAwsResponse(operation, "the token's exp");
      }
      if (sub !== undefined && sub !== id) throw invalidAwsResponse(operation, "the token's sub");
      if (aud !== undefined && aud !== identityPoolId) throw invalidAwsResponse(operation, "the token's aud");
      return { identityId: id, openIdToken, expiresAt: exp * 1000 };
    },

    /** NOT_FOUND when AWS answers for another identity than asked, which it does after a merge. */
    awsCredentials(output: GetCredentialsForIdentityCommandOutput, asked: string): AwsCredentials {
      const operation = 'exchangeOpenIdToken';
      const { AccessKeyId, SecretKey, SessionToken, Expiration } = output.Credentials ?? {};
      const credentials = {
        accessKeyId: text(operation, 'AccessKeyId', AccessKeyId),
        secretAccessKey: text(operation, 'SecretKey', SecretKey),
        sessionToken: text(operation, 'SessionToken', SessionToken),
        expiration: milliseconds(operation, 'Expiration', Expiration),
      };
      if (output.IdentityId !== undefined && output.IdentityId !== asked) {
        throw new ServiceError('NOT_FOUND', 'The identity has become another one. Ask for a new token.');
      }
      return credentials;
    },

    developerUserIdentifiers(output: LookupDeveloperIdentityCommandOutput, asked: string): Page<string> {
      const operation = 'listDeveloperUserIdentifiers';
      if (identityId(operation, output.IdentityId) !== asked)
        throw invalidAwsResponse(operation, 'IdentityId');
      return pageOf(output.DeveloperUserIdentifierList ?? [], output.NextToken);
    },

    identities(output: ListIdentitiesCommandOutput): Page<IdentityDescription> {
      const operation = 'listIdentities';
      // An empty page may come without the list, an empty body must not pass for one.
      if (output.IdentityPoolId !== identityPoolId) throw invalidAwsResponse(operation, 'IdentityPoolId');
      return pageOf(
        (output.Identities ?? []).map((item) => identity(operation, item)),
        output.NextToken,
      );
    },

    identityPool(output: DescribeIdentityPoolCommandOutput): IdentityPoolDescription {
      const operation = 'describeIdentityPool';
      if (output.IdentityPoolId !== identityPoolId) throw invalidAwsResponse(operation, 'IdentityPoolId');
      return {
        identityPoolId,
        name: text(operation, 'IdentityPoolName', output.IdentityPoolName),
        developerProviderName: output.DeveloperProviderName ?? null,
        allowsGuests: output.AllowUnauthenticatedIdentities === true,
        // A pool from before the setting existed allows it.
        allowsClassicFlow: output.AllowClassicFlow !== false,
      };
    },

    unprocessedIdentities(output: {
      UnprocessedIdentityIds?:
        | { IdentityId?: string | undefined; ErrorCode?: string | undefined }[]
        | undefined;
    }): readonly UnprocessedIdentity[] {
      const operation = 'deleteIdentities';
      // AWS sends the list even when it is empty: without it nobody knows what was deleted.
      if (!output.UnprocessedIdentityIds) throw invalidAwsResponse(operation, 'UnprocessedIdentityIds');
      return output.UnprocessedIdentityIds.map((item) => ({
        identityId: text(operation, 'IdentityId', item.IdentityId),
        reason: item.ErrorCode === 'AccessDenied' ? 'ACCESS_DENIED' : 'INTERNAL_SERVER_ERROR',
      }));
    },
  };
}

function claimsOf(operation: CognitoOperation, token: string): JWTPayload {
  try {
    return decodeJwt(token);
  } catch {
    throw invalidAwsResponse(operation, 'Token');
  }
}
