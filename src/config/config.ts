/**
 * Everything the service can be told, as plain data. Made by `loadConfig` alone; the composition root hands each room its part.
 * Durations carry their unit in the name, or are in seconds where AWS or JWT names them so.
 */
export interface Config {
  /** `production` only when `NODE_ENV` says so by that name. */
  readonly environment: 'production' | 'development';
  readonly http: HttpConfig;
  readonly cognito: CognitoConfig;
  readonly tokens: TokensConfig;
  readonly auth: AuthConfig;
  readonly limits: LimitsConfig;
  /** Left out where replicas share nothing. */
  readonly redis?: RedisConfig;
  readonly documents: DocumentsConfig;
  readonly telemetry: TelemetryConfig;
}

export interface HttpConfig {
  readonly host: string;
  /** 0 takes a free port. */
  readonly port: number;
  /** Where `/metrics` is served instead of on `port`. */
  readonly metricsPort?: number;
  /** Exact origins, as browsers send them. */
  readonly corsOrigins: readonly string[];
  /** Addresses and networks (CIDR) that are believed about the client's address. */
  readonly trustedProxies: readonly string[];
  readonly bodyLimitBytes: number;
  /** How long an idle connection is kept. */
  readonly keepAliveTimeoutMs: number;
  /** How long the headers of a request may take; more than `keepAliveTimeoutMs`. */
  readonly headersTimeoutMs: number;
  /** When a request is given up. */
  readonly requestTimeoutMs: number;
  /** How long running requests may take to finish after a stop signal. */
  readonly shutdownGraceMs: number;
}

export type CognitoConfig = EmbeddedCognitoConfig | AwsCognitoConfig;

/** Cognito on a loopback port of this process. Its pool is made at start. */
export interface EmbeddedCognitoConfig {
  readonly mode: 'embedded';
  /** 0 takes a free port. */
  readonly port: number;
  readonly region: string;
  readonly developerProviderName: string;
}

export interface AwsCognitoConfig {
  readonly mode: 'aws';
  readonly identityPoolId: string;
  readonly developerProviderName: string;
  readonly region: string;
  readonly endpoints: Endpoints;
}

/** Addresses to use in place of AWS's own. Left out: the SDK's. */
export interface Endpoints {
  readonly cognitoIdentity?: string;
  readonly sts?: string;
  readonly iam?: string;
}

export interface TokensConfig {
  /** Longest and usual life of an OpenID token, seconds, 60 to 86400. */
  readonly tokenDuration: number;
  /** Seconds that a cached token must still have in order to be handed out again; less than `tokenDuration`. */
  readonly minTokenLife: number;
  /** At least 32 bytes. Cognito is then told HMAC-SHA256(user id) instead of the id. */
  readonly userIdHmacKey?: Uint8Array;
  /** Session tag -> claim of the login's token. At most 50. */
  readonly principalTags: Readonly<Record<string, string>>;
  /** Whether `awsCredentials` may be selected. */
  readonly awsCredentialsField: boolean;
}

export type AuthConfig = HostAuthConfig | LoginConfig;
/** A login that this service looks after itself. */
export type LoginConfig = DemoAuthConfig | JwtAuthConfig | IntrospectionAuthConfig;

/** The host that embeds the service hands an `Authenticator` in. */
export interface HostAuthConfig {
  readonly mode: 'host';
}

export interface AuthCommon {
  /** Cookie that carries the token when there is no Authorization header. */
  readonly cookie?: string;
  readonly userClaim: string;
  readonly adminScope: string;
  /** Seconds by which clocks may differ. */
  readonly clockTolerance: number;
  /** Seconds after its `iat` at which a token is too old, whatever its `exp`. */
  readonly maxTokenAge: number;
}

/** This service's own toy issuer, which believes every user name. */
export interface DemoAuthConfig extends AuthCommon {
  readonly mode: 'demo';
}

export interface JwtAuthConfig extends AuthCommon {
  readonly mode: 'jwt';
  readonly keys: JwtKeys;
  /** Required with JWKS and discovery. Left out: `iss` is not checked, and only holders of the one key can sign. */
  readonly issuer?: string;
  /** One of these must be in `aud`. Empty only with a public key or a secret. */
  readonly audience: readonly string[];
  readonly algorithms: readonly string[];
  /** Required `typ` of tokens. Left out: any. */
  readonly tokenType?: string;
}

export type JwtKeys =
  | { readonly kind: 'discovery' }
  | { readonly kind: 'jwks'; readonly uri: string }
  | { readonly kind: 'publicKey'; readonly pem: string }
  | { readonly kind: 'secret'; readonly secret: Uint8Array };

/** Opaque tokens, asked about at the login's introspection endpoint (RFC 7662). */
export interface IntrospectionAuthConfig extends AuthCommon {
  readonly mode: 'introspection';
  readonly introspectionUrl: string;
  readonly clientId: string;
  readonly clientSecret: string;
  readonly issuer?: string;
  readonly audience: readonly string[];
}

export interface LimitsConfig {
  /** Budget for GetOpenIdTokenForDeveloperIdentity; of all replicas together when there is Redis. */
  readonly cognitoRequestsPerSecond: number;
  /** Credentials mutations of one user. */
  readonly userRequestsPerMinute: number;
  /** Users whose tokens and counts are kept in memory at most. */
  readonly cachedUsers: number;
}

export interface RedisConfig {
  readonly url: string;
  /** The first encrypts, all of them decrypt: put a new key in front in order to rotate. */
  readonly cacheKeys: readonly CacheKey[];
}

export interface CacheKey {
  readonly id: string;
  /** 32 bytes. */
  readonly key: Uint8Array;
}

export interface DocumentsConfig {
  /** `only`: nothing but the known documents is run. */
  readonly trustedDocuments: 'off' | 'only';
  readonly trustedDocumentsFile?: string;
  readonly introspection: boolean;
}

export interface TelemetryConfig {
  readonly logLevel: 'fatal' | 'error' | 'warn' | 'info' | 'debug' | 'trace' | 'silent';
  /** Left out: standard output. */
  readonly auditFile?: string;
}

/** One thing wrong with the settings. Never holds a value that was given. */
export interface ConfigProblem {
  /** The setting to change first. */
  readonly setting: string;
  /** What is wrong, to be read after the setting's name. */
  readonly problem: string;
  /** What to do, as a sentence. */
  readonly remedy: string;
}

/** Every problem of the settings at once. Its message may be printed: it holds names and rules, never values. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
  readonly problems: readonly ConfigProblem[];

  constructor(problems: readonly ConfigProblem[]) {
    const count = problems.length === 1 ? 'One setting needs' : `${problems.length} settings need`;
    const lines = problems.map(({ setting, problem, remedy }) => `  ${setting} ${problem}. ${remedy}`);
    super([`${count} attention:`, ...lines].join('\n'));
    this.problems = problems;
  }
}
