import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ConfigError } from '../../../src/config/config.ts';
import { configWarnings, describeConfig } from '../../../src/config/describeConfig.ts';
import { type Environment, loadConfig } from '../../../src/config/loadConfig.ts';
import { type Setting, settingNames, settings } from '../../../src/config/settings.ts';
import { settingsHelp, settingsMarkdown } from '../../../src/config/settingsTable.ts';
import { aws, examples, hex, login, long, opaque, pool } from './settingExamples.ts';

function problemsOf(environment: Environment): readonly string[] {
  try {
    loadConfig(environment);
    return [];
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return error.problems.map(({ setting, problem }) => `${setting} ${problem}`);
  }
}

describe.each(settingNames)('%s', (name) => {
  const { good, bad, rule, beside, read } = examples[name];

  it.each(good)('takes %s', (text, value) => {
    expect(read(loadConfig({ ...beside, [name]: text }))).toEqual(value);
  });

  it.each(bad)('refuses %j and says what it must be', (text) => {
    expect(problemsOf({ ...beside, [name]: text })).toContain(`${name} ${rule}`);
  });
});

describe('rules that go further than the form', () => {
  it.each([
    ['CORS_ORIGINS', '*', 'must name each origin in full: a wildcard is refused'],
    ['CORS_ORIGINS', 'https://*.example.com', 'must name each origin in full: a wildcard is refused'],
    ['CORS_ORIGINS', 'null', 'must not hold the origin null, which any sandboxed page has'],
    ['TRUSTED_PROXIES', '0.0.0.0/0', 'must not hold every address: then anybody could say to be anybody'],
    ['TRUSTED_PROXIES', '::/0', 'must not hold every address: then anybody could say to be anybody'],
    ['PRINCIPAL_TAGS', 'a=x,A=y', 'must name each tag once, whatever its case'],
    [
      'PRINCIPAL_TAGS',
      'aws:x=y',
      'must use tag names of 1 to 128 letters, digits, spaces and _ . : / + - @, not beginning with aws:',
    ],
    [
      'PRINCIPAL_TAGS',
      Array.from({ length: 51 }, (_, index) => `t${index}=c`).join(','),
      'must hold at most 50 tags',
    ],
  ])('%s refuses %s', (name, text, rule) => {
    expect(problemsOf({ [name]: text })).toEqual([`${name} ${rule}`]);
  });

  it('refuses an address that holds a password', () => {
    expect(problemsOf({ ...login, AUTH_JWKS_URI: 'https://user:pass@idp.example' })).toEqual([
      'AUTH_JWKS_URI must not hold a user name or password',
    ]);
  });

  it('gives headers more time than an idle connection has', () => {
    expect(loadConfig({ KEEP_ALIVE_TIMEOUT: '90s' }).http).toMatchObject({
      keepAliveTimeoutMs: 90_000,
      headersTimeoutMs: 95_000,
    });
    expect(problemsOf({ KEEP_ALIVE_TIMEOUT: '90s', HEADERS_TIMEOUT: '90s' })).toEqual([
      'HEADERS_TIMEOUT must be longer than KEEP_ALIVE_TIMEOUT',
    ]);
  });

  it('refuses a type of tokens that have none', () => {
    expect(problemsOf({ ...aws, ...opaque, AUTH_TOKEN_TYPE: 'at+jwt' })).toEqual([
      'AUTH_TOKEN_TYPE has no meaning for opaque tokens',
    ]);
  });

  it('halves the least remaining life for tokens under ten minutes', () => {
    expect(loadConfig({ COGNITO_TOKEN_DURATION: '61' }).tokens.minTokenLife).toBe(30);
  });

  it('opens the demo login to other machines only when that was asked for by name', () => {
    expect(loadConfig({ HOST: '0.0.0.0', DEMO_LOGIN: 'true' }).http.host).toBe('0.0.0.0');
  });
});

describe('secrets', () => {
  const secretNames = settingNames.filter((name) => settings[name].secret);

  it('are the settings that would let somebody in', () => {
    expect(secretNames).toEqual([
      'AUTH_JWT_SECRET',
      'AUTH_CLIENT_SECRET',
      'USER_ID_HMAC_KEY',
      'REDIS_URL',
      'CACHE_KEY',
    ]);
  });

  it('never appear in the error, whichever settings hold them and whatever else is wrong', () => {
    const value = fc.string({ minLength: 0, maxLength: 60, unit: 'grapheme' }).map((text) => `S3cr3t${text}`);
    const environments = fc.dictionary(fc.constantFrom(...settingNames, 'AUTH_TYPO'), value, { minKeys: 1 });
    fc.assert(
      fc.property(environments, (environment) => {
        try {
          loadConfig(environment);
        } catch (error) {
          expect(error).toBeInstanceOf(ConfigError);
          expect(String(error)).not.toContain('S3cr3t');
          expect(JSON.stringify((error as ConfigError).problems)).not.toContain('S3cr3t');
        }
      }),
      { numRuns: 500 },
    );
  });

  it('never appear in the description for the log', () => {
    const config = loadConfig({
      ...aws,
      ...opaque,
      USER_ID_HMAC_KEY: long,
      REDIS_URL: 'redis://:redis-password@redis.example',
      CACHE_KEY: `key-id:${hex}`,
      PRINCIPAL_TAGS: 'tenant=tid',
    });
    const text = JSON.stringify(describeConfig(config));
    for (const hidden of ['client-secret', long, 'redis-password', hex, '[120,120']) {
      expect(text).not.toContain(hidden);
    }
    expect(describeConfig(config)).toMatchObject({
      cognito: { mode: 'aws', identityPoolId: pool, region: 'eu-west-1' },
      login: { mode: 'introspection', audience: 'not checked', introspectionHost: 'i.example' },
      userIdsHashed: true,
      redis: { cacheKeyIds: ['key-id'] },
      principalTags: ['tenant'],
    });
  });
});

describe('warnings', () => {
  it('name the embedded Cognito and the demo login', () => {
    expect(configWarnings(loadConfig({}))).toEqual([
      'The embedded Cognito is used (for trials): its credentials open nothing at AWS.',
      'The demo login is used (for trials): it gives a token for any user name.',
    ]);
  });

  it('name an audience that is not checked, and nothing where all is well', () => {
    expect(configWarnings(loadConfig({ ...aws, AUTH_JWT_SECRET: long }))).toEqual([
      'AUTH_AUDIENCE is not set: tokens of your login for other applications are accepted, too.',
    ]);
    expect(configWarnings(loadConfig({ ...aws, ...login }))).toEqual([]);
  });
});

describe('documentation', () => {
  it('lists every setting with default and meaning, as a table and as help', () => {
    const rows = settingsMarkdown().split('\n');
    expect(rows).toHaveLength(settingNames.length + 2);
    expect(rows).toContain('| `COGNITO_TOKEN_DURATION` | 900 | seconds an OpenID token lives, 60 to 86400 |');
    for (const name of settingNames) expect(settingsHelp()).toContain(`  ${name} (`);
  });

  it('shows a default that the loader really uses', () => {
    for (const [name, { defaultText, shownDefault }] of Object.entries<Setting>(settings)) {
      if (defaultText !== undefined) expect(`${name}=${shownDefault}`).toBe(`${name}=${defaultText}`);
    }
  });
});
