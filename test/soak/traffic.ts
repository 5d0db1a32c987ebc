import { connect } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import { createRemoteJWKSet, decodeJwt, jwtVerify } from 'jose';
import { type Client, check, checkCode, createClient, type Reply } from './answers.ts';
import type { RotatingLogin } from './login.ts';

export interface Target {
  readonly url: string;
  readonly cognitoUrl: string;
  readonly identityPoolId: string;
  readonly login: RotatingLogin;
}

const issue = 'mutation { cognitoCredentials { identityId openIdToken expiresAt identityPoolId } }';
const issueWithKeys =
  'mutation { cognitoCredentials { identityId openIdToken expiresAt identityPoolId awsCredentials { accessKeyId expiration } } }';
const merge =
  'mutation ($input: MergeDeveloperIdentitiesInput!) { mergeDeveloperIdentities(input: $input) { id } }';
const unlink =
  'mutation ($input: UnlinkDeveloperIdentityInput!) { unlinkDeveloperIdentity(input: $input) { id } }';
const remove =
  'mutation ($input: DeleteIdentitiesInput!) { deleteIdentities(input: $input) { deletedIdentityIds } }';
const find =
  'query ($user: String!) { identityByDeveloperUserIdentifier(developerUserIdentifier: $user) { id } }';

/** Users who come back again and again. */
const regulars = 200;

/**
 * A steady mix of everything that the service is asked in a day, at some 70 requests a second: as much as leaves each user below 60 a
 * minute, and each of Cognito's quotas unused by half. Every answer is compared with the one that there has to be.
 */
