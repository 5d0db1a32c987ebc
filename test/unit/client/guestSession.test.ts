import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  type CognitoGraphQLOptions,
  createGuestSession,
  fromCognitoGraphQL,
  type GuestSessionOptions,
  guestFromProof,
} from '../../../src/client/index.ts';
import { gate, until } from './clientStage.ts';
import {
  cognitoError,
  exchanged,
  failureOf,
  fakeTime,
  identityOf,
  issued,
  jwt,
  loginOf,
  memoryStorage,
  poolId,
  type Reply,
  refused,
  type SeenRequest,
  startServer,
  type TestServer,
  userOf,
} from './testServers.ts';

let api: TestServer;
let cognito: TestServer;
let guests: number;

function operationOf({ headers }: SeenRequest): string {
  return String(headers['x-amz-target']).split('.')[1] ?? '';
}

/** A Cognito that makes a new guest at each GetId. */
function answerGuests(request: SeenRequest, count: number): Reply {
  const { IdentityId } = request.body;
  switch (operationOf(request)) {
    case 'GetId':
      return { body: { IdentityId: identityOf(`guest${++guests}`) } };
    case 'GetOpenIdToken':
      return { body: { IdentityId, Token: jwt({ sub: IdentityId, amr: ['unauthenticated'] }) } };
    default:
      return exchanged(IdentityId, count);
  }
}

function linkedTo(identityId: string, linked: boolean): Reply {
  const { cognitoCredentials } = (issued('x', { identityId, linked }).body as { data: never }).data;
  return { body: { data: { linkGuestIdentity: cognitoCredentials } } };
}

beforeEach(async () => {
  guests = 0;
  api = await startServer((request) =>
    request.body.query.includes('linkGuestIdentity(')
      ? linkedTo(request.body.variables.input.guestIdentityId, true)
      : issued(userOf(request)),
  );
  cognito = await startServer(answerGuests);
});
afterEach(async () => {
  await api.close();
  await cognito.close();
});

const guestFor = (options: Partial<GuestSessionOptions> = {}) =>
  createGuestSession({ identityPoolId: poolId, cognitoEndpoint: cognito.url, ...options });

const providerFor = (options: Partial<CognitoGraphQLOptions> = {}) =>
  fromCognitoGraphQL({
    endpoint: api.url,
    cognitoEndpoint: cognito.url,
    getToken: () => loginOf('alice'),
    ...options,
  });

