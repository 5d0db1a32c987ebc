import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createAwsCognitoGateway } from '../../../src/cognito/awsGateway.ts';
import type { CognitoGateway } from '../../../src/cognito/gateway.ts';
import { ServiceError } from '../../../src/errors.ts';
import { type CognitoStub, type StubAnswer, startCognitoStub } from '../../support/cognitoStub.ts';

const pool = 'us-east-1:11111111-2222-4333-8444-555555555555';
const identity = 'us-east-1:aaaaaaaa-2222-4333-8444-555555555555';
const never = new AbortController().signal;
const alice = { developerUserIdentifier: 'alice-secret-id', tokenDuration: 900, principalTags: {} };

/** Every operation of the port, with the AWS operation behind it. */
const operations: Record<
  keyof CognitoGateway,
  readonly [string, (gateway: CognitoGateway) => Promise<unknown>]
> = {
  issueOpenIdToken: ['GetOpenIdTokenForDeveloperIdentity', (g) => g.issueOpenIdToken(alice, never)],
  linkIdentity: [
    'GetOpenIdTokenForDeveloperIdentity',
    (g) => g.linkIdentity({ ...alice, identityId: identity }, never),
  ],
  exchangeOpenIdToken: [
    'GetCredentialsForIdentity',
    (g) => g.exchangeOpenIdToken({ identityId: identity, openIdToken: 'secret-token' }, never),
  ],
  findIdentityId: ['LookupDeveloperIdentity', (g) => g.findIdentityId('alice-secret-id', never)],
  listDeveloperUserIdentifiers: [
    'LookupDeveloperIdentity',
    (g) => g.listDeveloperUserIdentifiers(identity, { maxResults: 10 }, never),
  ],
  describeIdentity: ['DescribeIdentity', (g) => g.describeIdentity(identity, never)],
  listIdentities: ['ListIdentities', (g) => g.listIdentities({ maxResults: 10, hideDisabled: true }, never)],
  describeIdentityPool: ['DescribeIdentityPool', (g) => g.describeIdentityPool(never)],
  mergeDeveloperIdentities: [
    'MergeDeveloperIdentities',
    (g) => g.mergeDeveloperIdentities({ sourceUserIdentifier: 'a', destinationUserIdentifier: 'b' }, never),
  ],
  unlinkDeveloperIdentity: [
    'UnlinkDeveloperIdentity',
    (g) => g.unlinkDeveloperIdentity({ identityId: identity, developerUserIdentifier: 'a' }, never),
  ],
  deleteIdentities: ['DeleteIdentities', (g) => g.deleteIdentities([identity], never)],
};
type Operation = keyof CognitoGateway;
const all = Object.keys(operations) as Operation[];
const others = (...excluded: Operation[]) => all.filter((operation) => !excluded.includes(operation));

let stub: CognitoStub;
let gateway: CognitoGateway;

beforeAll(async () => {
  stub = await startCognitoStub();
  gateway = createAwsCognitoGateway({
    identityPoolId: pool,
    developerProviderName: 'login.demo',
    endpoint: stub.endpoint,
    credentials: { accessKeyId: 'AKIATEST', secretAccessKey: 'secret' },
    requestTimeoutMs: 1000,
  });
});
afterAll(() => stub.close());

/** The code of the failure, or the answer where there is none. */
async function outcome(operation: Operation, answer: StubAnswer): Promise<unknown> {
  const [awsOperation, call] = operations[operation];
  stub.script(awsOperation, answer);
  try {
    return await call(gateway);
  } catch (error) {
    expect(error).toBeInstanceOf(ServiceError);
    return (error as ServiceError).code;
  }
}

async function expectEverywhere(answer: StubAnswer, code: unknown, where: Operation[] = all) {
  const outcomes = [];
  for (const operation of where) outcomes.push([operation, await outcome(operation, answer)]);
  expect(outcomes).toEqual(where.map((operation) => [operation, code]));
}

const notAuthorized = (message: string) => ({ error: 'NotAuthorizedException', message });
const notFound = (message: string) => ({ error: 'ResourceNotFoundException', message });