export function createTraffic({ url, cognitoUrl, identityPoolId, login }: Target) {
  const client: Client = createClient(url);
  const cognitoKeys = createRemoteJWKSet(new URL('/.well-known/jwks_uri', cognitoUrl));
  const identities = new Map<string, string>();
  /** Requests whose answer held a token and whose audit record has not been seen yet. */
  const unrecorded = new Set<string>();
  let tokens = new Map<string, string>();
  let signedWith = login.kid;
  let newcomers = 0;

  /** A token of the user's, kept as apps keep them, until the login signs with another key. */
  async function tokenOf(user: string, scope?: string): Promise<string> {
    if (signedWith !== login.kid) {
      tokens = new Map();
      signedWith = login.kid;
    }
    const kept = tokens.get(user);
    if (kept !== undefined) return kept;
    const token = await login.token({ user, ...(scope && { scope }) });
    if (user.startsWith('regular-') || scope !== undefined) tokens.set(user, token);
    return token;
  }
  const asAdministrator = async (query: string, variables: object) =>
    (await client.ask(await tokenOf('root', 'admin'), query, variables)).body.data;

  /** Gets credentials and looks at all that they promise. Resolves with the identity. */
  async function credentialsOf(user: string, query = issue): Promise<string> {
    const { body, requestId }: Reply = await client.ask(await tokenOf(user), query);
    unrecorded.add(requestId);
    const { identityId, openIdToken, expiresAt, awsCredentials, ...rest } = body.data.cognitoCredentials;
    const { sub, aud, exp = 0 } = decodeJwt(openIdToken);
    check(sub === identityId && aud === identityPoolId, 'the token is for the identity and the pool');
    check(rest.identityPoolId === identityPoolId, 'the answer names the pool');
    check(Math.abs(exp * 1000 - Date.parse(expiresAt)) < 1000, 'the token ends when the answer says');
    check(exp * 1000 > Date.now() + 10_000, 'the token has life left');
    if (query === issueWithKeys) {
      check(/^ASIA/.test(awsCredentials.accessKeyId), 'the AWS credentials are temporary ones');
      await jwtVerify(openIdToken, cognitoKeys, { audience: identityPoolId });
    }
    return identityId;
  }

  async function newcomer(): Promise<void> {
    const user = `newcomer-${++newcomers}`;
    const identityId = await credentialsOf(user, newcomers % 4 === 0 ? issueWithKeys : issue);
    check(
      [...identities.values()].every((known) => known !== identityId),
      'a new user has a new identity',
    );
  }

  async function regular(): Promise<void> {
    const user = `regular-${Math.floor(Math.random() * regulars)}`;
    const identityId = await credentialsOf(user);
    check((identities.get(user) ?? identityId) === identityId, 'a user keeps the identity');
    identities.set(user, identityId);
  }

  async function queries(): Promise<void> {
    const user = `regular-${Math.floor(Math.random() * regulars)}`;
    const { body } = await client.ask(await tokenOf(user), '{ me { userId administrator } }');
    check(body.data.me.userId === user && body.data.me.administrator === false, 'me is the caller');
  }

  async function lookUps(): Promise<void> {
    const [user = '', identityId] =
      [...identities].at(Math.floor(Math.random() * identities.size)) ?? (await pause(500, []));
    if (identityId === undefined) return;
    const own = await client.ask(await tokenOf(user), '{ me { identity { id } } }');
    check(own.body.data.me.identity.id === identityId, 'me shows the identity of the caller');
    const found = await asAdministrator(find, { user });
    check(found.identityByDeveloperUserIdentifier.id === identityId, 'an administrator finds the identity');
  }

  async function intruder(): Promise<void> {
    const user = 'regular-1';
    const good = await login.token({ user });
    const tried = [
      undefined,
      'garbage',
      `${good.slice(0, -12)}${'A'.repeat(12)}`,
      await login.token({ user, life: -60 }),
      await login.token({ user, audience: 'somebody-else' }),
      await login.token({ user, issuer: 'https://login.example' }),
      await login.forgedToken({ user, scope: 'admin' }, login.kid),
      await login.forgedToken({ user }, `key-${Math.random()}`),
    ];
    const token = tried[Math.floor(Math.random() * tried.length)];
    const refusal = await client.send('POST', '/graphql', token, JSON.stringify({ query: issue }));
    checkCode(refusal, 401, 'UNAUTHENTICATED');
    check(refusal.body.data === undefined || refusal.body.data === null, 'a refusal holds no data');
  }

  async function mistakes(): Promise<void> {
    // A token for each request: over a stall the login may have taken the key of an older one away.
    const send = async (body: string) => client.send('POST', '/graphql', await tokenOf('regular-2'), body);
    checkCode(await send('{"query":"{ identityPool { id } }"}'), 200, 'FORBIDDEN');
    checkCode(await send(`{"query":"{ no${Math.random()} }"}`), 400, 'GRAPHQL_PARSE_FAILED');
    checkCode(await send(`{"query":"${'#'.repeat(200_000)}"}`), 413, 'BAD_REQUEST');
    check((await client.send('GET', `/no-${Math.random()}`)).status === 404, 'no such path');
    check((await client.send('GET', '/livez')).status === 200, 'it lives');
    check((await client.send('GET', '/readyz')).status === 200, 'it is ready');
  }

  /** Two new users become one, part again, and are deleted. */
  async function administration(): Promise<void> {
    const [source, destination] = [`merged-${++newcomers}`, `merged-${++newcomers}`];
    await credentialsOf(source);
    const kept = await credentialsOf(destination);
    const input = { sourceUserIdentifier: source, destinationUserIdentifier: destination };
    const merged = await asAdministrator(merge, { input });
    check(merged.mergeDeveloperIdentities.id === kept, 'the identity of the destination stays');
    check((await credentialsOf(source)) === kept, 'both users have one identity');
    await asAdministrator(unlink, { input: { developerUserIdentifier: source, identityId: kept } });
    const parted = await credentialsOf(source);
    check(parted !== kept, 'whoever was unlinked is somebody new');
    const gone = await asAdministrator(remove, { input: { identityIds: [kept, parted] } });
    check(gone.deleteIdentities.deletedIdentityIds.length === 2, 'both identities are deleted');
    const found = await asAdministrator(find, { user: destination });
    check(found.identityByDeveloperUserIdentifier === null, 'a deleted identity is not found');
    const page = await asAdministrator('{ identities(first: 10) { edges { node { id } } } }', {});
    check(page.identities.edges.length <= 10, 'a page is no longer than asked for');
  }

  /** Clients that go away: in the middle of what they send, or without waiting for the answer. */
  async function dropped(): Promise<void> {
    const body = JSON.stringify({ query: issue });
    const head = `POST /graphql HTTP/1.1\r\nhost: soak\r\nauthorization: Bearer ${await tokenOf(`leaver-${Math.floor(Math.random() * 50)}`)}\r\n`;
    const whole = `${head}content-type: application/json\r\ncontent-length: ${body.length}\r\n\r\n${body}`;
    const { hostname, port } = new URL(url);
    const socket = connect(Number(port), hostname);
    socket.on('error', () => {});
    await new Promise((done) => socket.once('connect', done).once('close', done));
    socket.write(Math.random() < 0.5 ? whole : whole.slice(0, Math.ceil(Math.random() * whole.length)));
    await pause(Math.random() * 40);
    if (Math.random() < 0.5) socket.resetAndDestroy();
    else socket.destroy();
  }

  const mix: Readonly<Record<string, readonly [work: () => Promise<void>, perSecond: number]>> = {
    newcomer: [newcomer, 4],
    regular: [regular, 24],
    queries: [queries, 16],
    lookUps: [lookUps, 2],
    intruder: [intruder, 8],
    mistakes: [mistakes, 1],
    administration: [administration, 0.5],
    dropped: [dropped, 6],
  };

  return {
    unrecorded,
    findings: client.findings,
    newcomers: () => newcomers,
    /** Goes on until the signal; resolves when what was begun is answered. A second's worth of each kind may be under way. */
    async run(until: AbortSignal): Promise<void> {
      await Promise.all(
        Object.entries(mix).map(async ([kind, [work, perSecond]]) => {
          const begun = new Set<Promise<void>>();
          while (!until.aborted) {
            if (begun.size < Math.max(1, perSecond)) {
              const one = client.attempt(kind, work).finally(() => begun.delete(one));
              begun.add(one);
            }
            await pause((1000 / perSecond) * (0.5 + Math.random()));
          }
          await Promise.all(begun);
        }),
      );
    },
    close: () => client.close(),
  };
}
