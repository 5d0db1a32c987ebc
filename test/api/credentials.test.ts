import {
  CognitoIdentityClient,
  DeleteIdentitiesCommand,
  GetCredentialsForIdentityCommand,
  GetIdCommand,
  GetOpenIdTokenCommand,
} from '@aws-sdk/client-cognito-identity';
import { GetCallerIdentityCommand, STSClient } from '@aws-sdk/client-sts';
import { decodeJwt } from 'jose';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type Stack, startStack } from '../support/stack.ts';

let stack: Stack;
beforeAll(async () => {
  stack = await startStack();
});
afterAll(() => stack.stop());
beforeEach(() => void stack.upstreamCalls());

const fields = 'identityId openIdToken expiresAt region identityPoolId loginsKey identityChanged linked';
const query = `mutation($input: CognitoCredentialsInput) { cognitoCredentials(input: $input) { ${fields} } }`;

describe('cognitoCredentials', () => {
  it('gives a user an identity with a token that yields AWS credentials', async () => {
    const { status, data } = await stack.send({ query, user: 'alice' });
    expect(status).toBe(200);
    const { identityId, openIdToken, expiresAt, region, identityPoolId, loginsKey } = data.cognitoCredentials;
    expect({ region, identityPoolId, loginsKey }).toEqual({
      region: 'us-east-1',
      identityPoolId: stack.identityPoolId,
      loginsKey: 'cognito-identity.amazonaws.com',
    });
    const claims = decodeJwt(openIdToken);
    expect(claims).toMatchObject({
      sub: identityId,
      aud: stack.identityPoolId,
      amr: ['authenticated', 'login.demo', `login.demo:${stack.identityPoolId}:alice`],
    });
    expect(expiresAt).toBe(new Date((claims.exp ?? 0) * 1000).toISOString());
    expect((claims.exp ?? 0) - (claims.iat ?? 0)).toBe(900);

    const cognito = new CognitoIdentityClient({ region, endpoint: stack.cognitoUrl });
    const { Credentials } = await cognito.send(
      new GetCredentialsForIdentityCommand({ IdentityId: identityId, Logins: { [loginsKey]: openIdToken } }),
    );
    const sts = new STSClient({
      region,
      endpoint: stack.cognitoUrl,
      credentials: {
        accessKeyId: Credentials?.AccessKeyId ?? '',
        secretAccessKey: Credentials?.SecretKey ?? '',
        sessionToken: Credentials?.SessionToken ?? '',
      },
    });
    expect((await sts.send(new GetCallerIdentityCommand({}))).Arn).toBe(
      'arn:aws:sts::000000000000:assumed-role/test-us-east-1-authenticated/CognitoIdentityCredentials',
    );
  });

  it('gives the same user the same identity and another user another', async () => {
    const idOf = async (user: string) =>
      (await stack.send({ query, user })).data.cognitoCredentials.identityId;
    const carol = await idOf('carol');
    expect(await idOf('carol')).toBe(carol);
    expect(await idOf('Carol')).not.toBe(carol);
    expect(await idOf('dave')).not.toBe(carol);
  });

  it('exchanges the token only when awsCredentials is selected', async () => {
    await stack.send({ query, user: 'erin' });
    expect(stack.upstreamCalls()).not.toContain('GetCredentialsForIdentity');

    const withCredentials = `mutation {
      cognitoCredentials { ...part }
    }
    fragment part on CognitoCredentials {
      identityId
      awsCredentials { accessKeyId secretAccessKey sessionToken expiration }
    }`;
    const { data } = await stack.send({ query: withCredentials, user: 'erin' });
    const { awsCredentials } = data.cognitoCredentials;
    expect(awsCredentials.accessKeyId).toMatch(/^ASIA/);
    expect(awsCredentials.expiration).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.000Z$/);
    expect(stack.upstreamCalls().filter((name) => name === 'GetCredentialsForIdentity')).toHaveLength(1);
  });

  it('does not exchange when the selection is skipped', async () => {
    const skipped = `mutation($no: Boolean!) { cognitoCredentials { identityId awsCredentials @include(if: $no) { accessKeyId } } }`;
    const { data } = await stack.send({ query: skipped, variables: { no: false }, user: 'erin' });
    expect(Object.keys(data.cognitoCredentials)).toEqual(['identityId']);
    expect(stack.upstreamCalls()).not.toContain('GetCredentialsForIdentity');
  });

  it('gives a token of the wanted life, up to the configured one', async () => {
    const { data } = await stack.send({ query, user: 'frank', variables: { input: { tokenDuration: 60 } } });
    const { exp = 0, iat = 0 } = decodeJwt(data.cognitoCredentials.openIdToken);
    expect(exp - iat).toBe(60);
  });

  it.each([59, 901, 0, -1])(
    'refuses a life of %d seconds by the name of the field',
    async (tokenDuration) => {
      const { status, errors } = await stack.send({
        query,
        user: 'frank',
        variables: { input: { tokenDuration } },
      });
      expect(status).toBe(200);
      expect(errors).toEqual([
        {
          message: 'Invalid input: input.tokenDuration must be between 60 and 900 seconds.',
          locations: expect.any(Array),
          path: ['cognitoCredentials'],
          extensions: {
            code: 'BAD_USER_INPUT',
            problems: [{ field: 'input.tokenDuration', rule: 'must be between 60 and 900 seconds' }],
          },
        },
      ]);
      expect(stack.upstreamCalls()).toEqual([]);
    },
  );

  it('takes no user id from anywhere but the access token', async () => {
    for (const argument of [
      'userId: "x"',
      'input: { userId: "x" }',
      'input: { developerUserIdentifier: "x" }',
    ]) {
      const { errors } = await stack.send({
        query: `mutation { cognitoCredentials(${argument}) { identityId } }`,
        user: 'grace',
      });
      expect(errors?.[0]?.extensions['code']).toBe('GRAPHQL_VALIDATION_FAILED');
    }
    expect(stack.upstreamCalls()).toEqual([]);
  });

  it('tells a client that its identity is another one now', async () => {
    const first = (await stack.send({ query, user: 'heidi' })).data.cognitoCredentials;
    const ask = async (previousIdentityId: string) =>
      (await stack.send({ query, user: 'heidi', variables: { input: { previousIdentityId } } })).data
        .cognitoCredentials.identityChanged;
    expect(first.identityChanged).toBe(false);
    expect(await ask(first.identityId)).toBe(false);
    expect(await ask('us-east-1:00000000-0000-4000-8000-000000000000')).toBe(true);
  });
});