describe('a guest', () => {
  it('gets an identity once and credentials without a login', async () => {
    const guest = guestFor();
    const [one, two] = await Promise.all([guest(), guest()]);
    expect(one.identityId).toBe(identityOf('guest1'));
    expect(two).toEqual(one);
    expect(await guest()).toEqual(one);
    expect(cognito.seen.map(operationOf)).toEqual(['GetId', 'GetCredentialsForIdentity']);
    expect(cognito.seen[0]?.body).toEqual({ IdentityPoolId: poolId });
    expect(cognito.seen[1]?.body).toEqual({ IdentityId: identityOf('guest1') });
  });

  it('proves the identity with a token of its own', async () => {
    const guest = guestFor();
    await guest();
    expect(await guest.getProof()).toEqual({
      identityId: identityOf('guest1'),
      openIdToken: jwt({ sub: identityOf('guest1'), amr: ['unauthenticated'] }),
    });
    expect(cognito.seen.map(operationOf).filter((name) => name === 'GetId')).toHaveLength(1);
  });

  it('gets new credentials before they expire, with the same identity', async () => {
    const time = fakeTime();
    const guest = guestFor({ environment: time.environment });
    const first = await guest();
    time.offsetMs = 55 * 60_000;
    const second = await guest();
    expect(second.accessKeyId).not.toBe(first.accessKeyId);
    expect(second.identityId).toBe(first.identityId);
  });

  it('gets new credentials when the clock was set back to before the last ones', async () => {
    const time = fakeTime();
    const guest = guestFor({ environment: time.environment });
    const first = await guest();
    time.offsetMs = -2 * 3_600_000;
    expect((await guest()).accessKeyId).not.toBe(first.accessKeyId);
  });

  it('stays the same across reloads with a store, until it is cleared', async () => {
    const storage = memoryStorage();
    const { identityId } = await guestFor({ storage })();
    const guest = guestFor({ storage });
    expect((await guest()).identityId).toBe(identityId);
    await guest.clear();
    expect(storage.entries.size).toBe(0);
    expect((await guest()).identityId).toBe(identityOf('guest2'));
  });

  it('is forgotten at once while credentials are under way, and does not come back with them', async () => {
    const { opened, open } = gate();
    cognito.reply = async (request, count) => {
      if (operationOf(request) === 'GetCredentialsForIdentity') await opened;
      return answerGuests(request, count);
    };
    const exchanges = () =>
      cognito.seen.filter(({ body }) => body.IdentityId).map(({ body }) => body.IdentityId);
    const storage = memoryStorage();
    const guest = guestFor({ storage });
    const running = failureOf(guest());
    await until(() => exchanges().length === 1);
    void guest.clear();
    const next = guest();
    expect(await running).toMatchObject({ code: 'SIGNED_OUT' });
    await until(() => exchanges().length === 2);
    const joining = guest();
    open();
    expect((await next).identityId).toBe(identityOf('guest2'));
    expect(await joining).toEqual(await next);
    expect(await guest()).toEqual(await next);
    expect(exchanges()).toEqual([identityOf('guest1'), identityOf('guest2')]);
    expect([...storage.entries.values()]).toEqual([identityOf('guest2')]);
  });

  it.each([
    ['deleted', 'ResourceNotFoundException', "Identity 'x' not found."],
    ['disabled', 'NotAuthorizedException', "Access to Identity 'x' is forbidden."],
  ])('becomes another one when the stored identity is %s', async (_, name, message) => {
    const storage = memoryStorage();
    await guestFor({ storage })();
    cognito.reply = (request, count) =>
      request.body.IdentityId === identityOf('guest1')
        ? cognitoError(name, message)
        : answerGuests(request, count);
    expect((await guestFor({ storage })()).identityId).toBe(identityOf('guest2'));
    expect([...storage.entries.values()]).toEqual([identityOf('guest2')]);
  });

  it('is refused where the pool allows none, without a second try', async () => {
    cognito.reply = () =>
      cognitoError(
        'NotAuthorizedException',
        'Unauthenticated access is not supported for this identity pool.',
      );
    expect(await failureOf(guestFor()())).toMatchObject({
      code: 'COGNITO_ERROR',
      reason: 'NotAuthorizedException',
    });
    expect(cognito.seen).toHaveLength(1);
  });

  it('tries again later after a failure', async () => {
    cognito.reply = () => cognitoError('InvalidParameterException');
    const guest = guestFor();
    await failureOf(guest());
    cognito.reply = answerGuests;
    expect((await guest()).identityId).toBe(identityOf('guest1'));
  });

  it('is asked for in the Region of the pool', async () => {
    const asked: string[] = [];
    const guest = createGuestSession({
      identityPoolId: poolId.replace('us-east-1', 'ap-southeast-2'),
      environment: {
        fetch: (url, init) => {
          asked.push(url);
          return fetch(cognito.url, init);
        },
      },
    });
    await guest.getProof();
    expect(new Set(asked)).toEqual(new Set(['https://cognito-identity.ap-southeast-2.amazonaws.com/']));
  });

  it('can be given up by its caller', async () => {
    cognito.reply = () => new Promise(() => {});
    const reason = new Error('left');
    const controller = new AbortController();
    const failure = failureOf(guestFor()({ signal: controller.signal }));
    controller.abort(reason);
    expect(await failure).toBe(reason);
  });
});

