import type { Config } from '../../../src/config/config.ts';
import type { Environment } from '../../../src/config/loadConfig.ts';
import type { SettingName } from '../../../src/config/settings.ts';

export const pool = 'eu-west-1:12345678-1234-1234-1234-123456789012';
export const aws = { COGNITO_IDENTITY_POOL_ID: pool, COGNITO_DEVELOPER_PROVIDER_NAME: 'p' };
export const login = { AUTH_ISSUER: 'https://idp.example', AUTH_AUDIENCE: 'a' };
export const opaque = {
  AUTH_INTROSPECTION_URL: 'https://i.example',
  AUTH_CLIENT_ID: 'id',
  AUTH_CLIENT_SECRET: 'client-secret',
};
export const hex = 'ab'.repeat(32);
const base64 = Buffer.alloc(32, 0xfb).toString('base64');
const base64url = Buffer.alloc(32, 0xfb).toString('base64url');
const bytes = (text: string) => new TextEncoder().encode(text);
export const long = 'x'.repeat(40);

interface Example {
  readonly good: readonly (readonly [text: string, value: unknown])[];
  readonly bad: readonly string[];
  readonly rule?: string;
  /** Settings without which the one at hand would contradict something. */
  readonly beside?: Environment;
  readonly read: (config: Config) => unknown;
}

const count = (min: number, max: number, unit = '') => ({
  bad: ['x', '-1', '1.5', '1e3', '0x10', ' 1 2', `${max + 1}`, ...(min > 0 ? [`${min - 1}`] : [])],
  rule: `must be a whole number${unit === '' ? '' : ` of ${unit}`} from ${min} to ${max}`,
});
const address = {
  bad: ['idp', 'ftp://a', 'https://', '/x'],
  rule: 'must be an address that begins with https:// or http://',
};
const flag = { bad: ['maybe', '2', 'yes please'], rule: 'must be true or false' };
const common = ({ auth }: Config) => (auth.mode === 'host' ? undefined : auth);
const demo = (config: Config) => (config.auth.mode === 'demo' ? config.auth : undefined);
const jwt = (config: Config) => (config.auth.mode === 'jwt' ? config.auth : undefined);
const asked = (config: Config) => (config.auth.mode === 'introspection' ? config.auth : undefined);
const real = (config: Config) => (config.cognito.mode === 'aws' ? config.cognito : undefined);

