import { GetCallerIdentityCommand, STSClient } from '@aws-sdk/client-sts';
import { describe, expect, it } from 'vitest';
import { fromCognitoGraphQL } from '../../../src/client/index.ts';
import { useBackend } from './clientStage.ts';
import {
  cognitoError,
  exchanged,
  failureOf,
  fakeTime,
  identityOf,
  issued,
  loginOf,
  refused,
  signersOf,
  startSts,
} from './testServers.ts';

const { backend, providerFor } = useBackend();

describe('asking for credentials', () => {
  it('sends the login token to the API and the OpenID token to Cognito, once each, and never GetId', async () => {
    const credentials = await providerFor()();
    expect(credentials).toEqual({
      accessKeyId: `ASIA-${identityOf('alice').slice(-12)}-1`,
      secretAccessKey: 'secret',
      sessionToken: 'session',
      expiration: expect.any(Date),
      identityId: identityOf('alice'),
    });
    const [request] = backend.api.seen;
    expect(backend.api.seen).toHaveLength(1);
    expect(request?.headers.authorization).toBe(`Bearer ${loginOf('alice')}`);
    expect(request?.headers['content-type']).toBe('application/json');
    expect(request?.body.query).toContain('mutation CognitoCredentials');
    expect(request?.body.variables).toEqual({ input: {} });
    const [exchange] = backend.cognito.seen;
    expect(backend.cognito.seen).toHaveLength(1);
    expect(exchange?.headers['x-amz-target']).toBe('AWSCognitoIdentityService.GetCredentialsForIdentity');
    expect(exchange?.headers.authorization).toBeUndefined();
    expect(exchange?.body.IdentityId).toBe(identityOf('alice'));
    expect(Object.keys(exchange?.body.Logins)).toEqual(['cognito-identity.amazonaws.com']);
  });

  it('takes one round trip and no Cognito when the server exchanges', async () => {
    const expiration = new Date(Date.now() + 3_600_000).toISOString();
    const keys = { accessKeyId: 'ASIA1', secretAccessKey: 's', sessionToken: 't', expiration };
    backend.api.reply = () => issued('alice', { awsCredentials: keys });
    const credentials = await providerFor({ exchange: 'server' })();
    expect(credentials).toEqual({
      ...keys,
      expiration: new Date(expiration),
      identityId: identityOf('alice'),
    });
    expect(backend.api.seen).toHaveLength(1);
    expect(backend.api.seen[0]?.body.query).toContain('awsCredentials');
    expect(backend.cognito.seen).toEqual([]);
  });

  it('passes token duration, further headers and the identity it knew', async () => {
    const provider = providerFor({ tokenDuration: 600, headers: { 'x-tenant': 'a' } });
    await provider();
    await provider.refresh();
    expect(backend.api.seen.map(({ body }) => body.variables)).toEqual([
      { input: { tokenDuration: 600 } },
      { input: { tokenDuration: 600, previousIdentityId: identityOf('alice') } },
    ]);
    expect(backend.api.seen[0]?.headers['x-tenant']).toBe('a');
  });

  it('asks AWS in the Region that the API names when no Cognito endpoint is given', async () => {
    const asked: string[] = [];
    const { cognito } = backend;
    for (const region of ['eu-west-1', 'cn-north-1', 'eusc-de-east-1']) {
      backend.api.reply = () => issued('alice', { region });
      const provider = fromCognitoGraphQL({
        endpoint: backend.api.url,
        getToken: () => loginOf('alice'),
        environment: {
          fetch: (url, init) => {
            if (url.includes('amazonaws')) asked.push(url);
            return fetch(url.includes('amazonaws') ? cognito.url : url, init);
          },
        },
      });
      await provider();
    }
    expect(asked).toEqual([
      'https://cognito-identity.eu-west-1.amazonaws.com/',
      'https://cognito-identity.cn-north-1.amazonaws.com.cn/',
      'https://cognito-identity.eusc-de-east-1.amazonaws.eu/',
    ]);
  });

  it('refuses missing options where they are given', () => {
    expect(() => providerFor({ endpoint: '' })).toThrow(TypeError);
    expect(() => providerFor({ getToken: undefined as never })).toThrow('getToken is missing');
  });

  it('asks nobody while nobody is signed in', async () => {
    const provider = providerFor({ getToken: () => null });
    expect(await failureOf(provider())).toMatchObject({
      name: 'CognitoGraphQLError',
      code: 'SIGN_IN_REQUIRED',
    });
    expect(backend.api.seen).toEqual([]);
  });

  it('reports a getToken that throws, with its error as the cause', async () => {
    const cause = new Error('popup closed');
    const provider = providerFor({
      getToken: () => {
        throw cause;
      },
    });
    expect(await failureOf(provider())).toMatchObject({ code: 'LOGIN_FAILED', cause });
  });
});

