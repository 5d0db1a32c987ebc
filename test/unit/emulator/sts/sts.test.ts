import { AssumeRoleWithWebIdentityCommand, GetCallerIdentityCommand, STSClient } from '@aws-sdk/client-sts';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Role } from '../../../../src/emulator/iam/roleStore.ts';
import type { OpenIdTokenClaims } from '../../../../src/emulator/protocols/queryOperation.ts';
import { type QueryServer, startQueryServer } from '../../../support/queryServer.ts';

const pool = 'us-east-1:11111111-2222-4333-8444-555555555555';
const identity = 'us-east-1:aaaaaaaa-2222-4333-8444-555555555555';
const principal = 'cognito-identity.amazonaws.com';

function trust(changes: { principal?: string; action?: unknown; aud?: string } = {}) {
  const from = changes.principal ?? principal;
  return JSON.stringify({
    Version: '2012-10-17',
    Statement: [
      {
        Effect: 'Allow',
        Principal: { Federated: from },
        Action: changes.action ?? 'sts:AssumeRoleWithWebIdentity',
        Condition: {
          StringEquals: { [`${from}:aud`]: changes.aud ?? pool },
          'ForAnyValue:StringLike': { [`${from}:amr`]: 'authenticated' },
        },
      },
    ],
  });
}

const role: Role = {
  roleName: 'App',
  path: '/team/',
  arn: 'arn:aws:iam::111122223333:role/team/App',
  roleId: 'AROAAAAAAAAAAAAAAAAAA',
  assumeRolePolicyDocument: trust(),
  createdAt: 0,
  maxSessionDuration: 7200,
  inlinePolicies: {},
  attachedPolicyArns: [],
  tags: {},
};
const claims: OpenIdTokenClaims = {
  subject: identity,
  audience: pool,
  amr: ['authenticated', 'login.demo', `login.demo:${pool}:alice`],
};
const token = 'good-token';

let server: QueryServer;
beforeAll(async () => {
  server = await startQueryServer();
});
afterAll(() => server.close());
beforeEach(() => {
  server.setAhead(0);
  server.services.roles.put(role);
  server.tokens.clear();
  server.tokens.set(token, { ok: true, claims });
});

const test = { accessKeyId: 'test', secretAccessKey: 'test' };
function client(
  credentials: { accessKeyId: string; secretAccessKey: string; sessionToken?: string } = test,
  region = 'us-east-1',
) {
  return new STSClient({ region, endpoint: server.url, credentials, maxAttempts: 1 });
}

async function assume(
  changes: Partial<ConstructorParameters<typeof AssumeRoleWithWebIdentityCommand>[0]> = {},
) {
  return client().send(
    new AssumeRoleWithWebIdentityCommand({
      RoleArn: role.arn,
      RoleSessionName: 'demo',
      WebIdentityToken: token,
      ...changes,
    }),
  );
}

async function failure(promise: Promise<unknown>) {
  try {
    await promise;
  } catch (error) {
    const { name, message, $metadata } = error as Error & { $metadata: { httpStatusCode: number } };
    return { name, message, status: $metadata.httpStatusCode };
  }
  throw new Error('The call succeeded.');
}

const denied = {
  name: 'AccessDenied',
  message: 'Not authorized to perform sts:AssumeRoleWithWebIdentity',
  status: 403,
};

function whole(answer: Awaited<ReturnType<typeof assume>>) {
  const { AccessKeyId, SecretAccessKey, SessionToken } = answer.Credentials ?? {};
  if (!AccessKeyId || !SecretAccessKey || !SessionToken) throw new Error('Credentials are missing.');
  return { accessKeyId: AccessKeyId, secretAccessKey: SecretAccessKey, sessionToken: SessionToken };
}

