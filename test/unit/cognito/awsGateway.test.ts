import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type AwsGatewayOptions, createAwsCognitoGateway } from '../../../src/cognito/awsGateway.ts';
import { type CognitoStub, type StubCall, startCognitoStub, tokenWith } from '../../support/cognitoStub.ts';

const pool = 'us-east-1:11111111-2222-4333-8444-555555555555';
const identity = 'us-east-1:aaaaaaaa-2222-4333-8444-555555555555';
const other = 'us-east-1:bbbbbbbb-2222-4333-8444-555555555555';
const exp = 1_795_563_000;
const never = new AbortController().signal;
const alice = { developerUserIdentifier: 'alice', tokenDuration: 900, principalTags: {} };

let stub: CognitoStub;

beforeEach(async () => {
  stub = await startCognitoStub();
});
afterEach(() => stub.close());

function gateway(options: Partial<AwsGatewayOptions> = {}) {
  return createAwsCognitoGateway({
    identityPoolId: pool,
    developerProviderName: 'login.demo',
    endpoint: stub.endpoint,
    credentials: { accessKeyId: 'AKIATEST', secretAccessKey: 'secret' },
    ...options,
  });
}

/** Scripts the operation so that what was asked is kept for the test. */
function capture(operation: string, json: unknown): Omit<StubCall, 'headerNames'>[] {
  const calls: Omit<StubCall, 'headerNames'>[] = [];
  stub.script(operation, ({ headerNames, ...call }) => {
    calls.push(call);
    return { json };
  });
  return calls;
}

const tokenAnswer = (claims: Record<string, unknown>) => ({
  json: { IdentityId: identity, Token: tokenWith(claims) },
});

describe('issuing an OpenID token', () => {
  it('sends pool, login, duration and tags, signed, and no identity id', async () => {
    const token = tokenWith({ sub: identity, aud: pool, exp });
    const calls = capture('GetOpenIdTokenForDeveloperIdentity', { IdentityId: identity, Token: token });

    const issued = await gateway().issueOpenIdToken({ ...alice, principalTags: { team: 'blue' } }, never);

    expect(issued).toEqual({ identityId: identity, openIdToken: token, expiresAt: exp * 1000 });
    expect(calls).toEqual([
      {
        operation: 'GetOpenIdTokenForDeveloperIdentity',
        signed: true,
        accessKeyId: 'AKIATEST',
        body: {
          IdentityPoolId: pool,
          Logins: { 'login.demo': 'alice' },
          PrincipalTags: { team: 'blue' },
          TokenDuration: 900,
        },
      },
    ]);
  });

  it('leaves the tags out when there are none, and sends the identity id only when linking', async () => {
    const calls = capture('GetOpenIdTokenForDeveloperIdentity', {
      IdentityId: identity,
      Token: tokenWith({ exp }),
    });

    await gateway().linkIdentity({ ...alice, identityId: identity }, never);

    expect(calls[0]?.body).toEqual({
      IdentityPoolId: pool,
      IdentityId: identity,
      Logins: { 'login.demo': 'alice' },
      TokenDuration: 900,
    });
  });

  it('keeps a provider named like a property of every object', async () => {
    const calls = capture('GetOpenIdTokenForDeveloperIdentity', {
      IdentityId: identity,
      Token: tokenWith({ exp }),
    });

    await gateway({ developerProviderName: '__proto__' }).issueOpenIdToken(alice, never);

    expect(Object.entries(calls[0]?.body.Logins)).toEqual([['__proto__', 'alice']]);
  });

  it('answers an expiry in 2039 to the second', async () => {
    stub.script('GetOpenIdTokenForDeveloperIdentity', tokenAnswer({ exp: 2_200_000_000 }));

    const { expiresAt } = await gateway().issueOpenIdToken(alice, never);

    expect(new Date(expiresAt).toISOString()).toBe('2039-09-18T23:06:40.000Z');
  });

  it.each([
    ['has no exp', {}],
    ['has a text as exp', { exp: `${exp}` }],
    ['has null as exp', { exp: null }],
    ['has an exp beyond every calendar', { exp: 1e300 }],
    ['has milliseconds in place of seconds', { exp: exp * 1000 }],
    ['expired in 1970', { exp: 0 }],
    ['belongs to another identity', { exp, sub: other }],
    ['belongs to another pool', { exp, aud: other }],
  ])('refuses a token that %s', async (_name, claims) => {
    stub.script('GetOpenIdTokenForDeveloperIdentity', tokenAnswer(claims));

    await expect(gateway().issueOpenIdToken(alice, never)).rejects.toMatchObject({
      code: 'UPSTREAM_INVALID_RESPONSE',
    });
  });

  it.each([
    ['no token', { IdentityId: identity }],
    ['a token that is none', { IdentityId: identity, Token: 'abc' }],
    ['no identity', { Token: tokenWith({ exp }) }],
    [
      'an identity of another Region',
      { IdentityId: `eu-west-1:${identity.slice(10)}`, Token: tokenWith({ exp }) },
    ],
    ['an identity id against the pattern', { IdentityId: 'us-east-1:<script>', Token: tokenWith({ exp }) }],
    [
      'an identity id longer than there are',
      { IdentityId: `us-east-1:${'a'.repeat(46)}`, Token: tokenWith({ exp }) },
    ],
    ['nothing', {}],
  ])('refuses an answer with %s', async (_name, json) => {
    stub.script('GetOpenIdTokenForDeveloperIdentity', { json });

    await expect(gateway().issueOpenIdToken(alice, never)).rejects.toMatchObject({
      code: 'UPSTREAM_INVALID_RESPONSE',
    });
  });

  it('makes one attempt only, whatever fails', async () => {
    stub.script('GetOpenIdTokenForDeveloperIdentity', { error: 'TooManyRequestsException' });

    await expect(gateway().issueOpenIdToken(alice, never)).rejects.toMatchObject({
      code: 'UPSTREAM_THROTTLED',
    });
    expect(stub.count('GetOpenIdTokenForDeveloperIdentity')).toBe(1);
  });
});

