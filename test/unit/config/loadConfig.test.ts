import { generateKeyPairSync } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { ConfigError, type ConfigProblem } from '../../../src/config/config.ts';
import { type Environment, loadConfig } from '../../../src/config/loadConfig.ts';
import { settingNames } from '../../../src/config/settings.ts';

const pool = 'eu-west-1:12345678-1234-1234-1234-123456789012';
const aws = { COGNITO_IDENTITY_POOL_ID: pool, COGNITO_DEVELOPER_PROVIDER_NAME: 'login.example' };
const login = { AUTH_ISSUER: 'https://idp.example/', AUTH_AUDIENCE: 'app' };
const production = { NODE_ENV: 'production', ...aws, ...login };
const secret = 'a-secret-of-at-least-thirty-two-bytes';
const key32 = Buffer.alloc(32, 7);

function problemsOf(environment: Environment): readonly ConfigProblem[] {
  try {
    loadConfig(environment);
  } catch (error) {
    if (error instanceof ConfigError) return error.problems;
    throw error;
  }
  return [];
}
const sentences = (environment: Environment) =>
  problemsOf(environment).map(({ setting, problem }) => `${setting} ${problem}`);

function pem(type: 'rsa' | 'ec' | 'ed25519', size: number | string = 2048) {
  const { publicKey, privateKey } =
    type === 'rsa'
      ? generateKeyPairSync('rsa', { modulusLength: Number(size) })
      : type === 'ec'
        ? generateKeyPairSync('ec', { namedCurve: String(size) })
        : generateKeyPairSync('ed25519');
  return {
    publicKey: String(publicKey.export({ type: 'spki', format: 'pem' })),
    privateKey: String(privateKey.export({ type: 'pkcs8', format: 'pem' })),
  };
}

describe('loadConfig with nothing set', () => {
  it('uses the embedded Cognito and the demo login with the documented defaults', () => {
    expect(loadConfig({})).toEqual({
      environment: 'development',
      http: {
        host: '127.0.0.1',
        port: 4000,
        trustedProxies: [],
        corsOrigins: [],
        bodyLimitBytes: 102_400,
        keepAliveTimeoutMs: 65_000,
        headersTimeoutMs: 70_000,
        requestTimeoutMs: 30_000,
        shutdownGraceMs: 10_000,
      },
      cognito: { mode: 'embedded', port: 9400, region: 'us-east-1', developerProviderName: 'login.demo' },
      tokens: { tokenDuration: 900, minTokenLife: 300, principalTags: {}, awsCredentialsField: true },
      auth: { mode: 'demo', userClaim: 'sub', adminScope: 'admin', clockTolerance: 5, maxTokenAge: 86_400 },
      limits: { cognitoRequestsPerSecond: 50, userRequestsPerMinute: 60, cachedUsers: 100_000 },
      documents: { trustedDocuments: 'off', introspection: true },
      telemetry: { logLevel: 'info' },
    });
  });

  it('takes an empty or blank setting as not set', () => {
    const blank = Object.fromEntries(settingNames.map((name) => [name, '  ']));
    expect(loadConfig(blank)).toEqual(loadConfig({}));
  });

  it('does not start in production, and says everything that is missing', () => {
    expect(sentences({ NODE_ENV: 'production' })).toEqual([
      'COGNITO_IDENTITY_POOL_ID is missing',
      'COGNITO_DEVELOPER_PROVIDER_NAME is missing',
      'AUTH_ISSUER is missing, as is every other setting of your login',
    ]);
  });

  it('starts in production with the embedded Cognito and the demo login when both are asked for by name', () => {
    const config = loadConfig({ NODE_ENV: 'production', EMBEDDED_COGNITO: 'true', DEMO_LOGIN: 'true' });
    expect([config.environment, config.cognito.mode, config.auth.mode]).toEqual([
      'production',
      'embedded',
      'demo',
    ]);
    expect(config.documents.introspection).toBe(false);
  });

  it('can be told outside production to use neither', () => {
    expect(sentences({ EMBEDDED_COGNITO: 'false', DEMO_LOGIN: 'false' })).toEqual([
      'COGNITO_IDENTITY_POOL_ID is missing',
      'COGNITO_DEVELOPER_PROVIDER_NAME is missing',
      'AUTH_ISSUER is missing, as is every other setting of your login',
    ]);
  });
});