describe('linkGuestIdentity', () => {
  const linkQuery = `mutation($input: LinkGuestIdentityInput!) { linkGuestIdentity(input: $input) { ${fields} } }`;
  const guest = async () => {
    const cognito = new CognitoIdentityClient({ region: 'us-east-1', endpoint: stack.cognitoUrl });
    const { IdentityId: guestIdentityId = '' } = await cognito.send(
      new GetIdCommand({ IdentityPoolId: stack.identityPoolId }),
    );
    const { Token: guestOpenIdToken = '' } = await cognito.send(
      new GetOpenIdTokenCommand({ IdentityId: guestIdentityId }),
    );
    return { guestIdentityId, guestOpenIdToken };
  };
  const link = (user: string, input: Awaited<ReturnType<typeof guest>>) =>
    stack.send({ query: linkQuery, user, variables: { input } });
  const ownId = async (user: string) =>
    (await stack.send({ query, user })).data.cognitoCredentials.identityId;

  it("makes the guest's identity the user's own, with the same id", async () => {
    const input = await guest();
    const { data } = await link('ivan', input);
    expect(data.linkGuestIdentity).toMatchObject({
      identityId: input.guestIdentityId,
      linked: true,
      identityChanged: false,
    });
    expect(decodeJwt(data.linkGuestIdentity.openIdToken)).toMatchObject({
      sub: input.guestIdentityId,
      amr: expect.arrayContaining(['authenticated']),
    });
    expect(await ownId('ivan')).toBe(input.guestIdentityId);
  });

  it('leaves a user who has an identity with that one', async () => {
    const own = await ownId('judy');
    const { data } = await link('judy', await guest());
    expect(data.linkGuestIdentity).toMatchObject({ identityId: own, linked: false, identityChanged: true });
  });

  it('can be repeated by the same user', async () => {
    const input = await guest();
    await link('kate', input);
    const { data } = await link('kate', input);
    expect(data.linkGuestIdentity).toMatchObject({ identityId: input.guestIdentityId, linked: true });
  });

  it("refuses the identity that another user has made theirs, however fresh the guest's token", async () => {
    const input = await guest();
    await link('leo', input);
    stack.upstreamCalls();
    const { data, errors } = await link('mallory', input);
    // Refused beforehand, not linked and undone.
    expect(stack.upstreamCalls()).not.toContain('GetOpenIdTokenForDeveloperIdentity');
    expect(data).toBeNull();
    expect(errors?.[0]?.extensions['code']).toBe('FORBIDDEN');
    expect(await ownId('mallory')).not.toBe(input.guestIdentityId);
    expect(await ownId('leo')).toBe(input.guestIdentityId);
  });

  it('gives a guest to at most one of two users who ask at once', async () => {
    const input = await guest();
    // Both find the guest free before either has linked it.
    stack.emulator.faults.add({ operation: 'GetOpenIdTokenForDeveloperIdentity', latencyMs: 300, times: 2 });
    await Promise.all([link('nick', input), link('olga', input)]);
    const ids = [await ownId('nick'), await ownId('olga')];
    expect(ids[0]).not.toBe(ids[1]);
  });

  it('refuses a proof of another guest, and changes nothing', async () => {
    const [victim, attacker] = [await guest(), await guest()];
    const { errors } = await link('peggy', { ...victim, guestOpenIdToken: attacker.guestOpenIdToken });
    expect(errors?.[0]?.extensions['code']).toBe('FORBIDDEN');
    expect(stack.upstreamCalls()).not.toContain('GetOpenIdTokenForDeveloperIdentity');
  });

  it("refuses a user's own token as proof of a guest", async () => {
    const { identityId, openIdToken } = (await stack.send({ query, user: 'quentin' })).data
      .cognitoCredentials;
    const { errors } = await link('rupert', { guestIdentityId: identityId, guestOpenIdToken: openIdToken });
    expect(errors?.[0]?.extensions['code']).toBe('FORBIDDEN');
    expect(await ownId('rupert')).not.toBe(identityId);
  });

  it('calls a bad proof unusable and does not quote it', async () => {
    const { guestIdentityId } = await guest();
    const { errors, text } = await link('sybil', {
      guestIdentityId,
      guestOpenIdToken: 'c2VjcmV0.c2VjcmV0.c2VjcmV0',
    });
    expect(errors?.[0]?.extensions['code']).toBe('GUEST_IDENTITY_UNUSABLE');
    expect(text).not.toContain('c2VjcmV0');
  });
});