describe('the shape the SDK needs (F02)', () => {
  it.each([
    ['unparsable', { expiration: 'soon' }],
    ['missing', { expiration: undefined }],
    ['past', { expiration: new Date(Date.now() - 1000).toISOString() }],
    ['fine but a key is empty', { sessionToken: '' }],
    ['fine but a key is missing', { secretAccessKey: undefined }],
  ])('rejects when the expiry is %s', async (_, wrong) => {
    const expiration = new Date(Date.now() + 3_600_000).toISOString();
    const keys = { accessKeyId: 'ASIA1', secretAccessKey: 's', sessionToken: 't', expiration, ...wrong };
    backend.api.reply = () => issued('alice', { awsCredentials: keys });
    const provider = providerFor({ exchange: 'server' });
    expect(await failureOf(provider())).toMatchObject({ code: 'INVALID_ANSWER' });
  });

  it('rejects when the server does not hand AWS credentials out', async () => {
    backend.api.reply = () => issued('alice', { awsCredentials: null });
    const provider = providerFor({ exchange: 'server' });
    expect(await failureOf(provider())).toMatchObject({ code: 'INVALID_ANSWER' });
  });

  it('asks once for three SDK requests with credentials that have four minutes left', async () => {
    backend.cognito.reply = ({ body }, count) => exchanged(body.IdentityId, count, 240);
    const sts = await startSts();
    const client = new STSClient({ region: 'us-east-1', endpoint: sts.url, credentials: providerFor() });
    for (let i = 0; i < 3; i++)
      expect((await client.send(new GetCallerIdentityCommand({}))).Arn).toBe('arn:x');
    await sts.close();
    const key = `ASIA-${identityOf('alice').slice(-12)}-1`;
    expect(signersOf(sts)).toEqual([key, key, key]);
    expect(backend.api.seen).toHaveLength(1);
    expect(backend.cognito.seen).toHaveLength(1);
  });
});

