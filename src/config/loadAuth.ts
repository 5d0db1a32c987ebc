import type { AuthCommon, HostAuthConfig, JwtKeys, LoginConfig } from './config.ts';
import { type Loading, present } from './loading.ts';
import { secretAlgorithms } from './parsers.ts';
import type { SettingName } from './settings.ts';

/** Settings that only make sense with the team's own login. One of them is enough to switch the demo login off. */
export const loginSettings = [
  'AUTH_ISSUER',
  'AUTH_AUDIENCE',
  'AUTH_JWKS_URI',
  'AUTH_PUBLIC_KEY',
  'AUTH_JWT_SECRET',
  'AUTH_ALGORITHMS',
  'AUTH_TOKEN_TYPE',
  'AUTH_INTROSPECTION_URL',
  'AUTH_CLIENT_ID',
  'AUTH_CLIENT_SECRET',
] as const satisfies readonly SettingName[];

const kinds = ['AUTH_JWKS_URI', 'AUTH_PUBLIC_KEY', 'AUTH_JWT_SECRET', 'AUTH_INTROSPECTION_URL'] as const;

const defaultJwksAlgorithms: readonly string[] = ['RS256', 'ES256', 'PS256', 'EdDSA'];

/** A host with a login of its own, which no setting describes. */
export function loadHostAuth({ values, report }: Loading): HostAuthConfig {
  if (values.DEMO_LOGIN === true) {
    report('DEMO_LOGIN', 'contradicts the authenticator of the host', 'Remove DEMO_LOGIN.');
  }
  return { mode: 'host' };
}

/** How callers prove who they are. Problems are reported; what is returned is used only when there are none. */
export function loadAuth(loading: Loading, production: boolean): LoginConfig {
  const { values, has, report } = loading;
  const common = loadCommon(loading);
  const given = loginSettings.filter(has);
  if (values.DEMO_LOGIN === true && given.length > 0) {
    report(
      'DEMO_LOGIN',
      `contradicts ${given[0]}: the demo login believes every user name`,
      'Remove DEMO_LOGIN, or every setting of your own login.',
    );
  }
  if (given.length === 0 && (values.DEMO_LOGIN ?? !production)) return { mode: 'demo', ...common };

  const chosen = kinds.filter(has);
  if (chosen.length > 1) {
    report(
      chosen[0] ?? '',
      `cannot be combined with ${chosen.slice(1).join(' and ')}: tokens are checked in exactly one way`,
      'Keep the one that your login needs.',
    );
  }
  if (given.length === 0) {
    report(
      'AUTH_ISSUER',
      'is missing, as is every other setting of your login',
      'Set AUTH_ISSUER and AUTH_AUDIENCE (keys are then found by discovery), or DEMO_LOGIN=true for a trial.',
    );
    return { mode: 'demo', ...common };
  }
  requireSecureAddresses(loading, production);
  return has('AUTH_INTROSPECTION_URL') ? loadIntrospection(loading, common) : loadJwt(loading, common);
}

function loadCommon({ values }: Loading): AuthCommon {
  return {
    ...present('cookie', values.AUTH_COOKIE),
    userClaim: values.AUTH_USER_CLAIM,
    adminScope: values.AUTH_ADMIN_SCOPE,
    clockTolerance: values.AUTH_CLOCK_TOLERANCE,
    maxTokenAge: values.AUTH_MAX_TOKEN_AGE,
  };
}

function loadJwt(loading: Loading, common: AuthCommon): LoginConfig {
  const { values, has, report } = loading;
  const keys = loadKeys(loading);
  const remote = keys.kind === 'jwks' || keys.kind === 'discovery';
  if (remote && !has('AUTH_ISSUER')) {
    report('AUTH_ISSUER', 'is missing', 'Set it to the exact `iss` of the tokens of your login.');
  }
  if (remote && !has('AUTH_AUDIENCE')) {
    report(
      'AUTH_AUDIENCE',
      'is missing: without it tokens for any application of your login would be accepted',
      'Set it to the `aud` of the tokens that are meant for this service.',
    );
  }
  for (const name of ['AUTH_CLIENT_ID', 'AUTH_CLIENT_SECRET'] as const) {
    if (has(name)) {
      report(name, 'is used only for introspection', `Set AUTH_INTROSPECTION_URL, or remove ${name}.`);
    }
  }
  return {
    mode: 'jwt',
    ...common,
    keys,
    ...present('issuer', values.AUTH_ISSUER),
    audience: values.AUTH_AUDIENCE ?? [],
    algorithms: loadAlgorithms(loading, keys),
    ...present('tokenType', values.AUTH_TOKEN_TYPE),
  };
}