describe('exchanging an OpenID token', () => {
  const credentials = {
    AccessKeyId: 'ASIA1',
    SecretKey: 'secret-1',
    SessionToken: 'session-1',
    Expiration: 1.795563e9,
  };
  const held = { identityId: identity, openIdToken: 'token-1' };

  it('sends the token under the login key of the partition, without the credentials of this server', async () => {
    const calls = capture('GetCredentialsForIdentity', { IdentityId: identity, Credentials: credentials });

    expect(await gateway().exchangeOpenIdToken(held, never)).toEqual({
      accessKeyId: 'ASIA1',
      secretAccessKey: 'secret-1',
      sessionToken: 'session-1',
      expiration: 1_795_563_000_000,
    });
    expect(calls).toEqual([
      {
        operation: 'GetCredentialsForIdentity',
        signed: false,
        body: { IdentityId: identity, Logins: { 'cognito-identity.amazonaws.com': 'token-1' } },
      },
    ]);
  });

  it('uses the login key of China there, and the configured one before all', async () => {
    const china = 'cn-north-1:11111111-2222-4333-8444-555555555555';
    const calls = capture('GetCredentialsForIdentity', { Credentials: credentials });

    await gateway({ identityPoolId: china }).exchangeOpenIdToken(held, never);
    await gateway({ loginsKey: 'login.example' }).exchangeOpenIdToken(held, never);

    expect(calls.map((call) => Object.keys(call.body.Logins))).toEqual([
      ['cognito-identity.cn-north-1.amazonaws.com.cn'],
      ['login.example'],
    ]);
  });

  it.each(['AccessKeyId', 'SecretKey', 'SessionToken', 'Expiration'])(
    'refuses credentials without %s',
    async (member) => {
      const incomplete = Object.fromEntries(Object.entries(credentials).filter(([name]) => name !== member));
      stub.script('GetCredentialsForIdentity', { json: { IdentityId: identity, Credentials: incomplete } });

      await expect(gateway().exchangeOpenIdToken(held, never)).rejects.toMatchObject({
        code: 'UPSTREAM_INVALID_RESPONSE',
      });
    },
  );

  it.each([1.795563e12, 0, 1e300, '2026-11-25T00:00:00Z'])(
    'refuses credentials that expire at %s',
    async (Expiration) => {
      stub.script('GetCredentialsForIdentity', { json: { Credentials: { ...credentials, Expiration } } });

      await expect(gateway().exchangeOpenIdToken(held, never)).rejects.toMatchObject({
        code: 'UPSTREAM_INVALID_RESPONSE',
      });
    },
  );

  it('treats credentials for another identity as the end of this one', async () => {
    stub.script('GetCredentialsForIdentity', { json: { IdentityId: other, Credentials: credentials } });

    await expect(gateway().exchangeOpenIdToken(held, never)).rejects.toMatchObject({ code: 'NOT_FOUND' });
  });
});

