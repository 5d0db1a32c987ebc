import {
  DescribeIdentityCommand,
  GetCredentialsForIdentityCommand,
  GetIdCommand,
  GetOpenIdTokenCommand,
  GetOpenIdTokenForDeveloperIdentityCommand,
  GetPrincipalTagAttributeMapCommand,
  SetIdentityPoolRolesCommand,
  SetPrincipalTagAttributeMapCommand,
  UnlinkDeveloperIdentityCommand,
  UnlinkIdentityCommand,
} from '@aws-sdk/client-cognito-identity';
import { GetCallerIdentityCommand, STSClient } from '@aws-sdk/client-sts';
import { decodeJwt, type JWTPayload } from 'jose';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type OpenIdIssuer, startIssuer } from './openIdIssuer.ts';
import {
  createPool,
  createPoolWithRoles,
  createRole,
  provider as developerProvider,
  developerToken,
  failure,
  type Running,
  start,
  trustPolicy,
} from './support.ts';

const facebook = 'graph.facebook.com';
let running: Running;
let issuer: OpenIdIssuer;
let arn: string;
let poolId: string;
let count = 0;
const newUser = () => `user-${++count}`;

beforeAll(async () => {
  issuer = await startIssuer('/realm');
  arn = `arn:aws:iam::000000000000:oidc-provider/${issuer.provider}`;
  running = await start({
    opaqueTokens: { [facebook]: 'fb-(\\w+)' },
    openIdProviders: { [issuer.provider]: { clientIds: ['app'] } },
  });
  poolId = await createPoolWithRoles(running, {
    OpenIdConnectProviderARNs: [arn],
    SupportedLoginProviders: { [facebook]: '1234567890' },
  });
});
afterAll(async () => {
  issuer.close();
  await running.emulator.close();
});

const oidc = async (subject: string, claims: JWTPayload = {}) => ({
  [issuer.provider]: await issuer.sign({ sub: subject, aud: 'app', ...claims }),
});

async function getId(Logins: Record<string, string>, pool = poolId): Promise<string> {
  const answer = await running.client.send(new GetIdCommand({ IdentityPoolId: pool, Logins }));
  return answer.IdentityId as string;
}

async function linked(user: string, logins: Record<string, string>, IdentityId?: string): Promise<string> {
  const answer = await running.client.send(
    new GetOpenIdTokenForDeveloperIdentityCommand({
      IdentityPoolId: poolId,
      IdentityId,
      Logins: { [developerProvider]: user, ...logins },
    }),
  );
  return answer.IdentityId as string;
}

const describeIdentity = (IdentityId: string) =>
  running.client.send(new DescribeIdentityCommand({ IdentityId }));

async function callerArn(credentials: {
  AccessKeyId?: string | undefined;
  SecretKey?: string | undefined;
  SessionToken?: string | undefined;
}): Promise<string | undefined> {
  const sts = new STSClient({
    endpoint: running.url,
    region: 'us-east-1',
    credentials: {
      accessKeyId: credentials.AccessKeyId as string,
      secretAccessKey: credentials.SecretKey as string,
      sessionToken: credentials.SessionToken as string,
    },
  });
  return (await sts.send(new GetCallerIdentityCommand({}))).Arn;
}

