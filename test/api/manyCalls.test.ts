import { CognitoIdentityClient, GetIdCommand, GetOpenIdTokenCommand } from '@aws-sdk/client-cognito-identity';
import { Client } from 'undici';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { type Stack, startStack } from '../support/stack.ts';

const operation = 'GetOpenIdTokenForDeveloperIdentity';
const query = 'mutation { cognitoCredentials { identityId } }';

let stack: Stack;
beforeAll(async () => {
  stack = await startStack({
    env: { COGNITO_REQUESTS_PER_SECOND: '500', USER_REQUESTS_PER_MINUTE: '100000' },
  });
});
afterAll(() => stack.stop());
afterEach(() => stack.emulator.faults.clear());

describe('C11 many first calls at once', () => {
  const users = Array.from({ length: 100 }, (_, i) => `user-${i}`);

  /** Fifty requests at once over a connection of the user's own. */
  async function askFiftyTimes(user: string): Promise<string[]> {
    const client = new Client(stack.app.url, { pipelining: 50 });
    const authorization = `Bearer ${await stack.login.issueToken({ user })}`;
    try {
      return await Promise.all(
        Array.from({ length: 50 }, async () => {
          const { body } = await client.request({
            method: 'POST',
            path: '/graphql',
            headers: { 'content-type': 'application/json', authorization },
            body: JSON.stringify({ query }),
            // Lets them follow each other without waiting for answers.
            idempotent: true,
          });
          const { data } = (await body.json()) as { data: { cognitoCredentials: { identityId: string } } };
          return data.cognitoCredentials.identityId;
        }),
      );
    } finally {
      await client.close();
    }
  }

  it('of 100 users with 50 calls each make 100 calls at Cognito, and everybody gets their own identity', async () => {
    // Long enough that nobody is answered before everybody has asked.
    stack.emulator.faults.add({ operation, latencyMs: 1000 });
    stack.upstreamCalls();
    const answers = await Promise.all(users.map(askFiftyTimes));
    expect(stack.upstreamCalls()).toEqual(Array(100).fill(operation));

    const identities = answers.map((ids) => [...new Set(ids)]);
    expect(identities.filter((ids) => ids.length !== 1)).toEqual([]);
    expect(new Set(identities.flat()).size).toBe(100);
    const find =
      'query($user: String!) { identityByDeveloperUserIdentifier(developerUserIdentifier: $user) { id } }';
    for (const user of ['user-0', 'user-99']) {
      const { data } = await stack.send({ query: find, variables: { user }, user: 'root', scope: 'admin' });
      expect([data.identityByDeveloperUserIdentifier.id]).toEqual(identities[users.indexOf(user)]);
    }
  }, 60_000);
});

describe('C10 calls that race with a change of the identity', () => {
  const ask = async (user: string, renew = false): Promise<string> => {
    const fresh = `mutation { cognitoCredentials(input: { renew: ${renew} }) { identityId } }`;
    return (await stack.send({ query: fresh, user })).data.cognitoCredentials.identityId;
  };
  const change = async (text: string): Promise<void> => {
    const { errors } = await stack.send({ query: `mutation { ${text} }`, user: 'root', scope: 'admin' });
    expect(errors).toBeUndefined();
  };
  const link = async (user: string): Promise<string> => {
    const cognito = new CognitoIdentityClient({ region: 'us-east-1', endpoint: stack.cognitoUrl });
    const { IdentityId: guestIdentityId = '' } = await cognito.send(
      new GetIdCommand({ IdentityPoolId: stack.identityPoolId }),
    );
    const { Token: guestOpenIdToken } = await cognito.send(
      new GetOpenIdTokenCommand({ IdentityId: guestIdentityId }),
    );
    await stack.send({
      query: 'mutation($input: LinkGuestIdentityInput!) { linkGuestIdentity(input: $input) { identityId } }',
      variables: { input: { guestIdentityId, guestOpenIdToken } },
      user,
    });
    return guestIdentityId;
  };

  /** Changes the identity of a user who has this one. */
  const changes: Readonly<Record<string, (user: string, identityId: string) => Promise<unknown>>> = {
    unlink: (user, identityId) =>
      change(
        `unlinkDeveloperIdentity(input: { identityId: "${identityId}", developerUserIdentifier: "${user}" }) { id }`,
      ),
    merge: async (user) => {
      await ask(`${user}-other`);
      await change(
        `mergeDeveloperIdentities(input: { sourceUserIdentifier: "${user}", destinationUserIdentifier: "${user}-other" }) { id }`,
      );
    },
    delete: (_, identityId) =>
      change(`deleteIdentities(input: { identityIds: ["${identityId}"] }) { deletedIdentityIds }`),
    link: async (user, identityId) => {
      await changes['unlink']?.(user, identityId);
      await link(user);
    },
  };

  it.each(Object.keys(changes))('never get the old one from after the answer of a %s on', async (kind) => {
    for (let round = 0; round < 8; round += 1) {
      const user = `${kind}-${round}`;
      const old = await ask(user);
      let changed = false;
      let done = false;
      const late: string[] = [];
      const asking = Array.from({ length: 6 }, async (_, i) => {
        while (!done) {
          const afterChange = changed;
          const identityId = await ask(user, i === 0);
          if (afterChange) late.push(identityId);
        }
      });
      await changes[kind]?.(user, old);
      changed = true;
      for (let i = 0; i < 3; i += 1) late.push(await ask(user));
      done = true;
      await Promise.all(asking);
      expect(late).not.toContain(old);
      // Everybody has the same new one.
      expect(new Set(late).size).toBe(1);
    }
  });
});