function loadKeys({ values, has }: Loading): JwtKeys {
  if (has('AUTH_JWKS_URI')) return { kind: 'jwks', uri: values.AUTH_JWKS_URI ?? '' };
  if (has('AUTH_PUBLIC_KEY')) return { kind: 'publicKey', pem: values.AUTH_PUBLIC_KEY?.pem ?? '' };
  if (has('AUTH_JWT_SECRET')) {
    return { kind: 'secret', secret: values.AUTH_JWT_SECRET ?? new Uint8Array() };
  }
  return { kind: 'discovery' };
}

/**
 * The configuration, never the token, chooses how a token is checked. A list that mixes shared secrets with public keys would let
 * anybody sign with the public key as the secret.
 */
function loadAlgorithms({ values, report }: Loading, keys: JwtKeys): readonly string[] {
  const given = values.AUTH_ALGORITHMS;
  const ofKey = values.AUTH_PUBLIC_KEY?.algorithms ?? [];
  switch (keys.kind) {
    case 'secret':
      if (given?.some((algorithm) => !secretAlgorithms.includes(algorithm))) {
        report(
          'AUTH_ALGORITHMS',
          'must hold only HS256, HS384 or HS512 with AUTH_JWT_SECRET',
          'Remove the others, or use AUTH_JWKS_URI or AUTH_PUBLIC_KEY for them.',
        );
      }
      return given ?? secretAlgorithms;
    case 'publicKey':
      if (ofKey.length > 0 && given?.some((algorithm) => !ofKey.includes(algorithm))) {
        report(
          'AUTH_ALGORITHMS',
          'holds a signature that the key in AUTH_PUBLIC_KEY cannot check',
          `Keep only those of ${ofKey.join(', ')} that your login uses.`,
        );
      }
      return given ?? (ofKey.includes('RS256') ? ['RS256', 'PS256'] : ofKey);
    default:
      if (given?.some((algorithm) => secretAlgorithms.includes(algorithm))) {
        report(
          'AUTH_ALGORITHMS',
          'must not hold HS256, HS384 or HS512 with a JWKS',
          'Remove them, or use AUTH_JWT_SECRET if your login signs with a shared secret.',
        );
      }
      return given ?? defaultJwksAlgorithms;
  }
}

function loadIntrospection({ values, has, report }: Loading, common: AuthCommon): LoginConfig {
  for (const name of ['AUTH_CLIENT_ID', 'AUTH_CLIENT_SECRET'] as const) {
    if (!has(name)) {
      report(
        name,
        'is missing while AUTH_INTROSPECTION_URL is set',
        'Set what your login gave this service.',
      );
    }
  }
  for (const name of ['AUTH_ALGORITHMS', 'AUTH_TOKEN_TYPE'] as const) {
    if (has(name)) {
      report(name, 'has no meaning for opaque tokens', 'Remove it, or remove AUTH_INTROSPECTION_URL.');
    }
  }
  return {
    mode: 'introspection',
    ...common,
    introspectionUrl: values.AUTH_INTROSPECTION_URL ?? '',
    clientId: values.AUTH_CLIENT_ID ?? '',
    clientSecret: values.AUTH_CLIENT_SECRET ?? '',
    ...present('issuer', values.AUTH_ISSUER),
    audience: values.AUTH_AUDIENCE ?? [],
  };
}

/** Over plain http anybody on the way could put in keys of their own. Loopback has no way. */
function requireSecureAddresses({ values, good, report }: Loading, production: boolean): void {
  if (!production) return;
  for (const name of ['AUTH_ISSUER', 'AUTH_JWKS_URI', 'AUTH_INTROSPECTION_URL'] as const) {
    if (!good(name)) continue;
    const { protocol, hostname } = new URL(values[name] ?? '');
    if (protocol === 'https:' || /^(localhost|127(\.\d{1,3}){3}|\[::1\])$/.test(hostname)) continue;
    // The issuer is only a name unless keys are found through it.
    if (name === 'AUTH_ISSUER' && kinds.some(good)) continue;
    report(name, 'must begin with https:// in production', 'Use the https address of your login.');
  }
}