describe('an OpenID login', () => {
  it('is verified by its key set and stands for one identity', async () => {
    const user = newUser();
    const identityId = await getId(await oidc(user));
    expect(await getId(await oidc(user))).toBe(identityId);
    expect(await getId(await oidc(newUser()))).not.toBe(identityId);
    expect((await describeIdentity(identityId)).Logins).toEqual([issuer.provider]);
  });

  it('is written to the token with its provider', async () => {
    const user = newUser();
    const logins = await oidc(user);
    const IdentityId = await getId(logins);
    const answer = await running.client.send(new GetOpenIdTokenCommand({ IdentityId, Logins: logins }));
    const claims = decodeJwt(answer.Token as string);
    expect(claims['amr']).toEqual(['authenticated', issuer.provider, `${arn}:OIDC:${user}`]);
    expect((claims.exp as number) - (claims.iat as number)).toBe(600);
  });

  const refused = async (token: string) => failure(getId({ [issuer.provider]: token }));

  it('is refused in AWS words', async () => {
    const claims = { sub: 'x', aud: 'app' };
    const notAuthorized = (message: string) => ({ name: 'NotAuthorizedException', message });
    expect(await refused(await issuer.sign(claims, { key: 'foreign' }))).toEqual(
      notAuthorized("Invalid login token. Couldn't verify signed token."),
    );
    expect(await refused(await issuer.sign(claims, { issuer: 'https://other.example' }))).toEqual(
      notAuthorized("Invalid login token. Issuer doesn't match providerName"),
    );
    expect(await refused(await issuer.sign({ sub: 'x' }))).toEqual(
      notAuthorized('Invalid login token. Missing a required claim: aud'),
    );
    expect(await refused(await issuer.sign({ ...claims, aud: 'other' }))).toEqual(
      notAuthorized('Invalid login token. Incorrect token audience.'),
    );
    expect(await refused(await issuer.sign({ aud: 'app' }))).toEqual(
      notAuthorized('Invalid login token. Missing a required claim: sub'),
    );
    expect(await refused(await issuer.sign(claims, { expiresIn: null }))).toEqual(
      notAuthorized('Invalid login token. Missing a required claim: exp'),
    );
    expect((await refused(await issuer.sign(claims, { expiresIn: -5 }))).message).toMatch(
      /^Invalid login token\. Token expired: \d+ >= \d+$/,
    );
    expect(await refused('x')).toEqual(
      notAuthorized('Invalid login token. Not a valid OpenId Connect identity token.'),
    );
  });

  it('of a provider that cannot be reached is an external fault', async () => {
    const gone = await startIssuer();
    const pool = await createPool(running, {
      OpenIdConnectProviderARNs: [`arn:aws:iam::000000000000:oidc-provider/${gone.provider}`],
    });
    const token = await gone.sign({ sub: 'x', aud: 'app' });
    gone.close();
    expect((await failure(getId({ [gone.provider]: token }, pool))).name).toBe('ExternalServiceException');
  });
});

describe('a login that is none of the pool', () => {
  it('is refused', async () => {
    expect(await failure(getId({ 'other.example': 'x' }))).toEqual({
      name: 'NotAuthorizedException',
      message: 'Token is not from a supported provider of this identity pool.',
    });
    const bare = await createPool(running);
    expect(await failure(getId({ 'other.example': 'x' }, bare))).toEqual({
      name: 'NotAuthorizedException',
      message: `Identity pool - ${bare} does not have identity providers configured.`,
    });
  });

  it('is the developer provider', async () => {
    expect(await failure(getId({ [developerProvider]: 'alice' }))).toEqual({
      name: 'InvalidParameterException',
      message: 'Please provide a valid public provider',
    });
  });

  it('is a Cognito token in GetId', async () => {
    expect(await failure(getId({ 'cognito-identity.amazonaws.com': 'x' }))).toEqual({
      name: 'NotAuthorizedException',
      message: "Invalid login token. Can't pass in a Cognito token.",
    });
  });
});

describe('an opaque login', () => {
  it('is read by the configured rule', async () => {
    const identityId = await getId({ [facebook]: 'fb-42' });
    expect(await getId({ [facebook]: 'fb-42' })).toBe(identityId);
    expect(await failure(getId({ [facebook]: 'nonsense' }))).toEqual({
      name: 'NotAuthorizedException',
      message: 'Invalid login token.',
    });
  });
});