describe('an identity that was deleted behind our back', () => {
  const remove = async (identityId: string) => {
    await stack.clients.cognito.send(new DeleteIdentitiesCommand({ IdentityIdsToDelete: [identityId] }));
  };
  const withCredentials =
    'mutation { cognitoCredentials { identityId openIdToken awsCredentials { accessKeyId } } }';

  it('is noticed at the exchange, and the whole answer is about the new one', async () => {
    const { identityId } = (await stack.send({ query: withCredentials, user: 'ursula' })).data
      .cognitoCredentials;
    await remove(identityId);
    const { data, errors } = await stack.send({ query: withCredentials, user: 'ursula' });
    expect(errors).toBeUndefined();
    expect(data.cognitoCredentials.identityId).not.toBe(identityId);
    expect(decodeJwt(data.cognitoCredentials.openIdToken).sub).toBe(data.cognitoCredentials.identityId);
    expect(data.cognitoCredentials.awsCredentials.accessKeyId).toMatch(/^ASIA/);
  });

  it('is left behind when the client asks for a renewal', async () => {
    const { identityId } = (await stack.send({ query, user: 'victor' })).data.cognitoCredentials;
    await remove(identityId);
    const input = { previousIdentityId: identityId, renew: true };
    const { data } = await stack.send({ query, user: 'victor', variables: { input } });
    expect(data.cognitoCredentials.identityId).not.toBe(identityId);
    expect(data.cognitoCredentials.identityChanged).toBe(true);
  });
});

describe('a pool whose role cannot be assumed', () => {
  it('keeps the token and says at awsCredentials what is wrong', async () => {
    stack.emulator.faults.add({
      operation: 'GetCredentialsForIdentity',
      error: {
        name: 'InvalidIdentityPoolConfigurationException',
        message: 'Check assigned IAM roles for this pool.',
      },
    });
    const { status, data, errors } = await stack.send({
      query: 'mutation { cognitoCredentials { identityId awsCredentials { accessKeyId } } }',
      user: 'wendy',
    });
    stack.emulator.faults.clear();
    expect(status).toBe(200);
    expect(data.cognitoCredentials).toEqual({
      identityId: expect.stringMatching(/^us-east-1:/),
      awsCredentials: null,
    });
    expect(errors).toMatchObject([
      { path: ['cognitoCredentials', 'awsCredentials'], extensions: { code: 'UPSTREAM_MISCONFIGURED' } },
    ]);
    expect(errors?.[0]?.message).toContain('sts:TagSession');
  });
});