describe('reading and changing identities', () => {
  it('finds the identity of a user', async () => {
    const calls = capture('LookupDeveloperIdentity', {
      IdentityId: identity,
      DeveloperUserIdentifierList: ['alice'],
    });

    expect(await gateway().findIdentityId('alice', never)).toBe(identity);
    expect(calls[0]?.body).toEqual({
      IdentityPoolId: pool,
      DeveloperUserIdentifier: 'alice',
      MaxResults: 1,
    });
  });

  it('pages through the users of an identity', async () => {
    const calls = capture('LookupDeveloperIdentity', {
      IdentityId: identity,
      DeveloperUserIdentifierList: ['alice', 'alice2'],
      NextToken: 'n2',
    });

    expect(
      await gateway().listDeveloperUserIdentifiers(identity, { maxResults: 2, nextToken: 'n1' }, never),
    ).toEqual({ items: ['alice', 'alice2'], nextToken: 'n2' });
    expect(calls[0]?.body).toEqual({
      IdentityPoolId: pool,
      IdentityId: identity,
      MaxResults: 2,
      NextToken: 'n1',
    });
  });

  it('describes an identity, with milliseconds kept and absent logins as none', async () => {
    stub.script('DescribeIdentity', {
      json: { IdentityId: identity, CreationDate: 1538078988.077, LastModifiedDate: 1538078990 },
    });

    expect(await gateway().describeIdentity(identity, never)).toEqual({
      identityId: identity,
      logins: [],
      createdAt: 1538078988077,
      lastModifiedAt: 1538078990000,
    });
  });

  it('refuses the description of another identity than asked', async () => {
    stub.script('DescribeIdentity', {
      json: { IdentityId: other, CreationDate: 1538078988, LastModifiedDate: 1538078990 },
    });

    await expect(gateway().describeIdentity(identity, never)).rejects.toMatchObject({
      code: 'UPSTREAM_INVALID_RESPONSE',
    });
  });

  it('refuses the users of another identity than asked', async () => {
    stub.script('LookupDeveloperIdentity', {
      json: { IdentityId: other, DeveloperUserIdentifierList: ['mallory'] },
    });

    await expect(
      gateway().listDeveloperUserIdentifiers(identity, { maxResults: 2 }, never),
    ).rejects.toMatchObject({ code: 'UPSTREAM_INVALID_RESPONSE' });
  });

  it('refuses the description of another pool', async () => {
    stub.script('DescribeIdentityPool', {
      json: { IdentityPoolId: other, IdentityPoolName: 'demo', AllowUnauthenticatedIdentities: true },
    });

    await expect(gateway().describeIdentityPool(never)).rejects.toMatchObject({
      code: 'UPSTREAM_INVALID_RESPONSE',
    });
  });

  it('lists identities, and takes an empty page for what it is but not an empty body', async () => {
    const described = { IdentityId: identity, CreationDate: 1538078988, LastModifiedDate: 1538078990 };
    stub.script(
      'ListIdentities',
      {
        json: {
          IdentityPoolId: pool,
          Identities: [{ ...described, Logins: ['login.demo'] }],
          NextToken: 'n2',
        },
      },
      { json: { IdentityPoolId: pool } },
      { raw: '', status: 200 },
    );
    const list = () => gateway().listIdentities({ maxResults: 1, hideDisabled: true }, never);

    expect(await list()).toEqual({
      items: [
        {
          identityId: identity,
          logins: ['login.demo'],
          createdAt: 1538078988000,
          lastModifiedAt: 1538078990000,
        },
      ],
      nextToken: 'n2',
    });
    expect(await list()).toEqual({ items: [] });
    await expect(list()).rejects.toMatchObject({ code: 'UPSTREAM_INVALID_RESPONSE' });
  });

  it('blames the cursor when a paged call is refused, and the settings when another one is', async () => {
    stub.script('ListIdentities', { error: 'InvalidParameterException', message: 'bad token' });
    const page = { maxResults: 1, hideDisabled: true };

    await expect(gateway().listIdentities({ ...page, nextToken: 'x' }, never)).rejects.toMatchObject({
      code: 'BAD_USER_INPUT',
      problems: [{ field: 'after', rule: 'must be a cursor of an earlier answer' }],
    });
    await expect(gateway().listIdentities(page, never)).rejects.toMatchObject({
      code: 'UPSTREAM_MISCONFIGURED',
    });
  });

  it('describes the pool', async () => {
    stub.script('DescribeIdentityPool', {
      json: {
        IdentityPoolId: pool,
        IdentityPoolName: 'demo',
        DeveloperProviderName: 'login.demo',
        AllowUnauthenticatedIdentities: true,
        AllowClassicFlow: false,
      },
    });

    expect(await gateway().describeIdentityPool(never)).toEqual({
      identityPoolId: pool,
      name: 'demo',
      developerProviderName: 'login.demo',
      allowsGuests: true,
      allowsClassicFlow: false,
    });
  });

  it('merges, unlinks and deletes with the names that AWS uses', async () => {
    const merged = capture('MergeDeveloperIdentities', { IdentityId: identity });
    const unlinked = capture('UnlinkDeveloperIdentity', {});
    const deleted = capture('DeleteIdentities', {
      UnprocessedIdentityIds: [{ IdentityId: other, ErrorCode: 'AccessDenied' }],
    });
    const users = { sourceUserIdentifier: 'a', destinationUserIdentifier: 'b' };

    expect(await gateway().mergeDeveloperIdentities(users, never)).toBe(identity);
    await gateway().unlinkDeveloperIdentity({ identityId: identity, developerUserIdentifier: 'a' }, never);
    expect(await gateway().deleteIdentities([identity, other], never)).toEqual([
      { identityId: other, reason: 'ACCESS_DENIED' },
    ]);

    const provider = { IdentityPoolId: pool, DeveloperProviderName: 'login.demo' };
    expect([...merged, ...unlinked, ...deleted].map((call) => call.body)).toEqual([
      { ...provider, SourceUserIdentifier: 'a', DestinationUserIdentifier: 'b' },
      { ...provider, IdentityId: identity, DeveloperUserIdentifier: 'a' },
      { IdentityIdsToDelete: [identity, other] },
    ]);
  });

  it('does not take an empty answer for "all deleted"', async () => {
    stub.script('DeleteIdentities', { json: {} });

    await expect(gateway().deleteIdentities([identity], never)).rejects.toMatchObject({
      code: 'UPSTREAM_INVALID_RESPONSE',
    });
  });
});