describe('loadConfig in production', () => {
  it('takes the Region from the pool id and the keys from discovery', () => {
    const config = loadConfig(production);
    expect(config.environment).toBe('production');
    expect(config.cognito).toEqual({
      mode: 'aws',
      identityPoolId: pool,
      developerProviderName: 'login.example',
      region: 'eu-west-1',
      endpoints: {},
    });
    expect(config.auth).toEqual({
      mode: 'jwt',
      keys: { kind: 'discovery' },
      issuer: 'https://idp.example/',
      audience: ['app'],
      algorithms: ['RS256', 'ES256', 'PS256', 'EdDSA'],
      userClaim: 'sub',
      adminScope: 'admin',
      clockTolerance: 5,
      maxTokenAge: 86_400,
    });
    expect(config.documents.introspection).toBe(false);
  });

  it.each(['prod', 'Production', 'staging'])('refuses NODE_ENV=%s rather than guess', (NODE_ENV) => {
    expect(sentences({ ...aws, ...login, NODE_ENV })).toEqual([
      'NODE_ENV must be one of production, development, test',
    ]);
  });

  it.each([
    ['AUTH_ISSUER', {}],
    ['AUTH_JWKS_URI', {}],
  ])('refuses plain http for %s, except on loopback', (name, more) => {
    expect(sentences({ ...production, ...more, [name]: 'http://idp.example/x' })).toEqual([
      `${name} must begin with https:// in production`,
    ]);
    expect(sentences({ ...production, ...more, [name]: 'http://127.0.0.1:8080/x' })).toEqual([]);
    expect(sentences({ ...production, NODE_ENV: '', [name]: 'http://idp.example/x' })).toEqual([]);
  });

  it('refuses plain http for introspection', () => {
    const settings = {
      ...aws,
      NODE_ENV: 'production',
      AUTH_INTROSPECTION_URL: 'http://idp.example/introspect',
      AUTH_CLIENT_ID: 'id',
      AUTH_CLIENT_SECRET: 'secret',
    };
    expect(sentences(settings)).toEqual(['AUTH_INTROSPECTION_URL must begin with https:// in production']);
  });

  it('lets the issuer be any name when keys are not found through it', () => {
    expect(
      sentences({ ...production, AUTH_ISSUER: 'http://idp.example', AUTH_JWKS_URI: 'https://idp.example/k' }),
    ).toEqual([]);
  });
});

describe('loadConfig for a host with a login of its own', () => {
  const host = { authenticator: 'host' } as const;

  it('needs no setting of a login in production', () => {
    expect(loadConfig({ NODE_ENV: 'production', ...aws }, host).auth).toEqual({ mode: 'host' });
  });

  it('leaves names that begin with AUTH_ to the host, well formed or not', () => {
    const environment = { ...aws, AUTH_SECRET: 'of the host', AUTH_ALGORITHMS: 'none', AUTH_ISSUER: 'x' };
    expect(loadConfig(environment, host)).toEqual(loadConfig(aws, host));
  });

  it('starts no demo login, and listens on every address if it is told to', () => {
    expect(loadConfig({ HOST: '0.0.0.0' }, host).auth).toEqual({ mode: 'host' });
    expect(() => loadConfig({ DEMO_LOGIN: 'true' }, host)).toThrow(
      'DEMO_LOGIN contradicts the authenticator of the host',
    );
  });

  it('still demands the pool, and still refuses what is wrong elsewhere', () => {
    expect(() => loadConfig({ NODE_ENV: 'production', COGNITO_POOL: 'x' }, host)).toThrow(
      /COGNITO_POOL is not a setting[\s\S]*COGNITO_IDENTITY_POOL_ID is missing[\s\S]*COGNITO_DEVELOPER_PROVIDER_NAME is missing/,
    );
  });
});

