import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { DemoSession, type ShownExchange } from '../../../src/demo/page/demoSession.ts';
import { gate, until } from '../client/clientStage.ts';
import {
  exchanged,
  failureOf,
  identityOf,
  issued,
  jwt,
  loginOf,
  poolId,
  type Reply,
  refused,
  type SeenRequest,
  startServer,
  type TestServer,
  userOf,
} from '../client/testServers.ts';

let login: TestServer;
let api: TestServer;
let cognito: TestServer;
let session: DemoSession;
let shown: ShownExchange[];

/** Name that a login asks for. */
const nameIn = ({ body }: SeenRequest) => new URLSearchParams(body).get('username') ?? '';
const signedIn = (request: SeenRequest): Reply => ({ body: { access_token: loginOf(nameIn(request)) } });

/** Holds back the answers to one user's logins until they are let go. */
function holdLoginsOf(user: string) {
  const { opened, open } = gate();
  login.reply = async (request) => {
    if (nameIn(request) === user) await opened;
    return signedIn(request);
  };
  return open;
}

beforeEach(async () => {
  login = await startServer(signedIn);
  api = await startServer((request) => {
    const answer = issued(userOf(request), { linked: true });
    if (!request.body.query.includes('linkGuestIdentity(')) return answer;
    const { guestIdentityId: identityId } = request.body.variables.input;
    const { cognitoCredentials } = (issued('x', { identityId, linked: true }).body as { data: never }).data;
    return { body: { data: { linkGuestIdentity: cognitoCredentials } } };
  });
  cognito = await startServer(({ body, headers }, count) => {
    const operation = String(headers['x-amz-target']).split('.')[1];
    if (operation === 'GetId') return { body: { IdentityId: identityOf('guest') } };
    if (operation === 'GetOpenIdToken') {
      return { body: { IdentityId: body.IdentityId, Token: jwt({ sub: body.IdentityId }) } };
    }
    return exchanged(body.IdentityId, count);
  });
  shown = [];
  session = new DemoSession(
    {
      graphqlEndpoint: api.url,
      cognitoEndpoint: cognito.url,
      loginTokenEndpoint: login.url,
      identityPoolId: poolId,
      region: 'us-east-1',
    } as ConstructorParameters<typeof DemoSession>[0],
    (exchange) => shown.push(exchange),
  );
});
afterEach(async () => {
  await Promise.all([login, api, cognito].map((server) => server.close()));
});

describe('a session of the demo page', () => {
  it('gets credentials for the user who signed in, and shows the exchange with the API', async () => {
    expect(await session.signIn('alice')).toBeUndefined();
    expect((await session.credentials()).identityId).toBe(identityOf('alice'));
    expect(session.state).toEqual({ kind: 'user', user: 'alice' });
    expect(shown.map(({ status, answer }) => [status, JSON.parse(answer).data !== undefined])).toEqual([
      [200, true],
    ]);
  });

  it('hands the identity of a guest over at the login, and tells whether it stayed', async () => {
    session.beGuest();
    const guest = await session.credentials();
    expect(await session.signIn('alice')).toEqual({ identityId: guest.identityId, linked: true });
    expect(session.state).toEqual({ kind: 'user', user: 'alice' });
  });

  it('tells why a login was refused, and stays as it was', async () => {
    login.reply = () => ({ status: 400, body: { error: 'invalid_grant', error_description: 'No.' } });
    expect(await failureOf(session.signIn('alice'))).toMatchObject({
      code: 'LOGIN_FAILED',
      message: 'The demo login refused: No..',
    });
    expect(session.state).toEqual({ kind: 'nobody' });
  });
});