describe('limits', () => {
  it.each(['hang', 'slow body'] as const)('gives up on an upstream that answers with a %s', async (fault) => {
    stub.script('DescribeIdentity', { fault });

    await expect(gateway({ requestTimeoutMs: 60 }).describeIdentity(identity, never)).rejects.toMatchObject({
      code: 'UPSTREAM_UNAVAILABLE',
      retryAfter: 1,
    });
  });

  it('gives up on credentials that never come', async () => {
    const stuck = gateway({ requestTimeoutMs: 60, credentials: () => new Promise(() => {}) });

    await expect(stuck.describeIdentity(identity, never)).rejects.toMatchObject({
      code: 'UPSTREAM_UNAVAILABLE',
    });
    expect(stub.count('DescribeIdentity')).toBe(0);
  });

  it('renews credentials of this server that are about to expire', async () => {
    let made = 0;
    const minutesLeft = [1, 60, 60];
    const renewing = gateway({
      credentials: async () => ({
        accessKeyId: `ASIA${++made}`,
        secretAccessKey: 'secret',
        expiration: new Date(Date.now() + (minutesLeft[made - 1] ?? 0) * 60_000),
      }),
    });
    const calls = capture('DescribeIdentity', {
      IdentityId: identity,
      CreationDate: 1538078988,
      LastModifiedDate: 1538078990,
    });
    for (let i = 0; i < 3; i += 1) {
      await renewing.describeIdentity(identity, never);
      // A renewal ahead of time goes on beside the call that caused it.
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    expect(calls.at(-1)?.accessKeyId).toBe('ASIA2');
    expect(made).toBe(2);
  });

  describe.each([
    { name: 'with its own time limit', limit: {} },
    { name: 'limited by its caller alone', limit: { requestTimeoutMs: Number.POSITIVE_INFINITY } },
  ])('a call $name', ({ limit }) => {
    it("rethrows the caller's own reason when the caller goes away", async () => {
      const caller = new AbortController();
      const reason = new Error('client disconnected');
      stub.script('DescribeIdentity', () => {
        caller.abort(reason);
        return { fault: 'hang' };
      });

      await expect(gateway(limit).describeIdentity(identity, caller.signal)).rejects.toBe(reason);
    });

    it('ends the connection of a call whose caller goes away, and of no other', async () => {
      const description = { CreationDate: 1538078988, LastModifiedDate: 1538078990 };
      const calls = gateway(limit);
      stub.script('DescribeIdentity', { json: { IdentityId: identity, ...description } });
      await calls.describeIdentity(identity, never);

      let answerOther = () => {};
      const released = new Promise<void>((resolve) => {
        answerOther = resolve;
      });
      stub.script('DescribeIdentity', async ({ body }) => {
        if (body.IdentityId === identity) return { fault: 'hang' };
        await released;
        return { json: { IdentityId: other, ...description } };
      });
      const caller = new AbortController();
      const gone = calls.describeIdentity(identity, caller.signal).catch((error) => error);
      const staying = calls.describeIdentity(other, new AbortController().signal);
      await expect.poll(() => stub.count('DescribeIdentity')).toBe(3);
      expect(await stub.connections()).toBe(2);

      caller.abort(new Error('client disconnected'));

      expect(await gone).toBe(caller.signal.reason);
      await expect.poll(() => stub.connections()).toBe(1);
      answerOther();
      expect((await staying)?.identityId).toBe(other);
    });

    it('sends nothing for a caller who has already gone', async () => {
      await expect(gateway(limit).describeIdentity(identity, AbortSignal.abort())).rejects.toMatchObject({
        name: 'AbortError',
      });
      expect(stub.count('DescribeIdentity')).toBe(0);
    });
  });

  it.each([
    [{ identityPoolId: 'nonsense' }, 'identityPoolId must look like <region>:<uuid>'],
    [
      { developerProviderName: 'login demo' },
      'developerProviderName must have 1 to 128 characters of letters, digits, . _ -',
    ],
    [{ requestTimeoutMs: 0 }, 'requestTimeoutMs must be more than 0'],
  ])('is not built with %o', (options, message) => {
    expect(() => gateway(options)).toThrow(new TypeError(message));
  });
});