describe('contradictions', () => {
  it.each<[string, Environment, readonly string[]]>([
    [
      'a Region that is not the pool’s',
      { ...aws, AWS_REGION: 'us-east-1' },
      ['AWS_REGION contradicts COGNITO_IDENTITY_POOL_ID, which begins with another Region'],
    ],
    [
      'the embedded Cognito with a real pool',
      { ...aws, EMBEDDED_COGNITO: 'true' },
      ['EMBEDDED_COGNITO contradicts COGNITO_IDENTITY_POOL_ID: the embedded Cognito makes its own pool'],
    ],
    [
      'an endpoint without a pool',
      { AWS_ENDPOINT_URL_COGNITO_IDENTITY: 'http://127.0.0.1:9400' },
      [
        'AWS_ENDPOINT_URL_COGNITO_IDENTITY is set while the embedded Cognito is used, which has an address of its own',
      ],
    ],
    [
      'a pool without developer provider name',
      { COGNITO_IDENTITY_POOL_ID: pool },
      ['COGNITO_DEVELOPER_PROVIDER_NAME is missing'],
    ],
    [
      'the demo login with an own one',
      { ...login, DEMO_LOGIN: 'true' },
      ['DEMO_LOGIN contradicts AUTH_ISSUER: the demo login believes every user name'],
    ],
    [
      'the demo login open to other machines',
      { HOST: '0.0.0.0' },
      ['HOST opens the demo login, which gives anybody a token, to other machines'],
    ],
    [
      'more than one kind of key',
      { ...login, AUTH_JWKS_URI: 'https://idp.example/jwks', AUTH_JWT_SECRET: secret },
      ['AUTH_JWKS_URI cannot be combined with AUTH_JWT_SECRET: tokens are checked in exactly one way'],
    ],
    [
      'JWKS without issuer and audience',
      { AUTH_JWKS_URI: 'https://idp.example/jwks' },
      [
        'AUTH_ISSUER is missing',
        'AUTH_AUDIENCE is missing: without it tokens for any application of your login would be accepted',
      ],
    ],
    [
      'HS256 with a JWKS',
      { ...login, AUTH_ALGORITHMS: 'RS256,HS256' },
      ['AUTH_ALGORITHMS must not hold HS256, HS384 or HS512 with a JWKS'],
    ],
    [
      'RS256 with a shared secret',
      { AUTH_JWT_SECRET: secret, AUTH_ALGORITHMS: 'HS256,RS256' },
      ['AUTH_ALGORITHMS must hold only HS256, HS384 or HS512 with AUTH_JWT_SECRET'],
    ],
    [
      'a signature that the key cannot check',
      { AUTH_PUBLIC_KEY: pem('ec', 'P-256').publicKey, AUTH_ALGORITHMS: 'RS256' },
      ['AUTH_ALGORITHMS holds a signature that the key in AUTH_PUBLIC_KEY cannot check'],
    ],
    [
      'introspection without client',
      { AUTH_INTROSPECTION_URL: 'https://idp.example/introspect' },
      [
        'AUTH_CLIENT_ID is missing while AUTH_INTROSPECTION_URL is set',
        'AUTH_CLIENT_SECRET is missing while AUTH_INTROSPECTION_URL is set',
      ],
    ],
    [
      'introspection with algorithms',
      {
        AUTH_INTROSPECTION_URL: 'https://idp.example/i',
        AUTH_CLIENT_ID: 'id',
        AUTH_CLIENT_SECRET: 'x',
        AUTH_ALGORITHMS: 'RS256',
      },
      ['AUTH_ALGORITHMS has no meaning for opaque tokens'],
    ],
    [
      'a client without introspection',
      { ...login, AUTH_CLIENT_ID: 'id' },
      ['AUTH_CLIENT_ID is used only for introspection'],
    ],
    [
      'Redis without cache key',
      { REDIS_URL: 'redis://localhost' },
      ['CACHE_KEY is missing: tokens are kept in Redis only encrypted'],
    ],
    [
      'a cache key without Redis',
      { CACHE_KEY: key32.toString('base64') },
      ['REDIS_URL is missing while CACHE_KEY is set'],
    ],
    [
      'a document file that is not used',
      { TRUSTED_DOCUMENTS_FILE: 'documents.json' },
      ['TRUSTED_DOCUMENTS_FILE has no effect while TRUSTED_DOCUMENTS is off'],
    ],
    [
      'a token life that no token reaches',
      { COGNITO_TOKEN_DURATION: '300', COGNITO_MIN_TOKEN_LIFE: '300' },
      [
        'COGNITO_MIN_TOKEN_LIFE must be less than COGNITO_TOKEN_DURATION: no token would ever have that much left',
      ],
    ],
    ['one port for two servers', { METRICS_PORT: '4000' }, ['METRICS_PORT is the same port as PORT']],
    ['one port for API and emulator', { PORT: '9400' }, ['EMULATOR_PORT is the same port as PORT']],
  ])('refuses %s', (_what, environment, expected) => {
    expect(sentences(environment)).toEqual(expected);
  });

  it('reports all problems at once, each with the setting and what to do', () => {
    const environment = { ...aws, AWS_REGION: 'us-east-1', PORT: 'http', COGNITO_TOKEN_DURATON: '900' };
    expect(() => loadConfig(environment)).toThrow(
      [
        '3 settings need attention:',
        '  COGNITO_TOKEN_DURATON is not a setting. Did you mean COGNITO_TOKEN_DURATION? Rename or remove it.',
        '  PORT must be a whole number from 0 to 65535. Correct it, or remove it to use 4000.',
        '  AWS_REGION contradicts COGNITO_IDENTITY_POOL_ID, which begins with another Region. Remove AWS_REGION, or correct whichever is wrong: a pool lives in one Region only.',
      ].join('\n'),
    );
  });
});