describe('refreshing', () => {
  it('answers any number of parallel callers and clients with one refresh', async () => {
    const sts = await startSts();
    let asked = 0;
    const getToken = () => {
      asked++;
      return loginOf('alice');
    };
    const credentials = providerFor({ getToken });
    const clients = [1, 2].map(() => new STSClient({ region: 'us-east-1', endpoint: sts.url, credentials }));
    await Promise.all([
      ...Array.from({ length: 20 }, () => credentials()),
      ...clients.map((client) => client.send(new GetCallerIdentityCommand({}))),
    ]);
    await sts.close();
    expect(backend.api.seen).toHaveLength(1);
    expect(backend.cognito.seen).toHaveLength(1);
    expect(asked).toBeLessThanOrEqual(3);
  });

  it('keeps credentials until five to seven minutes before they expire, and then fetches new ones', async () => {
    const time = fakeTime();
    const provider = providerFor({ environment: time.environment });
    const first = await provider();
    time.offsetMs = (60 - 6.1) * 60_000;
    expect(await provider()).toEqual(first);
    time.offsetMs = (60 - 5.9) * 60_000;
    expect((await provider()).accessKeyId).not.toBe(first.accessKeyId);
    expect(backend.api.seen).toHaveLength(2);
  });

  it('spreads the refresh of tabs that were opened together', async () => {
    const time = fakeTime();
    const early = providerFor({ environment: { ...time.environment, random: () => 0.99 } });
    const late = providerFor({ environment: { ...time.environment, random: () => 0 } });
    await Promise.all([early(), late()]);
    time.offsetMs = (60 - 6) * 60_000;
    await Promise.all([early(), late()]);
    expect(backend.api.seen).toHaveLength(3);
  });

  it('uses credentials that live for a minute for a quarter of it at least', async () => {
    const time = fakeTime();
    backend.cognito.reply = ({ body }, count) => exchanged(body.IdentityId, count, 60);
    const provider = providerFor({ environment: { ...time.environment, random: () => 0.99 } });
    await provider();
    time.offsetMs = 10_000;
    await provider();
    expect(backend.api.seen).toHaveLength(1);
    time.offsetMs = 20_000;
    await provider();
    expect(backend.api.seen).toHaveLength(2);
  });

  it('fetches anew when the clock was set back to before the last fetch', async () => {
    const time = fakeTime();
    const provider = providerFor({ environment: time.environment });
    await provider();
    time.offsetMs = -2 * 3_600_000;
    await provider();
    expect(backend.api.seen).toHaveLength(2);
  });

  it('goes on with credentials that are still good while the API is down, and leaves it alone for a while', async () => {
    const time = fakeTime();
    const provider = providerFor({ environment: time.environment, maxAttempts: 1 });
    const first = await provider();
    backend.api.reply = () => refused('UPSTREAM_UNAVAILABLE', 503);
    time.offsetMs = 56 * 60_000;
    expect(await provider()).toEqual(first);
    expect(await provider()).toEqual(first);
    expect(backend.api.seen).toHaveLength(2);
    time.offsetMs = 60 * 60_000 + 1000;
    expect(await failureOf(provider())).toMatchObject({ code: 'UPSTREAM_UNAVAILABLE' });
  });

  it('fetches new ones on demand', async () => {
    const provider = providerFor();
    const first = await provider();
    const second = await provider.refresh();
    expect(second.accessKeyId).not.toBe(first.accessKeyId);
    expect(await provider()).toEqual(second);
  });

  it('gives every caller an object of their own', async () => {
    const provider = providerFor();
    const mine = await provider();
    mine.accessKeyId = 'changed';
    mine.expiration.setTime(0);
    expect((await provider()).accessKeyId).not.toBe('changed');
    expect((await provider()).expiration.getTime()).toBeGreaterThan(0);
  });

  it('is followed by the SDK at once, without a memory of its own', async () => {
    const sts = await startSts();
    const credentials = providerFor();
    const client = new STSClient({ region: 'us-east-1', endpoint: sts.url, credentials });
    await client.send(new GetCallerIdentityCommand({}));
    await credentials.refresh();
    await client.send(new GetCallerIdentityCommand({}));
    await credentials.clear();
    expect(await failureOf(client.send(new GetCallerIdentityCommand({})))).toMatchObject({
      code: 'SIGNED_OUT',
    });
    await sts.close();
    const [first, second] = signersOf(sts);
    expect(signersOf(sts)).toHaveLength(2);
    expect(second).not.toBe(first);
  });
});

