import { randomUUID } from 'node:crypto';
import { createIssuing, type IssuingRules } from './app/issuing.ts';
import { reachPool } from './app/pool.ts';
import type { Principal } from './auth/principal.ts';
import type { AwsGatewayOptions } from './cognito/awsGateway.ts';
import type { GraphQLContext } from './graphql/context.ts';
import { buildSchema, type ResolverServices } from './graphql/schema.ts';
import { partsOf, type SchemaParts } from './graphql/schemaParts.ts';
import { showErrors } from './graphql/shownErrors.ts';
import { toSubgraph } from './graphql/subgraph.ts';
import { createIdentityReader } from './identities/identityReader.ts';
import { type Clock, systemClock } from './lib/clock.ts';
import type { AuditSink } from './telemetry/audit.ts';
import { createAuditLog } from './telemetry/auditLog.ts';

/** How the service reaches an identity pool, and its own rules. Only pool and provider name are needed. */
export interface CognitoServiceOptions extends AwsGatewayOptions {
  /** Seconds, 60 to 86400: default and longest life of a token. Default 900. */
  readonly tokenDuration?: number;
  /** Seconds of life that a reused token still has, less than `tokenDuration`. Default 300, at most half of `tokenDuration`. */
  readonly minTokenLife?: number;
  /** Whether `awsCredentials` may be selected. Default true. */
  readonly awsCredentialsField?: boolean;
  /** At least 32 bytes: send HMAC-SHA256(user id) with this key to Cognito instead of the id. */
  readonly userIdHmacKey?: Uint8Array;
  /** Calls a second of GetOpenIdTokenForDeveloperIdentity. Default 50, AWS's own limit. */
  readonly requestsPerSecond?: number;
  /** Credentials mutations of one user within a minute. Default 60. */
  readonly userRequestsPerMinute?: number;
  /** Users that are kept in memory at most, some 2.2 kB each. Default 100,000. */
  readonly cachedUsers?: number;
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
  /** The same in two parts, SDL and a map of resolvers, for servers and tools that merge schemas from such parts. */
  sdl(): Promise<SchemaParts>;
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
  const { clock = systemClock } = options;
  const rules = rulesOf(options);
  const pool = reachPool(options, rules, clock);
  const { audit, close } = auditOf(options.audit, clock);
  const { gateway, resolverServices, stop } = createIssuing(rules, { pool, audit, clock });
  const never = new AbortController().signal;
  const schema = () => buildSchema(resolverServices);

  return {
    ...resolverServices,
    schema: async () => showErrors(await schema()),
    sdl: async () => partsOf(showErrors(await schema())),
    subgraph: async () => showErrors(toSubgraph(await schema())),
    context(caller, { requestId = randomUUID(), clientAddress = 'unknown', signal = never } = {}) {
      const identities = createIdentityReader(gateway, signal);
      return { requestId, clientAddress, signal, identities, principal: caller && principalOf(caller) };
    },
    async close() {
      stop();
      await close();
    },
  };
}

/** The host's own sink is the host's to close. */
function auditOf(target: CognitoServiceOptions['audit'], clock: Clock) {
  if (typeof target === 'object') return { audit: target, close: async () => undefined };
  const audit = createAuditLog({ target: target ?? process.stdout, clock });
  return { audit, close: () => audit.close() };
}

function rulesOf(options: CognitoServiceOptions): IssuingRules {
  const {
    tokenDuration = 900,
    minTokenLife = Math.min(300, Math.floor(tokenDuration / 2)),
    awsCredentialsField = true,
    userIdHmacKey,
    requestsPerSecond = 50,
    userRequestsPerMinute = 60,
    cachedUsers = 100_000,
  } = options;
  if (!(Number.isInteger(tokenDuration) && tokenDuration >= 60 && tokenDuration <= 86_400)) {
    throw new RangeError('tokenDuration must be a whole number from 60 to 86400');
  }
  if (!(minTokenLife >= 0 && minTokenLife < tokenDuration)) {
    throw new RangeError('minTokenLife must be 0 or more, and less than tokenDuration');
  }
  if (!(Number.isInteger(cachedUsers) && cachedUsers >= 1)) {
    throw new RangeError('cachedUsers must be a whole number of 1 or more');
  }
  if (userIdHmacKey !== undefined && userIdHmacKey.length < 32) {
    throw new RangeError('userIdHmacKey must have at least 32 bytes');
  }
  return {
    tokenDuration,
    minTokenLife,
    awsCredentialsField,
    ...(userIdHmacKey && { userIdHmacKey }),
    cognitoRequestsPerSecond: requestsPerSecond,
    userRequestsPerMinute,
    cachedUsers,
  };
}

function principalOf({ userId, administrator = false, principalTags = {} }: Caller): Principal {
  // An undefined id that slips in here would make all users one.
  if (typeof userId !== 'string' || userId.length > 1024 || !/^[^\p{Cc}\p{Cs}]+$/u.test(userId)) {
    throw new TypeError('userId must be a text of 1 to 1024 characters without control characters');
  }
  return { userId, administrator, principalTags };
}