describe('unknown names', () => {
  it.each([
    ['COGNITO_POOL_ID', 'COGNITO_IDENTITY_POOL_ID'],
    ['AUTH_JWKS_URL', 'AUTH_JWKS_URI'],
    ['AUTH_SECRET', 'AUTH_JWT_SECRET'],
    ['AUTH_CLOCK_TOLERENCE', 'AUTH_CLOCK_TOLERANCE'],
  ])('refuses %s and names %s', (name, nearest) => {
    expect(problemsOf({ [name]: 'x' })).toEqual([
      { setting: name, problem: 'is not a setting', remedy: `Did you mean ${nearest}? Rename or remove it.` },
    ]);
  });

  it('leaves other names alone', () => {
    expect(sentences({ PATH: '/bin', AWS_PROFILE: 'x', MY_COGNITO_POOL: 'x' })).toEqual([]);
  });

  it('prints a name that holds control characters without them', () => {
    expect(problemsOf({ 'AUTH_\u001b[2J': 'x' })[0]?.setting).toBe('AUTH_??2J');
  });
});

describe('keys of the login', () => {
  it('takes a public key whose line ends are written as \\n, and uses only signatures it can check', () => {
    const text = pem('rsa').publicKey;
    const { auth } = loadConfig({ AUTH_PUBLIC_KEY: text.replaceAll('\n', '\\n') });
    expect(auth).toMatchObject({
      mode: 'jwt',
      keys: { kind: 'publicKey' },
      algorithms: ['RS256', 'PS256'],
      audience: [],
    });
    expect(auth.mode === 'jwt' && auth.keys.kind === 'publicKey' && auth.keys.pem.trim()).toBe(text.trim());
  });

  it.each([
    ['ec', 'P-256', ['ES256']],
    ['ec', 'P-384', ['ES384']],
    ['ec', 'P-521', ['ES512']],
    ['ed25519', '', ['EdDSA']],
  ] as const)('uses the one signature of an %s %s key', (type, curve, algorithms) => {
    expect(loadConfig({ AUTH_PUBLIC_KEY: pem(type, curve).publicKey }).auth).toMatchObject({ algorithms });
  });

  it.each([
    ['a private key', pem('ec', 'P-256').privateKey, 'must be the public key: it holds a private one'],
    ['no PEM', 'MIIB', 'must be a public key in PEM form'],
    [
      'broken PEM',
      '-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----',
      'must be a public key in PEM form that can be read',
    ],
    [
      'a short RSA key',
      pem('rsa', 1024).publicKey,
      'must be an RSA key of at least 2048 bits, an EC key on P-256, P-384 or P-521, or an Ed25519 key',
    ],
    [
      'a curve without signature in JWT',
      pem('ec', 'secp256k1').publicKey,
      'must be an RSA key of at least 2048 bits, an EC key on P-256, P-384 or P-521, or an Ed25519 key',
    ],
  ])('refuses %s as AUTH_PUBLIC_KEY', (_what, text, problem) => {
    expect(sentences({ AUTH_PUBLIC_KEY: text })).toEqual([`AUTH_PUBLIC_KEY ${problem}`]);
  });

  it('takes a shared secret byte for byte, with HS256, HS384 and HS512', () => {
    const { auth } = loadConfig({ AUTH_JWT_SECRET: ` ${secret} ` });
    expect(auth).toMatchObject({
      keys: { kind: 'secret', secret: new TextEncoder().encode(` ${secret} `) },
      algorithms: ['HS256', 'HS384', 'HS512'],
    });
  });

  it('counts the bytes of a secret, not its characters', () => {
    expect(sentences({ AUTH_JWT_SECRET: 'ä'.repeat(16) })).toEqual([]);
    expect(sentences({ AUTH_JWT_SECRET: 'a'.repeat(31) })).toEqual([
      'AUTH_JWT_SECRET must have at least 32 bytes',
    ]);
  });

  it('takes introspection with client, and several audiences', () => {
    const { auth } = loadConfig({
      AUTH_INTROSPECTION_URL: 'https://idp.example/introspect',
      AUTH_CLIENT_ID: 'id',
      AUTH_CLIENT_SECRET: 'client-secret',
      AUTH_AUDIENCE: 'app, other',
    });
    expect(auth).toEqual({
      mode: 'introspection',
      introspectionUrl: 'https://idp.example/introspect',
      clientId: 'id',
      clientSecret: 'client-secret',
      audience: ['app', 'other'],
      userClaim: 'sub',
      adminScope: 'admin',
      clockTolerance: 5,
      maxTokenAge: 86_400,
    });
  });
});