describe('for every operation', () => {
  it.each([
    ['TooManyRequestsException', 400, 'UPSTREAM_THROTTLED'],
    ['ThrottlingException', 400, 'UPSTREAM_THROTTLED'],
    ['LimitExceededException', 400, 'UPSTREAM_THROTTLED'],
    ['AccessDeniedException', 400, 'UPSTREAM_FORBIDDEN'],
    ['NotAuthorizedException', 400, 'UPSTREAM_FORBIDDEN'],
    ['InvalidIdentityPoolConfigurationException', 400, 'UPSTREAM_MISCONFIGURED'],
    ['ExpiredTokenException', 400, 'UPSTREAM_MISCONFIGURED'],
    ['UnrecognizedClientException', 400, 'UPSTREAM_MISCONFIGURED'],
    ['InvalidSignatureException', 403, 'UPSTREAM_MISCONFIGURED'],
    ['MissingAuthenticationTokenException', 400, 'UPSTREAM_MISCONFIGURED'],
    ['ValidationException', 400, 'UPSTREAM_MISCONFIGURED'],
    ['UnknownOperationException', 400, 'UPSTREAM_MISCONFIGURED'],
    ['DeveloperUserAlreadyRegisteredException', 400, 'CONFLICT'],
    ['ResourceConflictException', 400, 'CONFLICT'],
    ['ConcurrentModificationException', 400, 'UPSTREAM_UNAVAILABLE'],
    ['ExternalServiceException', 400, 'UPSTREAM_UNAVAILABLE'],
    ['InternalErrorException', 500, 'UPSTREAM_UNAVAILABLE'],
    ['NeverHeardOfException', 503, 'UPSTREAM_UNAVAILABLE'],
    ['NeverHeardOfException', 400, 'UPSTREAM_INVALID_RESPONSE'],
    ['NeverHeardOfException', 429, 'UPSTREAM_THROTTLED'],
  ])('%s with status %i is %s', async (error, status, code) => {
    await expectEverywhere({ error, status, message: 'no' }, code);
  });

  it.each([
    ['an HTML page with status 500', { raw: '<html>oops</html>', status: 500 }, 'UPSTREAM_UNAVAILABLE'],
    ['an empty 503', { raw: '', status: 503 }, 'UPSTREAM_UNAVAILABLE'],
    ['an HTML page with status 200', { raw: '<html>login</html>', status: 200 }, 'UPSTREAM_INVALID_RESPONSE'],
    ['an HTML page with status 400', { raw: '<html>no</html>', status: 400 }, 'UPSTREAM_INVALID_RESPONSE'],
    ['a reset connection', { fault: 'reset' }, 'UPSTREAM_UNAVAILABLE'],
    ['a truncated body', { fault: 'truncated body' }, 'UPSTREAM_INVALID_RESPONSE'],
  ] as const)('%s is told as such', async (_name, answer, code) => {
    await expectEverywhere(answer, code);
  });

  it('an empty 200 is never taken for an answer where one is promised', async () => {
    const answer = { raw: '', status: 200 };
    await expectEverywhere(answer, 'UPSTREAM_INVALID_RESPONSE', others('unlinkDeveloperIdentity'));
  });

  it('an unknown pool is a mistake in the settings', async () => {
    await expectEverywhere(notFound(`IdentityPool '${pool}' not found.`), 'UPSTREAM_MISCONFIGURED');
  });

  it.each(['InvalidParameterException', 'NotAuthorizedException'])(
    'a wrong developer provider is a mistake in the settings, told as %s',
    async (error) => {
      const message = 'This identity pool does not support the specified developer provider';
      await expectEverywhere({ error, message }, 'UPSTREAM_MISCONFIGURED');
    },
  );
});

describe('what does not exist', () => {
  const lookups: Operation[] = ['findIdentityId', 'listDeveloperUserIdentifiers'];

  it('an unknown user is absent in both ways that AWS may say it, and only for look-ups', async () => {
    const message = 'Access to this identity pool is forbidden.';
    await expectEverywhere(notAuthorized(message), null, lookups);
    await expectEverywhere(notAuthorized(message), 'UPSTREAM_FORBIDDEN', others(...lookups));
    await expectEverywhere(notFound('Developer user not found.'), null, lookups);
  });

  it('an unknown identity is absent when read, gone when used, and no guest to adopt', async () => {
    const answer = notFound(`Identity '${identity}' not found.`);
    await expectEverywhere(answer, null, ['describeIdentity', 'listDeveloperUserIdentifiers']);
    await expectEverywhere(answer, 'GUEST_IDENTITY_UNUSABLE', ['linkIdentity']);
    await expectEverywhere(answer, 'NOT_FOUND', [
      'exchangeOpenIdToken',
      'unlinkDeveloperIdentity',
      'mergeDeveloperIdentities',
    ]);
  });

  it('a disabled identity is treated like one that is gone', async () => {
    const answer = notAuthorized(`Access to Identity '${identity}' is forbidden.`);
    await expectEverywhere(answer, null, ['describeIdentity', 'listDeveloperUserIdentifiers']);
    await expectEverywhere(answer, 'GUEST_IDENTITY_UNUSABLE', ['linkIdentity']);
    await expectEverywhere(answer, 'NOT_FOUND', ['exchangeOpenIdToken']);
  });

  it('an identity that another login holds is no guest to adopt', async () => {
    const answer = notAuthorized("Logins don't match. Please include at least one valid login.");
    await expectEverywhere(answer, 'GUEST_IDENTITY_UNUSABLE', ['linkIdentity']);
  });
});