describe('AssumeRoleWithWebIdentity', () => {
  it('answers with credentials whose caller is the assumed role', async () => {
    const before = Math.floor(Date.now() / 1000) * 1000;
    const answer = await assume();
    const after = Date.now();
    expect(answer).toMatchObject({
      SubjectFromWebIdentityToken: identity,
      Audience: pool,
      Provider: principal,
      AssumedRoleUser: {
        Arn: 'arn:aws:sts::111122223333:assumed-role/App/demo',
        AssumedRoleId: 'AROAAAAAAAAAAAAAAAAAA:demo',
      },
    });
    expect(answer.PackedPolicySize).toBeUndefined();
    expect(answer.Credentials?.AccessKeyId).toMatch(/^ASIA[A-Z2-7]{16}$/);
    expect(answer.Credentials?.SecretAccessKey).toHaveLength(40);
    const life = answer.Credentials?.Expiration?.getTime() ?? 0;
    expect(life).toBeGreaterThanOrEqual(before + 3_600_000);
    expect(life).toBeLessThanOrEqual(after + 3_600_000);

    const caller = await client(whole(answer)).send(new GetCallerIdentityCommand({}));
    expect(caller).toMatchObject({
      Arn: 'arn:aws:sts::111122223333:assumed-role/App/demo',
      UserId: 'AROAAAAAAAAAAAAAAAAAA:demo',
      Account: '111122223333',
    });
  });

  it('hands out keys that expire to the second', async () => {
    const answer = await assume({ DurationSeconds: 900 });
    const end = answer.Credentials?.Expiration?.getTime() ?? 0;
    const sessions = server.services.sessions;
    const { accessKeyId, secretAccessKey, sessionToken } = whole(answer);
    expect(sessions.find(accessKeyId, sessionToken, end - 1)).toMatchObject({
      secretAccessKey,
      subject: identity,
      audience: pool,
      tags: {},
    });
    expect(sessions.find(accessKeyId, sessionToken, end)).toBe('expired');
    server.setAhead(901_000);
    expect(await failure(client(whole(answer)).send(new GetCallerIdentityCommand({})))).toEqual({
      name: 'ExpiredToken',
      message: 'The security token included in the request is expired',
      status: 403,
    });
  });

  it.each([
    [
      899,
      "Value '899' at 'durationSeconds' failed to satisfy constraint: Member must have value greater than or equal to 900",
    ],
    [
      43_201,
      "Value '43201' at 'durationSeconds' failed to satisfy constraint: Member must have value less than or equal to 43200",
    ],
  ])('refuses a duration of %i instead of clamping it', async (DurationSeconds, problem) => {
    expect(await failure(assume({ DurationSeconds }))).toEqual({
      name: 'ValidationError',
      message: `1 validation error detected: ${problem}`,
      status: 400,
    });
  });

  it("takes durations up to the role's maximum", async () => {
    await expect(assume({ DurationSeconds: 7200 })).resolves.toBeDefined();
    expect(await failure(assume({ DurationSeconds: 7201 }))).toEqual({
      name: 'ValidationError',
      message: 'The requested DurationSeconds exceeds the MaxSessionDuration set for this role.',
      status: 400,
    });
  });

  it('reports everything that is out of bounds at once, and never the token', async () => {
    const long = 'x'.repeat(20_001);
    const { name, message } = await failure(
      assume({
        RoleSessionName: 'a b',
        WebIdentityToken: long,
        Policy: 'p'.repeat(2049),
        PolicyArns: Array.from({ length: 11 }, () => ({ arn: 'arn:aws:iam::aws:policy/ReadOnlyAccess' })),
      }),
    );
    expect(name).toBe('ValidationError');
    expect(message).toMatch(/^4 validation errors detected: /);
    expect(message).toContain(
      "Value 'a b' at 'roleSessionName' failed to satisfy constraint: Member must satisfy regular expression pattern: [\\w+=,.@-]*",
    );
    expect(message).toContain(
      "Value at 'webIdentityToken' failed to satisfy constraint: Member must have length less than or equal to 20000",
    );
    expect(message).toContain(
      "at 'policyArns' failed to satisfy constraint: Member must have length less than or equal to 10",
    );
    expect(message).not.toContain('xxxx');
  });

  it.each([
    [{ RoleSessionName: 'a' }, 'ValidationError'],
    [{ RoleSessionName: 'ab' }, undefined],
    [{ RoleSessionName: 'a'.repeat(64) }, undefined],
    [{ RoleSessionName: 'a'.repeat(65) }, 'ValidationError'],
    [{ RoleArn: 'arn:aws:iam::1:role/x' }, 'ValidationError'],
    [{ RoleArn: undefined }, 'ValidationError'],
    [{ WebIdentityToken: 'abc' }, 'ValidationError'],
    [{ ProviderId: 'www.amazon.com' }, 'ValidationError'],
    [{ Policy: '{"Statement":[]}' }, undefined],
    [{ Policy: '{' }, 'MalformedPolicyDocumentException'],
    [{ Policy: '' }, 'ValidationError'],
    [{ PolicyArns: [{ arn: 'arn:aws:iam::aws:policy/ReadOnlyAccess' }] }, undefined],
    [{ PolicyArns: [{ arn: 'short' }] }, 'ValidationError'],
  ])('with %j fails with %s', async (changes, expected) => {
    const outcome = await assume(changes).then(
      () => undefined,
      (error) => error.name,
    );
    expect(outcome).toBe(expected);
  });

  it('reports each fault of the token by its name', async () => {
    server.tokens.set('late', { ok: false, fault: 'expired', now: 2, exp: 1 });
    server.tokens.set('forged', { ok: false, fault: 'bad signature' });
    expect(await failure(assume({ WebIdentityToken: 'late' }))).toEqual({
      name: 'ExpiredTokenException',
      message: 'Token expired: current date/time 2 must be before the expiration date/time 1',
      status: 400,
    });
    expect(await failure(assume({ WebIdentityToken: 'forged' }))).toMatchObject({
      name: 'InvalidIdentityTokenException',
      status: 400,
    });
    expect(await failure(assume({ WebIdentityToken: 'no jwt' }))).toEqual({
      name: 'InvalidIdentityTokenException',
      message:
        'The ID Token provided is not a valid JWT. (You may see this error if you sent an Access Token)',
      status: 400,
    });
  });

  it('answers a missing role and one that does not trust the token alike', async () => {
    expect(await failure(assume({ RoleArn: 'arn:aws:iam::111122223333:role/Nobody' }))).toEqual(denied);
    expect(await failure(assume({ RoleArn: 'arn:aws:iam::111122223333:role/App' }))).toEqual(denied);
    server.tokens.set(token, { ok: true, claims: { ...claims, audience: 'us-east-1:other' } });
    expect(await failure(assume())).toEqual(denied);
    server.tokens.set(token, { ok: true, claims: { ...claims, amr: ['unauthenticated'] } });
    expect(await failure(assume())).toEqual(denied);
  });

  it('needs sts:TagSession in the trust policy as soon as the token carries tags', async () => {
    const principalTags = { team: 'red' };
    server.tokens.set(token, { ok: true, claims: { ...claims, principalTags } });
    expect(await failure(assume())).toEqual(denied);
    const action = ['sts:AssumeRoleWithWebIdentity', 'sts:TagSession'];
    server.services.roles.put({ ...role, assumeRolePolicyDocument: trust({ action }) });
    const answer = await assume();
    expect(answer.PackedPolicySize).toBe(2);
    const { accessKeyId, sessionToken } = whole(answer);
    expect(server.services.sessions.find(accessKeyId, sessionToken, Date.now())).toMatchObject({
      tags: principalTags,
    });
  });

  it('refuses more tags than a session has room for', async () => {
    const action = 'sts:*';
    server.services.roles.put({ ...role, assumeRolePolicyDocument: trust({ action }) });
    const tagged = (value: string) =>
      server.tokens.set(token, { ok: true, claims: { ...claims, principalTags: { t: value } } });
    tagged('x'.repeat(459));
    await expect(assume()).resolves.toMatchObject({ PackedPolicySize: 100 });
    tagged('x'.repeat(460));
    expect(await failure(assume())).toEqual({
      name: 'PackedPolicyTooLargeException',
      message: 'Packed size of session tags consumes 101% of allotted space.',
      status: 400,
    });
  });

  it.each([
    ['cn-north-1', 'aws-cn', 'cognito-identity.cn-north-1.amazonaws.com.cn'],
    ['us-gov-west-1', 'aws-us-gov', 'cognito-identity-us-gov.amazonaws.com'],
    ['eusc-de-east-1', 'aws-eusc', 'cognito-identity.eusc-de-east-1.amazonaws.eu'],
  ])('uses the trust principal of %s', async (region, partition, federated) => {
    const audience = `${region}:11111111-2222-4333-8444-555555555555`;
    const arn = `arn:${partition}:iam::111122223333:role/Elsewhere`;
    const elsewhere = { ...role, roleName: 'Elsewhere', arn };
    server.tokens.set(token, { ok: true, claims: { ...claims, audience } });
    server.services.roles.put({ ...elsewhere, assumeRolePolicyDocument: trust({ aud: audience }) });
    expect(await failure(assume({ RoleArn: arn }))).toEqual(denied);
    server.services.roles.put({
      ...elsewhere,
      assumeRolePolicyDocument: trust({ principal: federated, aud: audience }),
    });
    const answer = await assume({ RoleArn: arn });
    expect(answer.Provider).toBe(federated);
    expect(answer.AssumedRoleUser?.Arn).toBe(
      `arn:${partition}:sts::111122223333:assumed-role/Elsewhere/demo`,
    );
  });
});