describe('linking', () => {
  it('joins a new developer user to the identity of a public login sent with it', async () => {
    const logins = await oidc(newUser());
    const identityId = await getId(logins);
    expect(await linked(newUser(), logins)).toBe(identityId);
    expect((await describeIdentity(identityId)).Logins).toEqual([developerProvider, issuer.provider]);
  });

  it('adds a new public login to the identity of a developer user', async () => {
    const user = newUser();
    const { identityId } = await developerToken(running, poolId, user);
    const logins = await oidc(newUser());
    expect(await linked(user, logins)).toBe(identityId);
    expect(await getId(logins)).toBe(identityId);
  });

  it('merges two identities: that of the developer user stays, the other is disabled', async () => {
    const user = newUser();
    const { identityId } = await developerToken(running, poolId, user);
    const logins = await oidc(newUser());
    const lost = await getId(logins);
    expect(await linked(user, logins)).toBe(identityId);
    expect(await getId(logins)).toBe(identityId);
    const refused = await failure(
      running.client.send(new GetOpenIdTokenCommand({ IdentityId: lost, Logins: logins })),
    );
    expect(refused.message).toBe(`Access to Identity '${lost}' is forbidden.`);
  });

  it('refuses two users of one provider on one identity, and changes nothing', async () => {
    const user = newUser();
    const [first, second] = [await oidc(newUser()), await oidc(newUser())];
    const identityId = await linked(user, first);
    const other = await getId(second);
    expect((await failure(linked(user, second))).name).toBe('ResourceConflictException');
    expect((await failure(linked(user, await oidc(newUser())))).name).toBe('ResourceConflictException');
    expect(await getId(first)).toBe(identityId);
    expect(await getId(second)).toBe(other);
  });

  it('to the identity of a public login needs a token of that login', async () => {
    const logins = await oidc(newUser());
    const identityId = await getId(logins);
    const user = newUser();
    expect(await failure(linked(user, {}, identityId))).toEqual({
      name: 'NotAuthorizedException',
      message:
        "Logins don't match. Please include at least one valid login for this identity or identity pool.",
    });
    expect(await linked(user, logins, identityId)).toBe(identityId);
    expect(await linked(user, logins, identityId)).toBe(identityId);
  });

  it('stops at twenty logins', async () => {
    const { identityId } = await developerToken(running, poolId, newUser());
    for (let number = 2; number <= 20; number++) await linked(newUser(), {}, identityId);
    expect((await failure(linked(newUser(), {}, identityId))).name).toBe('InvalidParameterException');
  });

  it('turns a guest into a user, and disables it when the user has an identity already', async () => {
    const guest = (await running.client.send(new GetIdCommand({ IdentityPoolId: poolId })))
      .IdentityId as string;
    const logins = await oidc(newUser());
    const first = await running.client.send(new GetOpenIdTokenCommand({ IdentityId: guest, Logins: logins }));
    expect(first.IdentityId).toBe(guest);
    const second = (await running.client.send(new GetIdCommand({ IdentityPoolId: poolId })))
      .IdentityId as string;
    const again = await running.client.send(
      new GetOpenIdTokenCommand({ IdentityId: second, Logins: logins }),
    );
    expect(again.IdentityId).toBe(guest);
    const refused = await failure(
      running.client.send(new GetCredentialsForIdentityCommand({ IdentityId: second })),
    );
    expect(refused.message).toBe(`Access to Identity '${second}' is forbidden.`);
  });
});

describe('unlinking', () => {
  it('the last login makes the identity inaccessible and the user a new one', async () => {
    const logins = await oidc(newUser());
    const IdentityId = await getId(logins);
    await running.client.send(
      new UnlinkIdentityCommand({ IdentityId, Logins: logins, LoginsToRemove: [issuer.provider] }),
    );
    expect((await describeIdentity(IdentityId)).Logins).toBeUndefined();
    const refused = await failure(
      running.client.send(new GetCredentialsForIdentityCommand({ IdentityId, Logins: logins })),
    );
    expect(refused.message).toBe(`Access to Identity '${IdentityId}' is forbidden.`);
    expect(await getId(logins)).not.toBe(IdentityId);
  });

  it('one of several keeps the others', async () => {
    const user = newUser();
    const logins = await oidc(newUser());
    const IdentityId = await linked(user, logins);
    await running.client.send(
      new UnlinkDeveloperIdentityCommand({
        IdentityPoolId: poolId,
        IdentityId,
        DeveloperProviderName: developerProvider,
        DeveloperUserIdentifier: user,
      }),
    );
    expect(await getId(logins)).toBe(IdentityId);
    expect((await developerToken(running, poolId, user)).identityId).not.toBe(IdentityId);
  });

  it('needs a login of the identity', async () => {
    const IdentityId = await getId(await oidc(newUser()));
    const stranger = await oidc(newUser());
    const refused = await failure(
      running.client.send(
        new UnlinkIdentityCommand({ IdentityId, Logins: stranger, LoginsToRemove: [issuer.provider] }),
      ),
    );
    expect(refused.message).toContain("Logins don't match");
  });
});