describe('what is told', () => {
  async function failure(operation: Operation, answer: StubAnswer): Promise<ServiceError> {
    const [awsOperation, call] = operations[operation];
    stub.script(awsOperation, answer);
    return call(gateway).then(
      () => expect.fail('the call succeeded'),
      (error: ServiceError) => error,
    );
  }

  it('a role that cannot be assumed is explained by trust policy and sts:TagSession', async () => {
    const error = await failure('exchangeOpenIdToken', {
      error: 'InvalidIdentityPoolConfigurationException',
    });
    expect(error.message).toContain('trust policy');
    expect(error.message).toContain('sts:TagSession');
    expect(error.retryAfter).toBeUndefined();
  });

  it('settings are named', async () => {
    const provider = 'does not support the specified developer provider';
    expect((await failure('issueOpenIdToken', notAuthorized(provider))).message).toContain(
      'COGNITO_DEVELOPER_PROVIDER_NAME',
    );
    expect((await failure('issueOpenIdToken', notFound("IdentityPool 'x' not found."))).message).toContain(
      'COGNITO_IDENTITY_POOL_ID',
    );
  });

  it('AWS says how long to wait, within reason', async () => {
    const throttled = { error: 'TooManyRequestsException' };
    expect((await failure('issueOpenIdToken', throttled)).retryAfter).toBe(1);
    expect(
      (await failure('issueOpenIdToken', { ...throttled, headers: { 'retry-after': '7' } })).retryAfter,
    ).toBe(7);
    expect(
      (await failure('issueOpenIdToken', { ...throttled, headers: { 'retry-after': '86400' } })).retryAfter,
    ).toBe(300);
    expect(
      (await failure('issueOpenIdToken', { ...throttled, headers: { 'retry-after': 'soon' } })).retryAfter,
    ).toBe(1);
  });

  it('neither message nor cause repeats a value that AWS quotes', async () => {
    const quoted = [
      await failure('issueOpenIdToken', {
        error: 'ValidationException',
        message: `1 validation error detected: Value 'alice-o'secret-id' at 'logins' failed to satisfy constraint`,
      }),
      await failure('linkIdentity', notFound(`Identity '${identity}' not found.`)),
      await failure('issueOpenIdToken', { raw: '"alice-secret-id" <', status: 200 }),
    ];
    for (const error of quoted) {
      const told = `${error.message} ${String(error.cause)} ${JSON.stringify(error.cause)}`;
      expect(told).not.toMatch(/secret-id|aaaaaaaa/);
    }
  });

  it('the cause names operation, exception, status and request id for the log', async () => {
    const error = await failure('describeIdentity', {
      error: 'AccessDeniedException',
      message:
        'User: arn:aws:iam::111122223333:role/api is not authorized to perform: cognito-identity:DescribeIdentity',
    });
    expect(error.cause).toMatchObject({
      operation: 'describeIdentity',
      awsName: 'AccessDeniedException',
      httpStatusCode: 400,
      requestId: 'request-1',
      beforeExecution: false,
      message:
        'AccessDeniedException: User: arn:aws:iam::111122223333:role/api is not authorized to perform: cognito-identity:DescribeIdentity',
    });
  });

  it('a connection that was refused or a name that does not resolve did certainly not execute anything', async () => {
    const closed = await startCognitoStub();
    await closed.close();
    for (const endpoint of [closed.endpoint, 'http://no-such-host.invalid']) {
      const unreachable = createAwsCognitoGateway({
        identityPoolId: pool,
        developerProviderName: 'login.demo',
        endpoint,
        credentials: { accessKeyId: 'AKIATEST', secretAccessKey: 'secret' },
      });
      await expect(unreachable.describeIdentityPool(never)).rejects.toMatchObject({
        code: 'UPSTREAM_UNAVAILABLE',
        retryAfter: 1,
        cause: { beforeExecution: true },
      });
    }
  });

  it('credentials that cannot be had are a mistake in the settings', async () => {
    const refusal = Object.assign(new Error('no credentials'), { name: 'CredentialsProviderError' });
    const without = createAwsCognitoGateway({
      identityPoolId: pool,
      developerProviderName: 'login.demo',
      endpoint: stub.endpoint,
      credentials: () => Promise.reject(refusal),
    });
    await expect(without.describeIdentityPool(never)).rejects.toMatchObject({
      code: 'UPSTREAM_MISCONFIGURED',
    });
  });

  it('a clock that is wrong by an hour is corrected by the refusal, so that the next call succeeds', async () => {
    const fresh = createAwsCognitoGateway({
      identityPoolId: pool,
      developerProviderName: 'login.demo',
      endpoint: stub.endpoint,
      credentials: { accessKeyId: 'AKIATEST', secretAccessKey: 'secret' },
    });
    stub.script('DescribeIdentityPool', {
      error: 'InvalidSignatureException',
      headers: { date: new Date(Date.now() + 3_600_000).toUTCString() },
    });
    await expect(fresh.describeIdentityPool(never)).rejects.toMatchObject({
      code: 'UPSTREAM_UNAVAILABLE',
      cause: { beforeExecution: true },
    });
  });
});