describe('GetCallerIdentity', () => {
  it('tells the root user and a named user by their access key', async () => {
    expect(await client().send(new GetCallerIdentityCommand({}))).toMatchObject({
      Arn: 'arn:aws:iam::111122223333:root',
      UserId: '111122223333',
      Account: '111122223333',
    });
    const deploy = { accessKeyId: 'AKIAOTHER', secretAccessKey: 'other-secret' };
    const answer = await client(deploy, 'cn-north-1').send(new GetCallerIdentityCommand({}));
    expect(answer.Arn).toBe('arn:aws-cn:iam::111122223333:user/deploy');
    expect(answer.UserId).toMatch(/^AIDA[A-Z2-7]{17}$/);
  });

  it('refuses keys it does not know and secrets that are wrong', async () => {
    const call = (credentials: Parameters<typeof client>[0]) =>
      failure(client(credentials).send(new GetCallerIdentityCommand({})));
    const unknown = {
      name: 'InvalidClientTokenId',
      message: 'The security token included in the request is invalid.',
      status: 403,
    };
    expect(await call({ accessKeyId: 'nobody', secretAccessKey: 'test' })).toEqual(unknown);
    expect(await call({ ...test, secretAccessKey: 'wrong' })).toMatchObject({
      name: 'SignatureDoesNotMatch',
      status: 403,
    });
    const mine = whole(await assume());
    const other = whole(await assume());
    expect(await call({ ...mine, sessionToken: other.sessionToken })).toEqual(unknown);
    expect(await call({ ...mine, sessionToken: `${mine.sessionToken.slice(0, -8)}AAAAAAA=` })).toEqual(
      unknown,
    );
    expect(await call({ accessKeyId: mine.accessKeyId, secretAccessKey: mine.secretAccessKey })).toEqual(
      unknown,
    );
    expect(await call({ ...mine, secretAccessKey: other.secretAccessKey })).toMatchObject({
      name: 'SignatureDoesNotMatch',
    });
  });

  it('sees a clock that is too far off', async () => {
    server.setAhead(6 * 60_000);
    const { name, message } = await failure(client().send(new GetCallerIdentityCommand({})));
    expect(name).toBe('SignatureDoesNotMatch');
    expect(message).toMatch(
      /^Signature expired: \d{8}T\d{6}Z is now earlier than \d{8}T\d{6}Z \(\d{8}T\d{6}Z - 5 min\.\)$/,
    );
  });
});