describe('signing out while a login is under way', () => {
  it.each([
    ['with nobody signed in before', undefined],
    ['with another user signed in before', 'bob'],
  ])('voids that login, %s', async (_, before) => {
    if (before) {
      await session.signIn(before);
      await session.credentials();
    }
    const asked = api.seen.length;
    const letGo = holdLoginsOf('alice');
    const signingIn = failureOf(session.signIn('alice'));
    await until(() => login.seen.some((request) => nameIn(request) === 'alice'));
    await session.signOut();
    letGo();
    expect(await signingIn).toMatchObject({ code: 'USER_CHANGED' });
    expect(session.state).toEqual({ kind: 'nobody' });
    expect((await failureOf(session.credentials()))['code']).toMatch(/^SIGN/);
    expect(api.seen).toHaveLength(asked);
  });

  it('does not stop the next login', async () => {
    const letGo = holdLoginsOf('alice');
    const signingIn = failureOf(session.signIn('alice'));
    await until(() => login.seen.length === 1);
    await session.signOut();
    await session.signIn('bob');
    letGo();
    expect(await signingIn).toMatchObject({ code: 'USER_CHANGED' });
    expect(session.state).toEqual({ kind: 'user', user: 'bob' });
    expect((await session.credentials()).identityId).toBe(identityOf('bob'));
  });
});

it('lets the later of two logins win, whichever is answered first', async () => {
  const letGo = holdLoginsOf('alice');
  const first = failureOf(session.signIn('alice'));
  await until(() => login.seen.length === 1);
  await session.signIn('bob');
  letGo();
  expect(await first).toMatchObject({ code: 'USER_CHANGED' });
  expect((await session.credentials()).identityId).toBe(identityOf('bob'));
});

it('lets a visitor be a guest while a login is under way, which then counts for nothing', async () => {
  const letGo = holdLoginsOf('alice');
  const signingIn = failureOf(session.signIn('alice'));
  await until(() => login.seen.length === 1);
  session.beGuest();
  letGo();
  expect(await signingIn).toMatchObject({ code: 'USER_CHANGED' });
  expect(session.state.kind).toBe('guest');
  expect((await session.credentials()).identityId).toBe(identityOf('guest'));
});

it('does not show an answer that comes after the user has gone', async () => {
  const { opened, open } = gate();
  api.reply = async (request) => {
    if (userOf(request) === 'alice') await opened;
    return issued(userOf(request));
  };
  await session.signIn('alice');
  const asking = failureOf(session.credentials());
  await until(() => api.seen.length === 1);
  await session.signIn('bob');
  open();
  await session.credentials();
  await asking;
  expect(shown.map(({ answer }) => JSON.parse(answer).data.cognitoCredentials.identityId)).toEqual([
    identityOf('bob'),
  ]);
});

it('goes on with the new token after the API refused the old one', async () => {
  login.reply = (request) => ({ body: { access_token: loginOf(nameIn(request), login.seen.length) } });
  api.reply = (request, count) => (count === 1 ? refused('UNAUTHENTICATED', 401) : issued(userOf(request)));
  await session.signIn('alice');
  await session.credentials();
  await session.credentials(true);
  const bearers = api.seen.map(({ headers }) => headers.authorization);
  expect(bearers).toEqual([1, 2, 2].map((version) => `Bearer ${loginOf('alice', version)}`));
});

it('does not take the new token of a user who has gone since it was asked for', async () => {
  await session.signIn('alice');
  api.reply = (request) =>
    userOf(request) === 'alice' ? refused('UNAUTHENTICATED', 401) : issued(userOf(request));
  const letGo = holdLoginsOf('alice');
  const asking = failureOf(session.credentials());
  await until(() => login.seen.length === 2);
  await session.signIn('bob');
  letGo();
  await asking;
  expect((await session.credentials()).identityId).toBe(identityOf('bob'));
  expect(api.seen.slice(1).map(userOf)).toEqual(['bob']);
});

it('forgets a guest who signs out', async () => {
  session.beGuest();
  const { guest } = session.state as { guest: () => Promise<unknown> };
  await session.credentials();
  await session.signOut();
  expect(session.state).toEqual({ kind: 'nobody' });
  await guest();
  expect(cognito.seen.filter(({ headers }) => /GetId$/.test(String(headers['x-amz-target'])))).toHaveLength(
    2,
  );
});
