import { regionOfId } from '../lib/partition.ts';
import { type Config, ConfigError, type ConfigProblem, type Endpoints } from './config.ts';
import { loadAuth, loadHostAuth, loginSettings } from './loadAuth.ts';
import { type Loading, present } from './loading.ts';
import { nearestName } from './nearestName.ts';
import { type Setting, type SettingValues, settingNames, settings } from './settings.ts';

export type Environment = Readonly<Record<string, string | undefined>>;

export interface LoadOptions {
  /**
   * `host`: the login is an `Authenticator` that is handed to `createApp`. Names that begin with `AUTH_` are then the host's own, and
   * nothing here looks at them. Default: the settings describe the login.
   */
  readonly authenticator?: 'settings' | 'host';
}

/**
 * The settings as one checked value.
 *
 * @throws ConfigError with every problem at once; it names settings and rules and never repeats a value.
 */
export function loadConfig(
  environment: Environment,
  { authenticator = 'settings' }: LoadOptions = {},
): Config {
  const problems: ConfigProblem[] = [];
  const report = (setting: string, problem: string, remedy: string) => {
    problems.push({ setting, problem, remedy });
  };
  const ours = authenticator === 'host' ? withoutLogin(environment) : environment;
  reportUnknownNames(ours, report);
  const loading = parseValues(ours, report);
  const config = assemble(loading, authenticator);
  if (problems.length > 0) throw new ConfigError(problems);
  return config;
}

const withoutLogin = (environment: Environment): Environment =>
  Object.fromEntries(Object.entries(environment).filter(([name]) => !name.startsWith('AUTH_')));

function reportUnknownNames(environment: Environment, report: Loading['report']): void {
  for (const name of Object.keys(environment)) {
    if (!/^(COGNITO|AUTH)_/.test(name) || Object.hasOwn(settings, name)) continue;
    report(
      printable(name),
      'is not a setting',
      `Did you mean ${nearestName(name, settingNames)}? Rename or remove it.`,
    );
  }
}

const printable = (name: string) => name.replaceAll(/[^\w.-]/g, '?').slice(0, 100);

function parseValues(environment: Environment, report: Loading['report']): Loading {
  const values: Record<string, unknown> = {};
  const given = new Set<string>();
  const bad = new Set<string>();
  for (const [name, { schema, defaultText, secret }] of Object.entries<Setting>(settings)) {
    const raw = environment[name] ?? '';
    // Spaces may belong to a secret.
    const text = raw.trim() === '' ? undefined : secret ? raw : raw.trim();
    if (text !== undefined) given.add(name);
    const result = schema.safeParse(text ?? defaultText ?? '');
    if (result.success) {
      values[name] = text === undefined && defaultText === undefined ? undefined : result.data;
    } else if (text !== undefined) {
      bad.add(name);
      report(name, result.error.issues[0]?.message ?? 'is not valid', remedyFor(name, defaultText));
    }
  }
  return {
    values: values as SettingValues,
    has: (name) => given.has(name),
    good: (name) => given.has(name) && !bad.has(name),
    report,
  };
}

function remedyFor(name: string, defaultText: string | undefined): string {
  return defaultText === undefined
    ? `Correct ${name} or remove it.`
    : `Correct it, or remove it to use ${defaultText}.`;
}