describe('role mappings', () => {
  let mapped: string;
  let byRule: string;
  let byToken: string;
  let users: string;

  beforeAll(async () => {
    mapped = await createPool(running, { OpenIdConnectProviderARNs: [arn] });
    [users, byRule, byToken] = (await Promise.all(
      ['mapped-users', 'by-rule', 'by-token'].map((name) => createRole(running, name, trustPolicy(mapped))),
    )) as [string, string, string];
  });

  const map = (mapping: object) =>
    running.client.send(
      new SetIdentityPoolRolesCommand({
        IdentityPoolId: mapped,
        Roles: { authenticated: users },
        RoleMappings: { [issuer.provider]: mapping as never },
      }),
    );

  async function roleFor(claims: JWTPayload, CustomRoleArn?: string): Promise<string | undefined> {
    const logins = await oidc(newUser(), claims);
    const IdentityId = await getId(logins, mapped);
    const answer = await running.client.send(
      new GetCredentialsForIdentityCommand({ IdentityId, Logins: logins, CustomRoleArn }),
    );
    return /assumed-role\/([^/]+)/.exec((await callerArn(answer.Credentials ?? {})) ?? '')?.[1];
  }

  it('of type Token take the preferred role, else the only one, else what ambiguity means', async () => {
    await map({ Type: 'Token', AmbiguousRoleResolution: 'AuthenticatedRole' });
    expect(await roleFor({ 'cognito:preferred_role': byToken, 'cognito:roles': [byRule, byToken] })).toBe(
      'by-token',
    );
    expect(await roleFor({ 'cognito:roles': [byToken] })).toBe('by-token');
    expect(await roleFor({ 'cognito:roles': [byRule, byToken] })).toBe('mapped-users');
    expect(await roleFor({ 'cognito:roles': [byRule, byToken] }, byRule)).toBe('by-rule');
    expect((await failure(roleFor({ 'cognito:roles': [byToken] }, byRule))).message).toBe(
      `Access to Role '${byRule}' is forbidden.`,
    );
    await map({ Type: 'Token', AmbiguousRoleResolution: 'Deny' });
    expect((await failure(roleFor({}))).name).toBe('NotAuthorizedException');
  });

  it.each([
    ['Equals', 'admin', 'admin', 'administrator'],
    ['Contains', 'min', 'admin', 'user'],
    ['StartsWith', 'ad', 'admin', 'bad'],
    ['NotEqual', 'user', 'admin', 'user'],
  ])('of type Rules match by %s', async (MatchType, Value, hit, miss) => {
    await map({
      Type: 'Rules',
      AmbiguousRoleResolution: 'AuthenticatedRole',
      RulesConfiguration: { Rules: [{ Claim: 'group', MatchType, Value, RoleARN: byRule }] },
    });
    expect(await roleFor({ group: hit })).toBe('by-rule');
    expect(await roleFor({ group: miss })).toBe('mapped-users');
    expect(await roleFor({})).toBe('mapped-users');
  });

  it('are refused for providers that the pool does not have', async () => {
    const refused = await failure(
      running.client.send(
        new SetIdentityPoolRolesCommand({
          IdentityPoolId: mapped,
          Roles: {},
          RoleMappings: { 'other.example': { Type: 'Token', AmbiguousRoleResolution: 'Deny' } },
        }),
      ),
    );
    expect(refused).toEqual({
      name: 'InvalidParameterException',
      message: '(other.example) is not a valid RoleMapping ProviderName or is not a configured provider.',
    });
  });

  it('exclude the classic flow and the developer call', async () => {
    await map({ Type: 'Token', AmbiguousRoleResolution: 'AuthenticatedRole' });
    const guest = await running.client.send(new GetIdCommand({ IdentityPoolId: mapped }));
    const { IdentityId } = guest as { IdentityId: string };
    const logins = await oidc(newUser());
    expect(
      await failure(running.client.send(new GetOpenIdTokenCommand({ IdentityId, Logins: logins }))),
    ).toEqual({
      name: 'InvalidParameterException',
      message: 'Basic (classic) flow is not supported with RoleMappings, please use enhanced flow.',
    });
    expect((await describeIdentity(IdentityId)).Logins).toBeUndefined();
    expect(await getId(logins, mapped)).not.toBe(IdentityId);
    expect((await failure(developerToken(running, mapped, 'alice'))).message).toBe(
      'roleMappings are not supported for developer authenticated identities',
    );
  });
});

describe('attributes for access control', () => {
  it('become session tags by the map of the provider', async () => {
    const set = await running.client.send(
      new SetPrincipalTagAttributeMapCommand({
        IdentityPoolId: poolId,
        IdentityProviderName: arn,
        PrincipalTags: { tenant: 'org' },
      }),
    );
    expect(set).toMatchObject({ UseDefaults: false, PrincipalTags: { tenant: 'org' } });
    const got = await running.client.send(
      new GetPrincipalTagAttributeMapCommand({ IdentityPoolId: poolId, IdentityProviderName: arn }),
    );
    expect(got.PrincipalTags).toEqual({ tenant: 'org' });
    const logins = await oidc(newUser(), { org: 'acme' });
    const IdentityId = await getId(logins);
    const answer = await running.client.send(new GetOpenIdTokenCommand({ IdentityId, Logins: logins }));
    expect(decodeJwt(answer.Token as string)['https://aws.amazon.com/tags']).toEqual({
      principal_tags: { tenant: ['acme'] },
    });
  });

  it('need a provider that the pool has', async () => {
    const refused = await failure(
      running.client.send(
        new SetPrincipalTagAttributeMapCommand({ IdentityPoolId: poolId, IdentityProviderName: 'x.example' }),
      ),
    );
    expect(refused).toEqual({
      name: 'InvalidParameterException',
      message: 'Invalid Cognito Identity Provider',
    });
  });
});