describe('the query protocol', () => {
  const form = {
    Action: 'AssumeRoleWithWebIdentity',
    Version: '2011-06-15',
    RoleArn: role.arn,
    RoleSessionName: 'demo',
    WebIdentityToken: token,
  };
  const post = (body: string, headers: Record<string, string> = {}) =>
    fetch(server.url, {
      method: 'POST',
      headers: { 'content-type': 'application/x-www-form-urlencoded; charset=utf-8', ...headers },
      body,
    });

  it('takes the action from a form with a charset, or from the query of a GET', async () => {
    const answers = [
      await post(String(new URLSearchParams(form))),
      await fetch(`${server.url}/?${new URLSearchParams(form)}`),
      await fetch(`${server.url}/?${new URLSearchParams(form)}`, { method: 'POST' }),
    ];
    for (const answer of answers) {
      expect(answer.status).toBe(200);
      expect(answer.headers.get('content-type')).toBe('text/xml');
      const text = await answer.text();
      expect(text).toMatch(
        /^<AssumeRoleWithWebIdentityResponse xmlns="https:\/\/sts\.amazonaws\.com\/doc\/2011-06-15\/"><AssumeRoleWithWebIdentityResult><SubjectFromWebIdentityToken>us-east-1:aaaaaaaa/,
      );
      expect(text).toMatch(/<Expiration>\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ<\/Expiration>/);
      const requestId = answer.headers.get('x-amzn-requestid');
      expect(requestId).toMatch(/^[0-9a-f-]{36}$/);
      expect(text).toContain(`<ResponseMetadata><RequestId>${requestId}</RequestId></ResponseMetadata>`);
    }
  });

  it('prefers the body to the query string', async () => {
    const answer = await fetch(`${server.url}/?Action=Nonsense`, {
      method: 'POST',
      body: new URLSearchParams(form),
    });
    expect(answer.status).toBe(200);
  });

  it('answers STS in JSON when asked to', async () => {
    const answer = await post(String(new URLSearchParams(form)), { accept: 'application/json' });
    expect(answer.headers.get('content-type')).toBe('application/json');
    const body = (await answer.json()) as {
      AssumeRoleWithWebIdentityResponse: {
        AssumeRoleWithWebIdentityResult: { Credentials: { Expiration: number } };
        ResponseMetadata: { RequestId: string };
      };
    };
    const { AssumeRoleWithWebIdentityResult: result, ResponseMetadata: metadata } =
      body.AssumeRoleWithWebIdentityResponse;
    expect(Number.isInteger(result.Credentials.Expiration)).toBe(true);
    expect(metadata.RequestId).toBe(answer.headers.get('x-amzn-requestid'));

    const refused = await post('Action=AssumeRoleWithWebIdentity', { accept: 'application/json' });
    expect(refused.status).toBe(400);
    expect(await refused.json()).toMatchObject({ Error: { Type: 'Sender', Code: 'ValidationError' } });
  });

  it('answers an unknown action with an error of STS', async () => {
    const answer = await post('Action=Foo%3Cbar%3E&Version=2011-06-15');
    expect(answer.status).toBe(400);
    expect(await answer.text()).toMatch(
      /^<ErrorResponse xmlns="https:\/\/sts\.amazonaws\.com\/doc\/2011-06-15\/"><Error><Type>Sender<\/Type><Code>InvalidAction<\/Code><Message>Could not find operation Foo&lt;bar&gt; for version 2011-06-15<\/Message><\/Error><RequestId>[0-9a-f-]{36}<\/RequestId><\/ErrorResponse>$/,
    );
    expect((await post('Action=constructor')).status).toBe(400);
  });

  it('asks for a signature on everything but the web identity call', async () => {
    for (const action of ['GetCallerIdentity', 'CreateRole', 'ListRoles']) {
      const answer = await post(`Action=${action}`);
      expect(answer.status).toBe(403);
      expect(await answer.text()).toContain(
        '<Code>MissingAuthenticationToken</Code><Message>Request is missing Authentication Token</Message>',
      );
    }
  });

  it('refuses a number that is none', async () => {
    const answer = await post(String(new URLSearchParams({ ...form, DurationSeconds: '1e3' })));
    expect(answer.status).toBe(400);
    expect(await answer.text()).toContain(
      "<Code>MalformedInput</Code><Message>Invalid integer at 'DurationSeconds'.",
    );
  });

  it('tells nothing about a fault of its own', async () => {
    const broken = await startQueryServer({
      verifyOpenIdToken: () => {
        throw new Error('secret detail');
      },
    });
    try {
      const answer = await fetch(broken.url, { method: 'POST', body: new URLSearchParams(form) });
      expect(answer.status).toBe(500);
      const text = await answer.text();
      expect(text).toContain('<Type>Receiver</Type><Code>InternalFailure</Code>');
      expect(text).not.toContain('secret detail');
    } finally {
      await broken.close();
    }
  });
});