function assemble(loading: Loading, authenticator: LoadOptions['authenticator']): Config {
  const { values } = loading;
  const production =
    loading.has('NODE_ENV') && values.NODE_ENV !== 'development' && values.NODE_ENV !== 'test';
  const cognito = loadCognito(loading, production);
  const auth = authenticator === 'host' ? loadHostAuth(loading) : loadAuth(loading, production);
  checkPorts(loading, cognito.mode);
  if (auth.mode === 'demo') checkDemoHost(loading);
  const redis = loadRedis(loading);
  return {
    environment: production ? 'production' : 'development',
    http: {
      host: values.HOST,
      port: values.PORT,
      ...present('metricsPort', values.METRICS_PORT),
      corsOrigins: values.CORS_ORIGINS ?? [],
      trustedProxies: values.TRUSTED_PROXIES ?? [],
      bodyLimitBytes: values.BODY_LIMIT,
      ...loadTimeouts(loading),
      shutdownGraceMs: values.SHUTDOWN_GRACE,
    },
    cognito,
    tokens: {
      tokenDuration: values.COGNITO_TOKEN_DURATION,
      minTokenLife: loadMinTokenLife(loading),
      ...present('userIdHmacKey', values.USER_ID_HMAC_KEY),
      principalTags: values.PRINCIPAL_TAGS ?? {},
      awsCredentialsField: values.AWS_CREDENTIALS_FIELD,
    },
    auth,
    limits: {
      cognitoRequestsPerSecond: values.COGNITO_REQUESTS_PER_SECOND,
      userRequestsPerMinute: values.USER_REQUESTS_PER_MINUTE,
      cachedUsers: values.CACHED_USERS,
    },
    ...present('redis', redis),
    documents: loadDocuments(loading, production),
    telemetry: { logLevel: values.LOG_LEVEL, ...present('auditFile', values.AUDIT_FILE) },
  };
}

/** Node ends a connection whose headers are late: if that came before an idle one is given up, a reused one would be cut off. */
function loadTimeouts({ values, report }: Loading) {
  const keepAliveTimeoutMs = values.KEEP_ALIVE_TIMEOUT;
  const headersTimeoutMs = values.HEADERS_TIMEOUT ?? keepAliveTimeoutMs + 5_000;
  if (headersTimeoutMs <= keepAliveTimeoutMs) {
    report(
      'HEADERS_TIMEOUT',
      'must be longer than KEEP_ALIVE_TIMEOUT',
      'Remove it, or set it to some seconds more.',
    );
  }
  return { keepAliveTimeoutMs, headersTimeoutMs, requestTimeoutMs: values.REQUEST_TIMEOUT };
}

function loadCognito(loading: Loading, production: boolean): Config['cognito'] {
  const { values, has, report } = loading;
  const wanted = values.EMBEDDED_COGNITO;
  if (wanted === true && has('COGNITO_IDENTITY_POOL_ID')) {
    report(
      'EMBEDDED_COGNITO',
      'contradicts COGNITO_IDENTITY_POOL_ID: the embedded Cognito makes its own pool',
      'Remove one of the two.',
    );
  }
  if (!has('COGNITO_IDENTITY_POOL_ID') && (wanted ?? !production)) return loadEmbedded(loading);

  const needed = ['COGNITO_IDENTITY_POOL_ID', 'COGNITO_DEVELOPER_PROVIDER_NAME'] as const;
  for (const name of needed) {
    if (has(name)) continue;
    const other = has('COGNITO_IDENTITY_POOL_ID') ? '' : ', or EMBEDDED_COGNITO=true for a trial without AWS';
    report(
      name,
      'is missing',
      `Set it to ${settings[name].meaning.split(';')[0]} (\`cognito-graphql pool create\` makes one)${other}.`,
    );
  }
  return {
    mode: 'aws',
    identityPoolId: values.COGNITO_IDENTITY_POOL_ID ?? '',
    developerProviderName: values.COGNITO_DEVELOPER_PROVIDER_NAME ?? '',
    region: loadRegion(loading),
    endpoints: loadEndpoints(values),
  };
}

function loadEmbedded({ values, has, report }: Loading): Config['cognito'] {
  for (const name of [
    'AWS_ENDPOINT_URL_COGNITO_IDENTITY',
    'AWS_ENDPOINT_URL_STS',
    'AWS_ENDPOINT_URL_IAM',
  ] as const) {
    if (!has(name)) continue;
    report(
      name,
      'is set while the embedded Cognito is used, which has an address of its own',
      'Set COGNITO_IDENTITY_POOL_ID to the pool behind that address, or remove the address.',
    );
  }
  return {
    mode: 'embedded',
    port: values.EMULATOR_PORT,
    region: values.AWS_REGION ?? 'us-east-1',
    developerProviderName: values.COGNITO_DEVELOPER_PROVIDER_NAME ?? 'login.demo',
  };
}