describe('a local clock that is wrong', () => {
  it.each([
    ['three hours ahead', 3],
    ['three hours behind', -3],
  ])('%s still sees credentials of one hour, by the Date header', async (_, hours) => {
    const time = fakeTime();
    time.offsetMs = hours * 3_600_000;
    const provider = providerFor({ environment: time.environment });
    const { expiration } = await provider();
    const left = expiration.getTime() - (Date.now() + time.offsetMs);
    expect(left).toBeGreaterThan(3_590_000);
    expect(left).toBeLessThan(3_602_000);
    await provider();
    expect(backend.api.seen).toHaveLength(1);
    time.offsetMs += 3_500_000;
    await provider();
    expect(backend.api.seen).toHaveLength(2);
  });

  it.each([
    ['Cognito', 'cognito'],
    ['the API alone', 'api'],
  ] as const)('is set right by the Date of %s also for credentials of half an hour', async (_, readable) => {
    const time = fakeTime();
    time.offsetMs = 3 * 3_600_000;
    backend.cognito.reply = ({ body }, count) => exchanged(body.IdentityId, count, 1800);
    const environment: typeof time.environment = {
      ...time.environment,
      fetch: async (url, init) => {
        const { status, headers, ...response } = await fetch(url, init).then(async (answer) => {
          const body = await answer.text();
          return { status: answer.status, headers: answer.headers, text: async () => body };
        });
        return { status, ...response, ...(url === backend[readable].url && { headers }) };
      },
    };
    const { expiration } = await providerFor({ environment })();
    const left = expiration.getTime() - (Date.now() + time.offsetMs);
    expect(left).toBeGreaterThan(1_790_000);
    expect(left).toBeLessThan(1_802_000);
  });

  it.each([
    ['three hours ahead', 3],
    ['three hours behind', -3],
  ])('%s does so by the tokens where no header can be read', async (_, hours) => {
    const time = fakeTime();
    time.offsetMs = hours * 3_600_000;
    const environment = {
      ...time.environment,
      fetch: async (url: string, init: RequestInit) => {
        const response = await fetch(url, init);
        return { status: response.status, text: () => response.text() };
      },
    };
    const { expiration } = await providerFor({ environment })();
    const left = expiration.getTime() - (Date.now() + time.offsetMs);
    expect(left).toBeGreaterThan(3_590_000);
    expect(left).toBeLessThan(3_602_000);
  });

  it('changes nothing about an expiry when it is right', async () => {
    const expiration = new Date(Math.ceil(Date.now() / 1000) * 1000 + 1_800_000);
    const keys = { accessKeyId: 'a', secretAccessKey: 's', sessionToken: 't', expiration };
    backend.api.reply = () => issued('alice', { awsCredentials: keys });
    expect((await providerFor({ exchange: 'server' })()).expiration).toEqual(expiration);
  });
});

describe('an identity that Cognito no longer accepts', () => {
  it.each([
    ['deleted', 'ResourceNotFoundException', "Identity 'x' not found."],
    ['disabled', 'NotAuthorizedException', "Access to Identity 'x' is forbidden."],
    ['known by too old a token', 'NotAuthorizedException', 'Invalid login token. Token expired: 17 >= 16'],
  ])('is asked for once more when it is %s', async (_, name, message) => {
    backend.api.reply = (_, count) => issued(count === 1 ? 'old' : 'new');
    backend.cognito.reply = ({ body }, count) =>
      count === 1 ? cognitoError(name, message) : exchanged(body.IdentityId, count);
    const { identityId } = await providerFor()();
    expect(identityId).toBe(identityOf('new'));
    expect(backend.api.seen.map(({ body }) => body.variables)).toEqual([
      { input: {} },
      { input: { previousIdentityId: identityOf('old'), renew: true } },
    ]);
  });

  it('is an error the second time', async () => {
    backend.cognito.reply = () => cognitoError('ResourceNotFoundException', "Identity 'x' not found.");
    const failure = await failureOf(providerFor()());
    expect(failure).toMatchObject({ code: 'COGNITO_ERROR', reason: 'ResourceNotFoundException' });
    expect(failure['message']).not.toContain("'x'");
    expect(backend.cognito.seen).toHaveLength(2);
  });

  it('is left alone for other refusals', async () => {
    backend.cognito.reply = () =>
      cognitoError('InvalidIdentityPoolConfigurationException', 'Check assigned IAM roles for this pool.');
    expect(await failureOf(providerFor()())).toMatchObject({
      reason: 'InvalidIdentityPoolConfigurationException',
    });
    expect(backend.cognito.seen).toHaveLength(1);
  });
});
