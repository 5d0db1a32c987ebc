import type * as z from 'zod/mini';
import * as parse from './parsers.ts';

export interface Setting<T = unknown> {
  /** What the documentation shows as the default. */
  readonly shownDefault: string;
  /** Text that is parsed when the setting is not there. */
  readonly defaultText?: string;
  /** One line, for people. */
  readonly meaning: string;
  readonly group: 'Cognito' | 'Login' | 'Tokens' | 'Server' | 'Without AWS';
  /** Whether the value must never be shown anywhere. */
  readonly secret: boolean;
  readonly schema: z.ZodMiniType<T, string>;
}

/** A setting with a default text that is parsed like a given one. */
function setting<T>(
  group: Setting['group'],
  schema: z.ZodMiniType<T, string>,
  meaning: string,
  defaultText: string,
): Setting<T> & { readonly defaultText: string } {
  return { group, schema, meaning, defaultText, shownDefault: defaultText, secret: false };
}

/** A setting that may be missing. */
function optional<T>(
  group: Setting['group'],
  schema: z.ZodMiniType<T, string>,
  meaning: string,
  shownDefault = 'none',
): Setting<T> {
  return { group, schema, meaning, shownDefault, secret: false };
}

const secret = <T>(inner: Setting<T>): Setting<T> => ({ ...inner, secret: true });