describe('handing a guest over at login', () => {
  it('sends identity and proof, keeps the id, and goes on with its credentials', async () => {
    const guest = guestFor();
    const { identityId } = await guest();
    const provider = providerFor();
    expect(await provider.linkGuest(guest)).toEqual({ identityId, linked: true });
    expect(api.seen[0]?.body.variables).toEqual({
      input: {
        guestIdentityId: identityId,
        guestOpenIdToken: jwt({ sub: identityId, amr: ['unauthenticated'] }),
      },
    });
    expect(userOf(api.seen[0] as SeenRequest)).toBe('alice');
    expect((await provider()).identityId).toBe(identityId);
    expect(api.seen).toHaveLength(1);
  });

  it('forgets the guest, who is no more', async () => {
    const storage = memoryStorage();
    const guest = guestFor({ storage });
    await providerFor().linkGuest(guest);
    expect(storage.entries.size).toBe(0);
  });

  it('falls back to the user alone when the identity cannot be used', async () => {
    api.reply = (request) =>
      request.body.query.includes('linkGuestIdentity(')
        ? refused('GUEST_IDENTITY_UNUSABLE')
        : issued('alice');
    const provider = providerFor();
    expect(await provider.linkGuest(guestFor())).toEqual({ identityId: identityOf('alice'), linked: false });
  });

  it('tells that a user who has an identity keeps that', async () => {
    api.reply = () => linkedTo(identityOf('alice'), false);
    const storage = memoryStorage();
    const linked = await providerFor().linkGuest(guestFor({ storage }));
    expect(linked).toEqual({ identityId: identityOf('alice'), linked: false });
    expect(storage.entries.size).toBe(1);
  });

  it('is not repeated when the answer is a conflict or does not come', async () => {
    api.reply = () => refused('CONFLICT');
    expect(await failureOf(providerFor().linkGuest(guestFor()))).toMatchObject({ code: 'CONFLICT' });
    api.reply = () => ({ status: 502, body: '' });
    expect(await failureOf(providerFor().linkGuest(guestFor()))).toMatchObject({ code: 'INVALID_ANSWER' });
    expect(api.seen).toHaveLength(2);
  });

  it('logs in again once when the login token is refused', async () => {
    const answer = api.reply;
    api.reply = (request, count) => (count === 1 ? refused('UNAUTHENTICATED', 401) : answer(request, count));
    const getToken: CognitoGraphQLOptions['getToken'] = ({ force }) => loginOf('alice', force ? 2 : 1);
    expect(await providerFor({ getToken }).linkGuest(guestFor())).toMatchObject({ linked: true });
    expect(api.seen).toHaveLength(2);
  });

  it('is a request of its own after one that is under way', async () => {
    const provider = providerFor();
    const [before, linked] = await Promise.all([provider(), provider.linkGuest(guestFor())]);
    expect(before.identityId).toBe(identityOf('alice'));
    expect(linked).toEqual({ identityId: identityOf('guest1'), linked: true });
    expect((await provider()).identityId).toBe(identityOf('guest1'));
  });

  it('lets the server exchange afterwards when told to', async () => {
    const expiration = new Date(Date.now() + 3_600_000).toISOString();
    const awsCredentials = { accessKeyId: 'ASIA1', secretAccessKey: 's', sessionToken: 't', expiration };
    const answer = api.reply;
    api.reply = (request, count) =>
      request.body.query.includes('awsCredentials')
        ? issued('x', { identityId: identityOf('guest1'), awsCredentials })
        : answer(request, count);
    const provider = providerFor({ exchange: 'server' });
    expect(await provider.linkGuest(guestFor())).toEqual({ identityId: identityOf('guest1'), linked: true });
    expect((await provider()).accessKeyId).toBe('ASIA1');
  });

  it('takes a proof that was obtained elsewhere', async () => {
    const proof = { identityId: identityOf('elsewhere'), openIdToken: 'token' };
    expect(await providerFor().linkGuest(guestFromProof(proof))).toEqual({
      identityId: identityOf('elsewhere'),
      linked: true,
    });
    expect(cognito.seen.map(operationOf)).toEqual(['GetCredentialsForIdentity']);
  });
});
