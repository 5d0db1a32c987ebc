import {
  CognitoIdentityClient,
  type CognitoIdentityClientConfig,
  DeleteIdentitiesCommand,
  DescribeIdentityCommand,
  DescribeIdentityPoolCommand,
  GetCredentialsForIdentityCommand,
  GetOpenIdTokenForDeveloperIdentityCommand,
  ListIdentitiesCommand,
  LookupDeveloperIdentityCommand,
  MergeDeveloperIdentitiesCommand,
  type ServiceInputTypes,
  type ServiceOutputTypes,
  UnlinkDeveloperIdentityCommand,
} from '@aws-sdk/client-cognito-identity';
import { ServiceError } from '../errors.ts';
import { withDeadline } from '../lib/deadline.ts';
import { partitionOf, regionOfId } from '../lib/partition.ts';
import { type AwsAnswers, createAwsAnswers } from './awsAnswers.ts';
import { type CognitoCommand, type Send, sendThrough, sendThroughKeptMiddleware } from './awsCalls.ts';
import { type FailedCall, fromAwsError } from './awsErrors.ts';
import type { CognitoGateway, OpenIdTokenRequest } from './gateway.ts';

export interface AwsGatewayOptions {
  /** `<region>:<uuid>`. */
  readonly identityPoolId: string;
  /** 1 to 128 characters of `[\w._-]`; cannot be changed once the pool has it. */
  readonly developerProviderName: string;
  /** Default: the Region in front of the pool id. */
  readonly region?: string;
  /** Default: the SDK's, which knows `AWS_ENDPOINT_URL_COGNITO_IDENTITY`. */
  readonly endpoint?: string;
  /** Default: the SDK's provider chain, which also renews credentials that expire. */
  readonly credentials?: CognitoIdentityClientConfig['credentials'];
  /**
   * Milliseconds for one call including its body and the fetching of credentials. Default 5000; Infinity leaves it to the caller's
   * signal, for a caller who does not wait for the call any longer either.
   */
  readonly requestTimeoutMs?: number;
  /** Milliseconds for opening a connection. Default 1000. */
  readonly connectionTimeoutMs?: number;
  /** Connections kept at most. Default 50. */
  readonly maxSockets?: number;
  /** Key of the `Logins` map for Cognito's own tokens. Default: the one of the Region's partition. */
  readonly loginsKey?: string;
  /** A client to use instead of an own one; it should be configured with `maxAttempts: 1`, since retries are made elsewhere. */
  readonly client?: CognitoIdentityClient;
}

const poolIdPattern = /^[\w-]{1,30}:[0-9a-f-]{1,50}$/;
const providerNamePattern = /^[\w._-]{1,128}$/;

/**
 * The port over `@aws-sdk/client-cognito-identity`. Makes exactly one attempt per call. Throws `TypeError` at construction
 * for an impossible pool id, provider name or time limit.
 */