/** For each setting: texts that are taken with what they become, and texts that are refused with the rule that says why. */
export const examples: Record<SettingName, Example> = {
  AWS_REGION: {
    good: [
      ['us-gov-west-1', 'us-gov-west-1'],
      ['eusc-de-east-1', 'eusc-de-east-1'],
    ],
    bad: ['Frankfurt', 'eu-west', 'eu-west-1a', 'EU-WEST-1'],
    rule: 'must be a Region such as eu-west-1',
    read: (config) => config.cognito.region,
  },
  COGNITO_IDENTITY_POOL_ID: {
    good: [[pool, pool]],
    bad: ['x', 'eu-west-1:1234', pool.toUpperCase(), `${pool}0`, ` ${pool.slice(9)}`],
    rule: 'must be an identity pool id such as eu-west-1:12345678-1234-1234-1234-123456789012',
    beside: aws,
    read: (config) => real(config)?.identityPoolId,
  },
  COGNITO_DEVELOPER_PROVIDER_NAME: {
    good: [
      ['login.my_app-1', 'login.my_app-1'],
      ['a'.repeat(128), 'a'.repeat(128)],
    ],
    bad: ['login app', 'login:app', 'lögin', 'a'.repeat(129)],
    rule: 'must have 1 to 128 letters, digits and _ . -',
    read: (config) => config.cognito.developerProviderName,
  },
  COGNITO_TOKEN_DURATION: {
    ...count(60, 86_400, 'seconds'),
    good: [
      ['60', 60],
      ['86400', 86_400],
    ],
    read: (config) => config.tokens.tokenDuration,
  },
  COGNITO_MIN_TOKEN_LIFE: {
    ...count(0, 86_399, 'seconds'),
    good: [
      ['0', 0],
      ['899', 899],
    ],
    read: (config) => config.tokens.minTokenLife,
  },
  COGNITO_REQUESTS_PER_SECOND: {
    ...count(1, 10_000),
    good: [['200', 200]],
    read: (config) => config.limits.cognitoRequestsPerSecond,
  },
  AWS_ENDPOINT_URL: {
    ...address,
    good: [
      [
        'http://127.0.0.1:1',
        { cognitoIdentity: 'http://127.0.0.1:1', sts: 'http://127.0.0.1:1', iam: 'http://127.0.0.1:1' },
      ],
    ],
    beside: aws,
    read: (config) => real(config)?.endpoints,
  },
  AWS_ENDPOINT_URL_COGNITO_IDENTITY: {
    ...address,
    good: [['http://127.0.0.1:1', { cognitoIdentity: 'http://127.0.0.1:1' }]],
    beside: aws,
    read: (config) => real(config)?.endpoints,
  },
  AWS_ENDPOINT_URL_STS: {
    ...address,
    good: [
      [
        'http://127.0.0.1:1',
        { cognitoIdentity: 'https://x.example', sts: 'http://127.0.0.1:1', iam: 'https://x.example' },
      ],
    ],
    beside: { ...aws, AWS_ENDPOINT_URL: 'https://x.example' },
    read: (config) => real(config)?.endpoints,
  },
  AWS_ENDPOINT_URL_IAM: {
    ...address,
    good: [['http://127.0.0.1:1', { iam: 'http://127.0.0.1:1' }]],
    beside: aws,
    read: (config) => real(config)?.endpoints,
  },
  AUTH_ISSUER: {
    ...address,
    good: [['https://idp.example/realms/a', 'https://idp.example/realms/a']],
    beside: login,
    read: (config) => jwt(config)?.issuer,
  },
  AUTH_AUDIENCE: {
    good: [
      ['app', ['app']],
      ['app, https://api.example', ['app', 'https://api.example']],
    ],
    bad: ['app,', ',', 'a,,b'],
    rule: 'must be a list with commas between its items and none at its end',
    beside: login,
    read: (config) => jwt(config)?.audience,
  },
  AUTH_JWKS_URI: {
    ...address,
    good: [['https://idp.example/jwks', { kind: 'jwks', uri: 'https://idp.example/jwks' }]],
    beside: login,
    read: (config) => jwt(config)?.keys,
  },
  AUTH_PUBLIC_KEY: {
    good: [],
    bad: ['x'],
    rule: 'must be a public key in PEM form',
    read: jwt,
  },
  AUTH_JWT_SECRET: {
    good: [[long, { kind: 'secret', secret: bytes(long) }]],
    bad: ['short'],
    rule: 'must have at least 32 bytes',
    read: (config) => jwt(config)?.keys,
  },
  AUTH_ALGORITHMS: {
    good: [['ES384,EdDSA', ['ES384', 'EdDSA']]],
    bad: ['none', 'nOnE', 'RS256,none', 'rs256', 'RS1'],
    rule: 'must be a list of RS256, RS384, RS512, PS256, PS384, PS512, ES256, ES384, ES512, EdDSA, HS256, HS384, HS512; none is refused',
    beside: login,
    read: (config) => jwt(config)?.algorithms,
  },
  AUTH_TOKEN_TYPE: {
    good: [
      ['at+jwt', 'at+jwt'],
      ['application/at+jwt', 'application/at+jwt'],
    ],
    bad: ['at jwt', 'ä', 'x'.repeat(128)],
    rule: 'must be the `typ` of tokens, such as at+jwt',
    beside: { ...aws, ...login },
    read: (config) => jwt(config)?.tokenType,
  },
  AUTH_COOKIE: {
    good: [['__Host-session', '__Host-session']],
    bad: ['a b', 'a=b', 'a;b', 'ä'],
    rule: 'must be the name of a cookie',
    read: (config) => demo(config)?.cookie,
  },
  AUTH_INTROSPECTION_URL: {
    ...address,
    good: [['https://idp.example/i', 'https://idp.example/i']],
    beside: opaque,
    read: (config) => asked(config)?.introspectionUrl,
  },
  AUTH_CLIENT_ID: {
    good: [['my client', 'my client']],
    bad: ['a\u0000b', 'x'.repeat(1025)],
    rule: 'must have 1 to 1024 characters and no control characters',
    beside: opaque,
    read: (config) => asked(config)?.clientId,
  },
  AUTH_CLIENT_SECRET: {
    good: [[' spaces ', ' spaces ']],
    bad: ['a\nb', 'x'.repeat(4097)],
    rule: 'must have 1 to 4096 characters and no control characters',
    beside: opaque,
    read: (config) => asked(config)?.clientSecret,
  },
  AUTH_USER_CLAIM: {
    good: [['https://x.example/uid', 'https://x.example/uid']],
    bad: ['a\u0007', 'x'.repeat(257)],
    rule: 'must have 1 to 256 characters and no control characters',
    read: (config) => common(config)?.userClaim,
  },
  AUTH_ADMIN_SCOPE: {
    good: [['cognito:admin', 'cognito:admin']],
    bad: ['two words', 'x'.repeat(257)],
    rule: 'must have 1 to 256 characters and no spaces',
    read: (config) => common(config)?.adminScope,
  },
  AUTH_CLOCK_TOLERANCE: {
    ...count(0, 300, 'seconds'),
    good: [['0', 0]],
    read: (config) => common(config)?.clockTolerance,
  },
  AUTH_MAX_TOKEN_AGE: {
    ...count(1, 31_536_000, 'seconds'),
    good: [['3600', 3600]],
    read: (config) => common(config)?.maxTokenAge,
  },
  USER_ID_HMAC_KEY: {
    good: [[long, bytes(long)]],
    bad: ['x'.repeat(31)],
    rule: 'must have at least 32 bytes',
    read: (config) => config.tokens.userIdHmacKey,
  },
  PRINCIPAL_TAGS: {
    good: [
      ['tenant=tid', { tenant: 'tid' }],
      ['tenant = https://x.example/tid , team=groups', { tenant: 'https://x.example/tid', team: 'groups' }],
    ],
    bad: ['tenant', '=tid', 'tenant='],
    rule: 'must be pairs tag=claim with commas between them',
    read: (config) => config.tokens.principalTags,
  },
  AWS_CREDENTIALS_FIELD: {
    ...flag,
    good: [
      ['false', false],
      ['TRUE', true],
      ['0', false],
    ],
    read: (config) => config.tokens.awsCredentialsField,
  },
  REDIS_URL: {
    good: [['rediss://user:password@redis.example:6380/1', 'rediss://user:password@redis.example:6380/1']],
    bad: ['localhost:6379', 'http://redis.example'],
    rule: 'must be an address that begins with redis:// or rediss://',
    beside: { CACHE_KEY: hex },
    read: (config) => config.redis?.url,
  },
  CACHE_KEY: {
    good: [
      [hex, [{ id: 'k1', key: new Uint8Array(32).fill(0xab) }]],
      [base64, [{ id: 'k1', key: new Uint8Array(32).fill(0xfb) }]],
      [base64url, [{ id: 'k1', key: new Uint8Array(32).fill(0xfb) }]],
      [
        `2026b:${base64}, 2026a:${hex}`,
        [
          { id: '2026b', key: new Uint8Array(32).fill(0xfb) },
          { id: '2026a', key: new Uint8Array(32).fill(0xab) },
        ],
      ],
    ],
    bad: ['short', hex.slice(2), `${hex},${hex}`, `a:${hex},a:${base64}`, `a b:${hex}`, `k:${base64}x`],
    rule: 'must be 32 bytes in base64 or hexadecimal; several as id:key,id:key with different ids, the newest first',
    beside: { REDIS_URL: 'redis://localhost' },
    read: (config) => config.redis?.cacheKeys,
  },
  USER_REQUESTS_PER_MINUTE: {
    ...count(1, 100_000),
    good: [['5', 5]],
    read: (config) => config.limits.userRequestsPerMinute,
  },
  CACHED_USERS: {
    ...count(1_000, 10_000_000),
    good: [['2000000', 2_000_000]],
    read: (config) => config.limits.cachedUsers,
  },
  NODE_ENV: {
    good: [
      ['development', 'development'],
      ['test', 'development'],
    ],
    bad: [],
    read: (config) => config.environment,
  },
  HOST: {
    good: [
      ['localhost', 'localhost'],
      ['::1', '::1'],
    ],
    bad: ['http://a', 'a b', 'a/b'],
    rule: 'must be an address or host name',
    read: (config) => config.http.host,
  },
  PORT: {
    ...count(0, 65_535),
    good: [
      ['0', 0],
      ['65535', 65_535],
    ],
    read: (config) => config.http.port,
  },
  METRICS_PORT: {
    ...count(0, 65_535),
    good: [['9090', 9090]],
    read: (config) => config.http.metricsPort,
  },
  TRUSTED_PROXIES: {
    good: [
      ['10.0.0.7, 192.168.0.0/16,2001:db8::/32', ['10.0.0.7', '192.168.0.0/16', '2001:db8::/32']],
      ['::1', ['::1']],
    ],
    bad: [
      'proxy.example',
      '10.0.0.0/33',
      '2001:db8::/129',
      '10.0.0',
      '10.0.0.1:80',
      '10.0.0.0/',
      'fe80::1%eth0',
    ],
    rule: 'must hold addresses and networks such as 10.0.0.7 or 10.0.0.0/8',
    read: (config) => config.http.trustedProxies,
  },
  CORS_ORIGINS: {
    good: [
      ['https://a.example, http://localhost:3000', ['https://a.example', 'http://localhost:3000']],
      ['capacitor://localhost', ['capacitor://localhost']],
    ],
    bad: [
      'https://a.example/',
      'https://a.example/x',
      'a.example',
      'HTTPS://A.example',
      'https://a.example:443',
    ],
    rule: 'must hold origins such as https://app.example.com, without path or final slash',
    read: (config) => config.http.corsOrigins,
  },
  BODY_LIMIT: {
    good: [
      ['102400', 102_400],
      ['100kb', 102_400],
      ['100 kB', 102_400],
      ['1MB', 1_048_576],
    ],
    bad: ['1023', '11MB', '100k', '-1', 'x'],
    rule: 'must be a size from 1024 to 10485760 bytes, such as 102400 or 100kB',
    read: (config) => config.http.bodyLimitBytes,
  },
  KEEP_ALIVE_TIMEOUT: {
    good: [['120s', 120_000]],
    bad: ['0', '61m', 'x'],
    rule: 'must be a duration from 1 to 3600 s, such as 10 or 10s',
    read: (config) => config.http.keepAliveTimeoutMs,
  },
  HEADERS_TIMEOUT: {
    good: [['80s', 80_000]],
    bad: ['0', '61m', 'x'],
    rule: 'must be a duration from 1 to 3600 s, such as 10 or 10s',
    read: (config) => config.http.headersTimeoutMs,
  },
  REQUEST_TIMEOUT: {
    good: [['5s', 5_000]],
    bad: ['0', '6m', 'x'],
    rule: 'must be a duration from 1 to 300 s, such as 10 or 10s',
    read: (config) => config.http.requestTimeoutMs,
  },
  SHUTDOWN_GRACE: {
    good: [
      ['0', 0],
      ['30', 30_000],
      ['30 s', 30_000],
      ['1500ms', 1500],
      ['5m', 300_000],
    ],
    bad: ['301', '6m', '-1', '10 seconds', 'x'],
    rule: 'must be a duration from 0 to 300 s, such as 10 or 10s',
    read: (config) => config.http.shutdownGraceMs,
  },
  TRUSTED_DOCUMENTS: {
    good: [['only', 'only']],
    bad: ['on', 'true', 'Only'],
    rule: 'must be one of off, only',
    read: (config) => config.documents.trustedDocuments,
  },
  TRUSTED_DOCUMENTS_FILE: {
    good: [['documents.json', 'documents.json']],
    bad: ['a\u0000'],
    rule: 'must have 1 to 4096 characters and no control characters',
    beside: { TRUSTED_DOCUMENTS: 'only' },
    read: (config) => config.documents.trustedDocumentsFile,
  },
  INTROSPECTION: {
    ...flag,
    good: [
      ['false', false],
      ['true', true],
    ],
    read: (config) => config.documents.introspection,
  },
  LOG_LEVEL: {
    good: [['debug', 'debug']],
    bad: ['verbose', 'INFO'],
    rule: 'must be one of fatal, error, warn, info, debug, trace, silent',
    read: (config) => config.telemetry.logLevel,
  },
  AUDIT_FILE: {
    good: [['/var/log/audit.jsonl', '/var/log/audit.jsonl']],
    bad: ['a\u0000'],
    rule: 'must have 1 to 4096 characters and no control characters',
    read: (config) => config.telemetry.auditFile,
  },
  EMBEDDED_COGNITO: { ...flag, good: [['true', 'embedded']], read: (config) => config.cognito.mode },
  EMULATOR_PORT: {
    ...count(0, 65_535),
    good: [['9500', 9500]],
    read: (config) => (config.cognito.mode === 'embedded' ? config.cognito.port : undefined),
  },
  DEMO_LOGIN: { ...flag, good: [['true', 'demo']], read: (config) => config.auth.mode },
};