const poolId = () =>
  parse.matching(
    /^[a-z]{2,5}(-[a-z]+)+-\d{1,2}:[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/,
    'be an identity pool id such as eu-west-1:12345678-1234-1234-1234-123456789012',
  );
const shortText = (max: number) =>
  parse.matching(
    new RegExp(`^[^\\p{Cc}]{1,${max}}$`, 'u'),
    `have 1 to ${max} characters and no control characters`,
  );

/**
 * Every environment variable that the service reads. The README's table and `serve --help` are made from this; nothing else
 * may read the environment.
 */
export const settings = {
  AWS_REGION: optional(
    'Cognito',
    parse.matching(/^[a-z]{2,5}(-[a-z]+)+-\d{1,2}$/, 'be a Region such as eu-west-1'),
    'Region of the pool; refused when it contradicts the pool id',
    'from the pool id',
  ),
  COGNITO_IDENTITY_POOL_ID: optional(
    'Cognito',
    poolId(),
    'the identity pool; unset outside production: embedded Cognito',
  ),
  COGNITO_DEVELOPER_PROVIDER_NAME: optional(
    'Cognito',
    parse.matching(/^[\w.-]{1,128}$/, 'have 1 to 128 letters, digits and _ . -'),
    "the pool's developer provider name",
  ),
  COGNITO_TOKEN_DURATION: setting(
    'Cognito',
    parse.wholeNumber(60, 86_400, 'seconds'),
    'seconds an OpenID token lives, 60 to 86400',
    '900',
  ),
  COGNITO_MIN_TOKEN_LIFE: optional(
    'Cognito',
    parse.wholeNumber(0, 86_399, 'seconds'),
    'a cached token is reused only with at least this many seconds left; half the duration for tokens under 10 minutes',
    '300',
  ),
  COGNITO_REQUESTS_PER_SECOND: setting(
    'Cognito',
    parse.wholeNumber(1, 10_000),
    'budget for GetOpenIdTokenForDeveloperIdentity, shared by all replicas when `REDIS_URL` is set',
    '50',
  ),
  AWS_ENDPOINT_URL: optional(
    'Cognito',
    parse.plainUrl(),
    'address of every AWS service, as in the SDK',
    "SDK's",
  ),
  AWS_ENDPOINT_URL_COGNITO_IDENTITY: optional(
    'Cognito',
    parse.plainUrl(),
    'address of Cognito, as in the SDK',
    "SDK's",
  ),
  AWS_ENDPOINT_URL_STS: optional('Cognito', parse.plainUrl(), 'address of STS, as in the SDK', "SDK's"),
  AWS_ENDPOINT_URL_IAM: optional('Cognito', parse.plainUrl(), 'address of IAM, as in the SDK', "SDK's"),

  AUTH_ISSUER: optional('Login', parse.plainUrl(), 'exact `iss` of your login; required with a JWKS'),
  AUTH_AUDIENCE: optional(
    'Login',
    parse.list(),
    'accepted `aud`, with commas between several; required with a JWKS, and has no silent default',
  ),
  AUTH_JWKS_URI: optional(
    'Login',
    parse.plainUrl(),
    'where your login publishes its keys; exactly one of this, `AUTH_PUBLIC_KEY`, `AUTH_JWT_SECRET` and `AUTH_INTROSPECTION_URL`',
    "issuer's discovery document",
  ),
  AUTH_PUBLIC_KEY: optional(
    'Login',
    parse.publicKey(),
    "your login's public key, PEM; line ends may be `\\n`",
  ),
  AUTH_JWT_SECRET: secret(
    optional(
      'Login',
      parse.secretBytes(32),
      'shared secret of at least 32 bytes: HS256, HS384 and HS512 only',
    ),
  ),
  AUTH_ALGORITHMS: optional(
    'Login',
    parse.algorithms(),
    'accepted signatures; `none` refused, HS* never with a JWKS or a public key',
    'RS256,ES256,PS256,EdDSA (JWKS)',
  ),
  AUTH_TOKEN_TYPE: optional(
    'Login',
    parse.matching(/^[\w!#$&^.+/-]{1,127}$/, 'be the `typ` of tokens, such as at+jwt'),
    'required `typ` of tokens, such as `at+jwt` (RFC 9068), where your login marks its access tokens',
    'any',
  ),
  AUTH_COOKIE: optional(
    'Login',
    parse.matching(/^[!#$%&'*+\-.^_`|~\w]{1,128}$/, 'be the name of a cookie'),
    'take the token from this cookie when there is no Authorization header',
  ),
  AUTH_INTROSPECTION_URL: optional(
    'Login',
    parse.plainUrl(),
    'opaque tokens: where to ask about them (RFC 7662)',
  ),
  AUTH_CLIENT_ID: optional('Login', shortText(1024), 'client id for introspection'),
  AUTH_CLIENT_SECRET: secret(optional('Login', shortText(4096), 'client secret for introspection')),
  AUTH_USER_CLAIM: setting('Login', shortText(256), 'claim that is the user id', 'sub'),
  AUTH_ADMIN_SCOPE: setting(
    'Login',
    parse.matching(/^[^\s\p{Cc}]{1,256}$/u, 'have 1 to 256 characters and no spaces'),
    'value in `scope`, `scp` or `roles` that makes an administrator',
    'admin',
  ),
  AUTH_CLOCK_TOLERANCE: setting(
    'Login',
    parse.wholeNumber(0, 300, 'seconds'),
    'seconds by which clocks may differ',
    '5',
  ),
  AUTH_MAX_TOKEN_AGE: setting(
    'Login',
    parse.wholeNumber(1, 31_536_000, 'seconds'),
    'seconds after which a token is too old, whatever its `exp`',
    '86400',
  ),

  USER_ID_HMAC_KEY: secret(
    optional(
      'Tokens',
      parse.secretBytes(32),
      'send HMAC-SHA256(user id) with this key (at least 32 bytes) instead of the id, which Cognito puts in clear into token and CloudTrail',
    ),
  ),
  PRINCIPAL_TAGS: optional(
    'Tokens',
    parse.principalTags(),
    '`tag=claim,…`: claims that become session tags (tenant isolation)',
  ),
  AWS_CREDENTIALS_FIELD: setting('Tokens', parse.flag(), 'whether `awsCredentials` may be selected', 'true'),
  REDIS_URL: secret(
    optional(
      'Tokens',
      parse.url('redis', 'rediss'),
      'shared budget, shared token cache (encrypted with `CACHE_KEY`) and invalidation across replicas',
    ),
  ),
  CACHE_KEY: secret(
    optional(
      'Tokens',
      parse.cacheKeys(),
      '32 bytes in base64 or hexadecimal; several as `id:key,id:key`, the first one seals (see Rotating keys); required with `REDIS_URL`',
    ),
  ),
  USER_REQUESTS_PER_MINUTE: setting(
    'Tokens',
    parse.wholeNumber(1, 100_000),
    'credentials mutations per user',
    '60',
  ),
  CACHED_USERS: setting(
    'Tokens',
    parse.wholeNumber(1_000, 10_000_000),
    'users that are kept in memory at most: token, verified access token and count of requests, some 2.6 kB in all (see Sizing)',
    '100000',
  ),

  NODE_ENV: setting(
    'Server',
    parse.oneOf('production', 'development', 'test'),
    '`production` starts only with every needed setting',
    'development',
  ),
  HOST: setting(
    'Server',
    parse.matching(/^[\w.:%-]{1,253}$/, 'be an address or host name'),
    'address to listen on',
    '127.0.0.1',
  ),
  PORT: setting('Server', parse.port(), 'port to listen on; 0 takes a free one', '4000'),
  METRICS_PORT: optional('Server', parse.port(), 'serve `/metrics` on a port of its own', '`PORT`'),
  CORS_ORIGINS: optional('Server', parse.origins(), 'exact origins, with commas between them; no wildcard'),
  TRUSTED_PROXIES: optional(
    'Server',
    parse.networks(),
    'addresses and networks (CIDR) of proxies whose `Forwarded` or `X-Forwarded-For` says who the client is, for the audit log',
  ),
  BODY_LIMIT: setting(
    'Server',
    parse.size(1024, 10_485_760),
    'largest request body, such as 102400 or 100kB',
    '100kB',
  ),
  KEEP_ALIVE_TIMEOUT: setting(
    'Server',
    parse.duration(1_000, 3_600_000),
    'time an idle connection is kept; longer than the load balancer keeps its own',
    '65s',
  ),
  HEADERS_TIMEOUT: optional(
    'Server',
    parse.duration(1_000, 3_600_000),
    'time the headers of a request may take; longer than `KEEP_ALIVE_TIMEOUT`',
    '5 s more than `KEEP_ALIVE_TIMEOUT`',
  ),
  REQUEST_TIMEOUT: setting(
    'Server',
    parse.duration(1_000, 300_000),
    'time after which a request is given up',
    '30s',
  ),
  SHUTDOWN_GRACE: setting(
    'Server',
    parse.duration(0, 300_000),
    'time for running requests to finish at a stop, such as 10s',
    '10s',
  ),
  TRUSTED_DOCUMENTS: setting(
    'Server',
    parse.oneOf('off', 'only'),
    '`only`: just the documents of `schema/operations` and `TRUSTED_DOCUMENTS_FILE`',
    'off',
  ),
  TRUSTED_DOCUMENTS_FILE: optional('Server', shortText(4096), 'more documents for `TRUSTED_DOCUMENTS=only`'),
  INTROSPECTION: optional('Server', parse.flag(), 'whether clients may read the schema', 'off in production'),
  LOG_LEVEL: setting(
    'Server',
    parse.oneOf('fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'),
    'least severe level that is logged',
    'info',
  ),
  AUDIT_FILE: optional('Server', shortText(4096), 'file that takes the audit records', 'stdout'),

  EMBEDDED_COGNITO: optional(
    'Without AWS',
    parse.flag(),
    'the embedded Cognito; in production only when `true`',
    'when there is no pool id, outside production',
  ),
  EMULATOR_PORT: setting(
    'Without AWS',
    parse.port(),
    'port of the embedded Cognito; 0 takes a free one',
    '9400',
  ),
  DEMO_LOGIN: optional(
    'Without AWS',
    parse.flag(),
    'the demo login, which believes every user name; in production only when `true`',
    'when there is no `AUTH_*`, outside production',
  ),
};

export type SettingName = keyof typeof settings;

type ValueOf<S> =
  S extends Setting<infer T> ? (S extends { readonly defaultText: string } ? T : T | undefined) : never;
/** The parsed values by name. */
export type SettingValues = { readonly [Name in SettingName]: ValueOf<(typeof settings)[Name]> };

export const settingNames = Object.keys(settings) as readonly SettingName[];
