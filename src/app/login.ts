import type { Authenticator } from '../auth/authenticator.ts';
import type { ClaimOptions } from '../auth/claims.ts';
import { createIntrospectionAuthenticator, createJwtAuthenticator, type KeyOptions } from '../auth/index.ts';
import type { Config, JwtAuthConfig, LoginConfig } from '../config/config.ts';
import type { DemoLogin } from '../demo/demoLogin.ts';
import type { Surroundings } from './surroundings.ts';

/** Who decides who a caller is: this service by its configuration, or the host by what it hands in. */
export type Login = LoginConfig | { readonly mode: 'host'; readonly authenticator: Authenticator };

/** An authenticator that is handed in takes the place of the login of the configuration. Throws `TypeError` when there is neither. */
export function chooseLogin({ auth }: Config, authenticator: Authenticator | undefined): Login {
  if (authenticator !== undefined) return { mode: 'host', authenticator };
  if (auth.mode !== 'host') return auth;
  throw new TypeError('The configuration leaves the login to an authenticator, and none was handed in.');
}

export async function startDemoLogin(
  url: string | undefined,
  { clock, closers }: Surroundings,
): Promise<DemoLogin> {
  const { createDemoLogin } = await import('../demo/demoLogin.ts');
  const demoLogin = createDemoLogin({ clock });
  if (url !== undefined) demoLogin.mount(url);
  else {
    // Its keys are fetched like those of any other login, so it needs an address even where the service has none.
    await demoLogin.listen();
    closers.push(() => demoLogin.close());
  }
  return demoLogin;
}

/** The authenticator of the login that is in force. */
export function createAuthenticator(
  auth: Login,
  { tokens: { principalTags }, limits: { cachedUsers: maxCachedTokens } }: Pick<Config, 'tokens' | 'limits'>,
  demoLogin: DemoLogin | undefined,
  { clock, logger }: Surroundings,
): Authenticator {
  if (auth.mode === 'host') return auth.authenticator;
  const claims: ClaimOptions = {
    userClaim: auth.userClaim,
    adminScope: auth.adminScope,
    clockToleranceSeconds: auth.clockTolerance,
    maxTokenAgeSeconds: auth.maxTokenAge,
    principalTags: Object.entries(principalTags).map(([tag, claim]) => ({ tag, claim })),
  };
  const onProblem = (problem: string | null) =>
    problem === null
      ? logger.info({}, 'The login can be asked again')
      : logger.warn({ problem }, 'The login cannot be asked');
  const common = {
    ...claims,
    maxCachedTokens,
    clock,
    onProblem,
    ...(auth.cookie !== undefined && { cookieName: auth.cookie }),
  };
  if (auth.mode === 'introspection') {
    const { introspectionUrl, clientId, clientSecret, issuer, audience } = auth;
    return createIntrospectionAuthenticator({
      ...common,
      url: introspectionUrl,
      clientId,
      clientSecret,
      issuer,
      ...(audience.length > 0 && { audience }),
    });
  }
  if (demoLogin !== undefined) {
    const { issuer, audience } = demoLogin;
    return createJwtAuthenticator({ ...common, issuer, audience, keys: { kind: 'jwks' } });
  }
  const { issuer, audience, algorithms, tokenType, keys } = auth as JwtAuthConfig;
  return createJwtAuthenticator({
    ...common,
    issuer,
    audience,
    algorithms,
    ...(tokenType !== undefined && { tokenType }),
    keys: keyOptionsOf(keys),
  });
}

function keyOptionsOf(keys: JwtAuthConfig['keys']): KeyOptions {
  switch (keys.kind) {
    case 'discovery':
      return { kind: 'jwks' };
    case 'publicKey':
      return { kind: 'publicKey', key: keys.pem };
    default:
      return keys;
  }
}
