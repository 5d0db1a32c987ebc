import { readdirSync, readFileSync } from 'node:fs';
import { CognitoIdentityClient, GetIdCommand, GetOpenIdTokenCommand } from '@aws-sdk/client-cognito-identity';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Stack, startStack } from '../support/stack.ts';

/**
 * Runs every operation document of `schema/operations` against a deployment: `CONTRACT_URL` (its GraphQL endpoint) with
 * `CONTRACT_TOKEN` (an administrator's access token), or one that is started here. It leaves nothing behind that it did not make:
 * the user of the token gets an identity, as with any first request.
 */
const named = process.env['CONTRACT_URL'];
const documents = Object.fromEntries(
  readdirSync('schema/operations').map((file) => [
    file.replace('.graphql', ''),
    readFileSync(`schema/operations/${file}`, 'utf8'),
  ]),
);

let stack: Stack | undefined;
let endpoint: string;
let token: string;
beforeAll(async () => {
  if (named !== undefined) {
    endpoint = named;
    token = process.env['CONTRACT_TOKEN'] ?? '';
    return;
  }
  stack = await startStack();
  endpoint = `${stack.app.url}/graphql`;
  token = await stack.login.issueToken({ user: 'contract', scope: 'admin' });
});
afterAll(() => stack?.stop());

const ran = new Set<string>();
async function run(name: string, variables: Record<string, unknown> = {}) {
  ran.add(name);
  const response = await fetch(endpoint, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${token}` },
    body: JSON.stringify({ query: documents[name], variables }),
  });
  // biome-ignore lint/suspicious/noExplicitAny: every document has a shape of its own
  return (await response.json()) as { data?: any; errors?: { extensions: { code: string } }[] };
}

const identityId = /^[\w-]+:[0-9a-f-]{36}$/;
const instant = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{3})?Z$/;
const nobody = 'never-seen-by-the-contract-suite';

describe('the contract', () => {
  it('cognitoCredentials', async () => {
    const { data, errors } = await run('cognitoCredentials', { input: { tokenDuration: 60 } });
    expect(errors).toBeUndefined();
    expect(data.cognitoCredentials).toEqual({
      identityId: expect.stringMatching(identityId),
      openIdToken: expect.stringMatching(/^[\w-]+\.[\w-]+\.[\w-]+$/),
      expiresAt: expect.stringMatching(instant),
      region: expect.stringMatching(/^[a-z]+(-[a-z]+)+-\d$/),
      identityPoolId: expect.stringMatching(identityId),
      loginsKey: expect.stringMatching(/^cognito-identity\./),
      identityChanged: false,
    });
    expect(data.cognitoCredentials.identityId.split(':')[0]).toBe(data.cognitoCredentials.region);
  });

  it('cognitoAwsCredentials', async () => {
    const { data, errors } = await run('cognitoAwsCredentials');
    expect(errors).toBeUndefined();
    expect(data.cognitoCredentials.awsCredentials).toEqual({
      accessKeyId: expect.stringMatching(/^ASIA/),
      secretAccessKey: expect.stringMatching(/./),
      sessionToken: expect.stringMatching(/./),
      expiration: expect.stringMatching(instant),
    });
  });

  it('me and identity, which agree', async () => {
    const { data: me } = await run('me');
    expect(me.me).toMatchObject({ administrator: true, identity: { id: expect.stringMatching(identityId) } });
    const { data } = await run('identity', { id: me.me.identity.id });
    expect(data.identity).toMatchObject({
      ...me.me.identity,
      developerUserIdentifiers: { edges: [{ cursor: expect.any(String) }], pageInfo: { hasNextPage: false } },
    });
  });

  it('identityByDeveloperUserIdentifier', async () => {
    const { data, errors } = await run('identityByDeveloperUserIdentifier', {
      developerUserIdentifier: nobody,
    });
    expect(errors).toBeUndefined();
    expect(data).toEqual({ identityByDeveloperUserIdentifier: null });
  });

  it('identities', async () => {
    const { data } = await run('identities', { first: 1 });
    expect(data.identities.edges).toHaveLength(1);
    expect(data.identities.edges[0].node).toMatchObject({
      id: expect.stringMatching(identityId),
      createdAt: expect.stringMatching(instant),
    });
    expect(data.identities.pageInfo).toMatchObject({ hasPreviousPage: false, endCursor: expect.any(String) });
  });

  it('identityPool', async () => {
    const { data } = await run('identityPool');
    expect(data.identityPool).toMatchObject({
      id: expect.stringMatching(identityId),
      developerProviderName: expect.any(String),
    });
  });

  it('linkGuestIdentity', async () => {
    const cognito =
      stack &&
      new CognitoIdentityClient({
        region: 'us-east-1',
        endpoint: stack.cognitoUrl,
        credentials: { accessKeyId: 'x', secretAccessKey: 'x' },
      });
    if (cognito === undefined) {
      const input = {
        guestIdentityId: 'us-east-1:00000000-0000-4000-8000-000000000000',
        guestOpenIdToken: 'a.b.c',
      };
      const { errors } = await run('linkGuestIdentity', { input });
      expect(errors?.map(({ extensions }) => extensions.code)).toEqual(['GUEST_IDENTITY_UNUSABLE']);
      return;
    }
    const { IdentityId: guestIdentityId } = await cognito.send(
      new GetIdCommand({ IdentityPoolId: stack?.identityPoolId }),
    );
    const { Token: guestOpenIdToken } = await cognito.send(
      new GetOpenIdTokenCommand({ IdentityId: guestIdentityId }),
    );
    const { data } = await run('linkGuestIdentity', { input: { guestIdentityId, guestOpenIdToken } });
    expect(data.linkGuestIdentity).toMatchObject({ linked: false, identityChanged: true });
  });

  it.each([
    [
      'mergeDeveloperIdentities',
      { sourceUserIdentifier: nobody, destinationUserIdentifier: `${nobody}-2` },
      'NOT_FOUND',
    ],
    [
      'unlinkDeveloperIdentity',
      { identityId: 'us-east-1:00000000-0000-4000-8000-000000000000', developerUserIdentifier: nobody },
      'NOT_FOUND',
    ],
  ])('%s of somebody who does not exist', async (name, input, code) => {
    const { errors } = await run(name, { input });
    expect(errors?.map(({ extensions }) => extensions.code)).toEqual([code]);
  });

  it('deleteIdentities of an identity that does not exist', async () => {
    const { data } = await run('me');
    const region = data.me.identity.id.split(':')[0];
    const id = `${region}:00000000-0000-4000-8000-000000000000`;
    const { data: deleted } = await run('deleteIdentities', { input: { identityIds: [id] } });
    expect(deleted.deleteIdentities).toEqual({
      deletedIdentityIds: [],
      unprocessedIdentities: [{ identityId: id, reason: 'ACCESS_DENIED' }],
    });
  });

  it('has no document that was not run', () =>
    expect([...ran].sort()).toEqual(Object.keys(documents).sort()));
});
