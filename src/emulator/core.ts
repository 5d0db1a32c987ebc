import type { Clock } from '../lib/clock.ts';
import { type CognitoService, createCognitoService } from './cognitoService.ts';
import { createIdentityStore } from './identityStore.ts';
import { lenientRules } from './lenient.ts';
import { lenientRoles } from './lenientRoles.ts';
import { createOpenIdTokens, type OpenIdTokens } from './openIdToken.ts';
import { createHandlers } from './operations/index.ts';
import type { ResolvedOptions } from './options.ts';
import { createPageTokens } from './pageTokens.ts';
import type { OpenIdTokenVerification, QueryServices } from './protocols/queryOperation.ts';
import { createPublicLogins } from './publicLogins.ts';
import { loadSecrets } from './secrets.ts';
import type { Services } from './services.ts';
import { createSigningKeys } from './signingKeys.ts';
import type { KeyValueStore } from './store/keyValue.ts';
import { createStoredRoles } from './storedRoles.ts';
import { createSessions } from './sts/sessions.ts';
import type { UserPoolUsers } from './userPoolUsers.ts';

/** Everything that lives on one store: Cognito, and what STS and IAM work on. */
export interface Core {
  readonly services: Services;
  readonly cognito: CognitoService;
  readonly queryServices: QueryServices;
}

/** @param url the address bound, once there is one */
export async function createCore(
  settings: ResolvedOptions,
  clock: Clock,
  keyValue: KeyValueStore,
  userPoolUsers: UserPoolUsers,
  url: () => string | undefined,
): Promise<Core> {
  const secrets = await loadSecrets(keyValue);
  const keys = createSigningKeys({
    region: settings.region,
    leadingZero: settings.leadingZeroInModulus,
    storage: secrets.signingKeys,
  });
  const tokens = createOpenIdTokens({
    keys,
    clock,
    accountId: settings.accountId,
    issuer: () => (settings.issuer === 'self' ? url() : settings.issuer),
  });
  const roles = createStoredRoles(keyValue);
  const services: Services = {
    accountId: settings.accountId,
    lenient: settings.lenient,
    choices: settings.choices,
    clock,
    keys,
    tokens,
    store: createIdentityStore(keyValue),
    pageTokens: createPageTokens(secrets.pageTokenKey),
    publicLogins: createPublicLogins({
      clock,
      openIdProviders: settings.openIdProviders,
      opaqueTokens: settings.opaqueTokens,
      anyOpaqueToken: settings.lenient,
      userPoolUsers,
    }),
    roles: settings.lenient ? lenientRoles(roles) : roles,
    sessions: createSessions({ key: secrets.sessionKey }),
  };
  const accessKeys = new Map(
    settings.accessKeys.map(({ accessKeyId, secretAccessKey }) => [accessKeyId, { secretAccessKey }]),
  );
  const queryServices: QueryServices = {
    clock,
    account: settings.accountId,
    roles: services.roles,
    sessions: services.sessions,
    accessKeyOf: (accessKeyId) => accessKeys.get(accessKeyId),
    verifyOpenIdToken: (token) => verifyForSts(tokens, token),
    trustForwardedHost: settings.trustForwardedHost,
    checkSignature: settings.verifySignatures,
  };
  const cognito = createCognitoService({
    handlers: createHandlers(services),
    signatures: queryServices,
    ...(settings.lenient && { anyRegion: true, ...lenientRules(services) }),
  });
  return { services, cognito, queryServices };
}

async function verifyForSts(tokens: OpenIdTokens, token: string): Promise<OpenIdTokenVerification> {
  const verdict = await tokens.verify(token);
  if (!verdict.ok) return verdict;
  const { sub, aud, amr, 'https://aws.amazon.com/tags': tags } = verdict.claims;
  return {
    ok: true,
    claims: {
      subject: sub,
      audience: aud,
      amr,
      ...(tags && {
        principalTags: Object.fromEntries(
          Object.entries(tags.principal_tags).map(([key, [value = '']]) => [key, value]),
        ),
      }),
    },
  };
}
