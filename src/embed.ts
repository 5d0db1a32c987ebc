import { randomUUID } from 'node:crypto';
import type { Principal } from './auth/principal.ts';
import { type AwsGatewayOptions, createAwsCognitoGateway } from './cognito/awsGateway.ts';
import { createGuestProofVerifier } from './cognito/guestProof.ts';
import { createResilientGateway } from './cognito/resilientGateway.ts';
import { createTracedGateway } from './cognito/tracedGateway.ts';
import type { GraphQLContext } from './graphql/context.ts';
import { buildSchema, type ResolverServices } from './graphql/schema.ts';
import { toSubgraph } from './graphql/subgraph.ts';
import { createIdentityReader } from './identities/identityReader.ts';
import { createIdentityService } from './identities/identityService.ts';
import { type Clock, systemClock } from './lib/clock.ts';
import { partitionOf, regionOfId } from './lib/partition.ts';
import type { AuditSink } from './telemetry/audit.ts';
import { createAuditLog } from './telemetry/auditLog.ts';
import { createCachingGateway } from './tokens/cachingGateway.ts';
import { createTokenCache } from './tokens/tokenCache.ts';
import { createTokenService } from './tokens/tokenService.ts';
import { createUserRateLimit } from './tokens/userRateLimit.ts';

/** How the service reaches an identity pool, and its own rules. Only pool and provider name are needed. */
export interface CognitoServiceOptions extends AwsGatewayOptions {
  /** Seconds, 60 to 86400: default and longest life of a token. Default 900. */
  readonly tokenDuration?: number;
  /** Seconds of life that a reused token still has. Default 300. */
  readonly minTokenLife?: number;
  /** Whether `awsCredentials` may be selected. Default true. */
  readonly awsCredentialsField?: boolean;
  /** Send HMAC-SHA256(user id) to Cognito instead of the id. */
  readonly userIdHmacKey?: Uint8Array;
  /** Calls a second of GetOpenIdTokenForDeveloperIdentity. Default 50, AWS's own limit. */
  readonly requestsPerSecond?: number;
  /** Credentials mutations of one user within a minute. Default 60. */
  readonly userRequestsPerMinute?: number;
  /** Where audit records go: a file by its path, or a sink of your own. Default: standard output. */
  readonly audit?: string | AuditSink;
  readonly clock?: Clock;
}

/** Who calls, in the words of the host, whose login has already looked at the request. */
export interface Caller {
  /** 1 to 1024 characters, as in the login. */
  readonly userId: string;
  /** Default false. */
  readonly administrator?: boolean;
  /** Session tags: keys of 1 to 128, values of 1 to 256 characters. Default none. */
  readonly principalTags?: Readonly<Record<string, string>>;
}

/** What the host knows of the request; all of it may be left out. */
export interface HostRequest {
  /** For log and audit records. Default: a new one. */
  readonly requestId?: string;
  readonly clientAddress?: string;
  /** Aborted when the client is gone. */
  readonly signal?: AbortSignal;
}

/** The service without login and HTTP, for a GraphQL server of one's own. */
export interface CognitoService extends ResolverServices {
  /** All of its fields as a schema. For a type-graphql schema of one's own take `resolvers`, `container` and `authChecker`. */
  schema(): ReturnType<typeof buildSchema>;
  /** The same as a subgraph of Apollo Federation 2, in which identities are entities by their id. */
  subgraph(): ReturnType<typeof buildSchema>;
  /**
   * What its resolvers read from the context; null for a caller who has not signed in. Spread it into a context of one's own.
   * Throws `TypeError` for an impossible user id.
   */
  context(caller: Caller | null, request?: HostRequest): GraphQLContext;
  close(): Promise<void>;
}

/** Throws `TypeError` or `RangeError` for options out of their range. */
export function createCognitoService(options: CognitoServiceOptions): CognitoService {
  const { identityPoolId, developerProviderName, clock = systemClock, tokenDuration = 900 } = options;
  const {
    minTokenLife = 300,
    awsCredentialsField = true,
    userRequestsPerMinute = 60,
    userIdHmacKey,
  } = options;
  const ownLog = typeof options.audit === 'object' ? undefined : (options.audit ?? process.stdout);
  const log = ownLog === undefined ? undefined : createAuditLog({ target: ownLog, clock });
  const audit = log ?? (options.audit as AuditSink);
  const region = options.region ?? regionOfId(identityPoolId) ?? '';
  const gateway = createCachingGateway({
    gateway: createResilientGateway({
      gateway: createTracedGateway(createAwsCognitoGateway(options)),
      rates: { tokens: options.requestsPerSecond ?? 50 },
      clock,
    }),
    cache: createTokenCache({ identityPoolId, developerProviderName, minTokenLife, clock }),
  });
  const { issuer, loginsKey } = partitionOf(region);
  const guestProof = createGuestProofVerifier({
    issuer,
    jwksUri: new URL('/.well-known/jwks_uri', options.endpoint ?? issuer),
    identityPoolId,
    clock,
  });
  const userRateLimit = createUserRateLimit({ requestsPerMinute: userRequestsPerMinute, clock });
  const hmac = userIdHmacKey === undefined ? {} : { userIdHmacKey };
  const services: ResolverServices = {
    tokens: createTokenService({ gateway, audit, guestProof, userRateLimit }, { tokenDuration, ...hmac }),
    identities: createIdentityService({ gateway, audit }, hmac),
    credentials: { region, identityPoolId, loginsKey, tokenDuration, awsCredentialsField },
  };
  const never = new AbortController().signal;

  return {
    ...services,
    schema: () => buildSchema(services),
    subgraph: async () => toSubgraph(await buildSchema(services)),
    context(caller, { requestId = randomUUID(), clientAddress = 'unknown', signal = never } = {}) {
      const identities = createIdentityReader(gateway, signal);
      return { requestId, clientAddress, signal, identities, principal: caller && principalOf(caller) };
    },
    close: async () => log?.close(),
  };
}

function principalOf({ userId, administrator = false, principalTags = {} }: Caller): Principal {
  // An undefined id that slips in here would make all users one.
  if (typeof userId !== 'string' || userId.length > 1024 || !/^[^\p{Cc}\p{Cs}]+$/u.test(userId)) {
    throw new TypeError('userId must be a text of 1 to 1024 characters without control characters');
  }
  return { userId, administrator, principalTags };
}