export function createAwsCognitoGateway(options: AwsGatewayOptions): CognitoGateway {
  const { identityPoolId, developerProviderName, requestTimeoutMs = 5000 } = options;
  const region = options.region ?? regionOfId(identityPoolId);
  if (!poolIdPattern.test(identityPoolId) || region === undefined) {
    throw new TypeError('identityPoolId must look like <region>:<uuid>');
  }
  if (!providerNamePattern.test(developerProviderName)) {
    throw new TypeError('developerProviderName must have 1 to 128 characters of letters, digits, . _ -');
  }
  if (!(requestTimeoutMs > 0)) throw new TypeError('requestTimeoutMs must be more than 0');
  const loginsKey = options.loginsKey ?? partitionOf(region).loginsKey;
  const sendUnlimited: Send = options.client
    ? sendThrough(options.client)
    : sendThroughKeptMiddleware(createClient(region, options));
  const send: Send = (command, signal) =>
    withDeadline((inner) => sendUnlimited(command, inner), requestTimeoutMs, signal);
  const answers: AwsAnswers = createAwsAnswers(identityPoolId);

  /** One attempt; `null` where AWS says that there is no such thing. */
  async function attempt<Input extends ServiceInputTypes, Output extends ServiceOutputTypes>(
    call: FailedCall,
    command: CognitoCommand<Input, Output>,
    signal: AbortSignal,
  ): Promise<Output | null> {
    try {
      return await send(command, signal);
    } catch (error) {
      if (signal.aborted) throw signal.reason;
      const translated = fromAwsError(error, call);
      if (translated) throw translated;
      return null;
    }
  }

  async function required<Input extends ServiceInputTypes, Output extends ServiceOutputTypes>(
    call: FailedCall,
    command: CognitoCommand<Input, Output>,
    signal: AbortSignal,
  ): Promise<Output> {
    const answer = await attempt(call, command, signal);
    if (answer === null) throw new ServiceError('NOT_FOUND', 'There is no such identity (any more).');
    return answer;
  }

  const tokenCommand = (request: OpenIdTokenRequest, identityId?: string) =>
    new GetOpenIdTokenForDeveloperIdentityCommand({
      IdentityPoolId: identityPoolId,
      Logins: Object.fromEntries([[developerProviderName, request.developerUserIdentifier]]),
      TokenDuration: request.tokenDuration,
      ...(identityId !== undefined && { IdentityId: identityId }),
      ...(Object.keys(request.principalTags).length > 0 && { PrincipalTags: { ...request.principalTags } }),
    });

  return {
    async issueOpenIdToken(request, signal) {
      const command = tokenCommand(request);
      const output = await required({ operation: 'issueOpenIdToken' }, command, signal);
      return answers.openIdToken('issueOpenIdToken', output);
    },

    async linkIdentity(request, signal) {
      const command = tokenCommand(request, request.identityId);
      const output = await required({ operation: 'linkIdentity' }, command, signal);
      return answers.openIdToken('linkIdentity', output);
    },

    async exchangeOpenIdToken({ identityId, openIdToken }, signal) {
      // Unsigned by the API model: the token is the only authority, and this server's credentials are not sent.
      const command = new GetCredentialsForIdentityCommand({
        IdentityId: identityId,
        Logins: Object.fromEntries([[loginsKey, openIdToken]]),
      });
      const output = await required({ operation: 'exchangeOpenIdToken' }, command, signal);
      return answers.awsCredentials(output, identityId);
    },

    async findIdentityId(developerUserIdentifier, signal) {
      const command = new LookupDeveloperIdentityCommand({
        IdentityPoolId: identityPoolId,
        DeveloperUserIdentifier: developerUserIdentifier,
        MaxResults: 1,
      });
      const output = await attempt({ operation: 'findIdentityId' }, command, signal);
      return output && answers.identityId('findIdentityId', output.IdentityId);
    },

    async listDeveloperUserIdentifiers(identityId, page, signal) {
      const command = new LookupDeveloperIdentityCommand({
        IdentityPoolId: identityPoolId,
        IdentityId: identityId,
        MaxResults: page.maxResults,
        ...(page.nextToken !== undefined && { NextToken: page.nextToken }),
      });
      const output = await attempt(
        { operation: 'listDeveloperUserIdentifiers', paged: page.nextToken !== undefined },
        command,
        signal,
      );
      return output && answers.developerUserIdentifiers(output, identityId);
    },

    async describeIdentity(identityId, signal) {
      const command = new DescribeIdentityCommand({ IdentityId: identityId });
      const output = await attempt({ operation: 'describeIdentity' }, command, signal);
      return output && answers.identity('describeIdentity', output, identityId);
    },

    async listIdentities(page, signal) {
      const command = new ListIdentitiesCommand({
        IdentityPoolId: identityPoolId,
        MaxResults: page.maxResults,
        HideDisabled: page.hideDisabled,
        ...(page.nextToken !== undefined && { NextToken: page.nextToken }),
      });
      const output = await required(
        { operation: 'listIdentities', paged: page.nextToken !== undefined },
        command,
        signal,
      );
      return answers.identities(output);
    },

    async describeIdentityPool(signal) {
      const command = new DescribeIdentityPoolCommand({ IdentityPoolId: identityPoolId });
      const output = await required({ operation: 'describeIdentityPool' }, command, signal);
      return answers.identityPool(output);
    },

    async mergeDeveloperIdentities({ sourceUserIdentifier, destinationUserIdentifier }, signal) {
      const command = new MergeDeveloperIdentitiesCommand({
        SourceUserIdentifier: sourceUserIdentifier,
        DestinationUserIdentifier: destinationUserIdentifier,
        DeveloperProviderName: developerProviderName,
        IdentityPoolId: identityPoolId,
      });
      const output = await required({ operation: 'mergeDeveloperIdentities' }, command, signal);
      return answers.identityId('mergeDeveloperIdentities', output.IdentityId);
    },

    async unlinkDeveloperIdentity({ identityId, developerUserIdentifier }, signal) {
      const command = new UnlinkDeveloperIdentityCommand({
        IdentityId: identityId,
        IdentityPoolId: identityPoolId,
        DeveloperProviderName: developerProviderName,
        DeveloperUserIdentifier: developerUserIdentifier,
      });
      await required({ operation: 'unlinkDeveloperIdentity' }, command, signal);
    },

    async deleteIdentities(identityIds, signal) {
      const command = new DeleteIdentitiesCommand({ IdentityIdsToDelete: [...identityIds] });
      const output = await required({ operation: 'deleteIdentities' }, command, signal);
      return answers.unprocessedIdentities(output);
    },
  };
}

function createClient(region: string, options: AwsGatewayOptions): CognitoIdentityClient {
  const { connectionTimeoutMs = 1000, maxSockets = 50 } = options;
  const agent = { keepAlive: true, maxSockets };
  return new CognitoIdentityClient({
    region,
    // Repeating is decided in one place, with the budget and the deadline in view.
    maxAttempts: 1,
    // What `sendThroughKeptMiddleware` is for.
    cacheMiddleware: true,
    requestHandler: { connectionTimeout: connectionTimeoutMs, httpAgent: agent, httpsAgent: agent },
    ...(options.endpoint !== undefined && { endpoint: options.endpoint }),
    ...(options.credentials !== undefined && { credentials: options.credentials }),
  });
}