function loadRegion({ values, good, report }: Loading): string {
  const ofPool = regionOfId(values.COGNITO_IDENTITY_POOL_ID ?? '') ?? '';
  if (good('AWS_REGION') && good('COGNITO_IDENTITY_POOL_ID') && values.AWS_REGION !== ofPool) {
    report(
      'AWS_REGION',
      'contradicts COGNITO_IDENTITY_POOL_ID, which begins with another Region',
      'Remove AWS_REGION, or correct whichever is wrong: a pool lives in one Region only.',
    );
  }
  return ofPool;
}

function loadEndpoints(values: SettingValues): Endpoints {
  const all = values.AWS_ENDPOINT_URL;
  return {
    ...present('cognitoIdentity', values.AWS_ENDPOINT_URL_COGNITO_IDENTITY ?? all),
    ...present('sts', values.AWS_ENDPOINT_URL_STS ?? all),
    ...present('iam', values.AWS_ENDPOINT_URL_IAM ?? all),
  };
}

function loadMinTokenLife({ values, has, good, report }: Loading): number {
  const tokenDuration = values.COGNITO_TOKEN_DURATION;
  if (!has('COGNITO_MIN_TOKEN_LIFE')) return Math.min(300, Math.floor(tokenDuration / 2));
  const minTokenLife = values.COGNITO_MIN_TOKEN_LIFE ?? 0;
  if (good('COGNITO_MIN_TOKEN_LIFE') && minTokenLife >= tokenDuration) {
    report(
      'COGNITO_MIN_TOKEN_LIFE',
      'must be less than COGNITO_TOKEN_DURATION: no token would ever have that much left',
      'Lower it, or remove it.',
    );
  }
  return minTokenLife;
}

function loadRedis({ values, has, report }: Loading): Config['redis'] {
  if (has('REDIS_URL') && !has('CACHE_KEY')) {
    report(
      'CACHE_KEY',
      'is missing: tokens are kept in Redis only encrypted',
      'Set it to the output of `openssl rand -base64 32`, the same for every replica.',
    );
  }
  if (has('CACHE_KEY') && !has('REDIS_URL')) {
    report('REDIS_URL', 'is missing while CACHE_KEY is set', 'Set REDIS_URL, or remove CACHE_KEY.');
  }
  const { REDIS_URL: url, CACHE_KEY: cacheKeys } = values;
  return url === undefined || cacheKeys === undefined ? undefined : { url, cacheKeys };
}

function loadDocuments({ values, has, report }: Loading, production: boolean): Config['documents'] {
  if (has('TRUSTED_DOCUMENTS_FILE') && values.TRUSTED_DOCUMENTS === 'off') {
    report(
      'TRUSTED_DOCUMENTS_FILE',
      'has no effect while TRUSTED_DOCUMENTS is off',
      'Set TRUSTED_DOCUMENTS=only, or remove the file.',
    );
  }
  return {
    trustedDocuments: values.TRUSTED_DOCUMENTS,
    ...present('trustedDocumentsFile', values.TRUSTED_DOCUMENTS_FILE),
    introspection: values.INTROSPECTION ?? !production,
  };
}

function checkPorts({ values, report }: Loading, mode: Config['cognito']['mode']): void {
  const used = new Map([[values.PORT, 'PORT']]);
  const others = [
    ['METRICS_PORT', values.METRICS_PORT],
    ['EMULATOR_PORT', mode === 'embedded' ? values.EMULATOR_PORT : undefined],
  ] as const;
  for (const [name, port] of others) {
    if (port === undefined || port === 0) continue;
    const taken = used.get(port);
    if (taken !== undefined) report(name, `is the same port as ${taken}`, 'Give each a port of its own.');
    used.set(port, name);
  }
}

/** Whoever reaches the demo login gets a token for any user, so only this machine may, unless that was asked for by name. */
function checkDemoHost({ values, has, good, report }: Loading): void {
  const loopback = /^(localhost|127(\.\d{1,3}){3}|::1)$/.test(values.HOST ?? '');
  if (!good('HOST') || loopback || values.DEMO_LOGIN === true || has('DEMO_LOGIN')) return;
  report(
    'HOST',
    'opens the demo login, which gives anybody a token, to other machines',
    `Set your own login (${loginSettings.slice(0, 2).join(', ')}), use a loopback address, or set DEMO_LOGIN=true if that is wanted.`,
  );
}
