import { CognitoIdentityClient, GetIdCommand, GetOpenIdTokenCommand } from '@aws-sdk/client-cognito-identity';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Fault } from '../../src/emulator/index.ts';
import { type Operation, type Stack, startStack } from '../support/stack.ts';

let stack: Stack;
beforeAll(async () => {
  // Nobody here is to be refused for asking too often.
  stack = await startStack({ env: { USER_REQUESTS_PER_MINUTE: '100000' } });
});
afterAll(() => stack.stop());

const words = 'leaked-words about somebody at 10.1.2.3';
const admin = { user: 'root', scope: 'admin' };
let people = 0;
const newUser = () => {
  people += 1;
  return `user-${people}`;
};
const issue = (user: string): Operation => ({
  query: 'mutation { cognitoCredentials { identityId openIdToken } }',
  user,
});
const exchange = (user: string): Operation => ({
  query: 'mutation { cognitoCredentials { identityId awsCredentials { accessKeyId } } }',
  user,
});
async function known() {
  const user = newUser();
  const { data } = await stack.send(issue(user));
  return { user, id: data.cognitoCredentials.identityId as string };
}
async function guest() {
  const cognito = new CognitoIdentityClient({ region: 'us-east-1', endpoint: stack.cognitoUrl });
  const { IdentityId: guestIdentityId = '' } = await cognito.send(
    new GetIdCommand({ IdentityPoolId: stack.identityPoolId }),
  );
  const { Token } = await cognito.send(new GetOpenIdTokenCommand({ IdentityId: guestIdentityId }));
  return { guestIdentityId, guestOpenIdToken: Token };
}

interface Prepared extends Operation {
  /** What the answer must be when nothing is wrong. */
  readonly right: unknown;
}

/** For each field of the API that asks Cognito: an operation about people of its own. */
const fields: Readonly<Record<string, () => Promise<Prepared>>> = {
  async cognitoCredentials() {
    const user = newUser();
    const query = 'mutation { cognitoCredentials { identityId region } }';
    return { query, user, right: { cognitoCredentials: { identityId: anId, region: 'us-east-1' } } };
  },
  async awsCredentials() {
    const { user, id } = await known();
    const awsCredentials = { accessKeyId: expect.stringMatching(/^ASIA/) };
    return { ...exchange(user), right: { cognitoCredentials: { identityId: id, awsCredentials } } };
  },
  async linkGuestIdentity() {
    const input = await guest();
    const query =
      'mutation($input: LinkGuestIdentityInput!) { linkGuestIdentity(input: $input) { identityId linked } }';
    const right = { linkGuestIdentity: { identityId: input.guestIdentityId, linked: true } };
    return { query, variables: { input }, user: newUser(), right };
  },
  async me() {
    const { user, id } = await known();
    return {
      query: '{ me { userId identity { id } } }',
      user,
      right: { me: { userId: user, identity: { id } } },
    };
  },
  async identity() {
    const { user, id } = await known();
    const query = `{ identity(id: "${id}") { id developerUserIdentifiers { edges { node } } } }`;
    return {
      query,
      ...admin,
      right: { identity: { id, developerUserIdentifiers: { edges: [{ node: user }] } } },
    };
  },
  async identityByDeveloperUserIdentifier() {
    const { user, id } = await known();
    const query = `{ identityByDeveloperUserIdentifier(developerUserIdentifier: "${user}") { id logins } }`;
    return { query, ...admin, right: { identityByDeveloperUserIdentifier: { id, logins: ['login.demo'] } } };
  },
  async identities() {
    const query = '{ identities(first: 1) { edges { node { id } } } }';
    return { query, ...admin, right: { identities: { edges: [{ node: { id: anId } }] } } };
  },
  async identityPool() {
    return {
      query: '{ identityPool { id } }',
      ...admin,
      right: { identityPool: { id: stack.identityPoolId } },
    };
  },
  async mergeDeveloperIdentities() {
    const [{ user: source }, { user: destination, id }] = [await known(), await known()];
    const query = `mutation { mergeDeveloperIdentities(input: { sourceUserIdentifier: "${source}", destinationUserIdentifier: "${destination}" }) { id } }`;
    return { query, ...admin, right: { mergeDeveloperIdentities: { id } } };
  },
  async unlinkDeveloperIdentity() {
    const { user, id } = await known();
    const query = `mutation { unlinkDeveloperIdentity(input: { identityId: "${id}", developerUserIdentifier: "${user}" }) { id } }`;
    return { query, ...admin, right: { unlinkDeveloperIdentity: expect.toBeOneOf([null, { id }]) } };
  },
  async deleteIdentities() {
    const { id } = await known();
    const query = `mutation { deleteIdentities(input: { identityIds: ["${id}"] }) { deletedIdentityIds } }`;
    return { query, ...admin, right: { deleteIdentities: { deletedIdentityIds: [id] } } };
  },
};
const anId = expect.stringMatching(/^us-east-1:[0-9a-f-]{36}$/);

const failure = (name: string, message: string) => ({ error: { name, message } });
const faults: readonly (readonly [string, Omit<Fault, 'operation'>, string])[] = [
  ['throttles', failure('TooManyRequestsException', words), 'UPSTREAM_THROTTLED'],
  ['is not there', { body: `<html>${words}</html>`, status: 503 }, 'UPSTREAM_UNAVAILABLE'],
  ['breaks its answers off', { body: `{"IdentityId":"${words}`, status: 200 }, 'UPSTREAM_INVALID_RESPONSE'],
  ['refuses its server', failure('NotAuthorizedException', words), 'UPSTREAM_FORBIDDEN'],
  ['finds the server’s keys expired', failure('ExpiredTokenException', words), 'UPSTREAM_MISCONFIGURED'],
];

/** Calls that succeed, so that the circuit breaker, which is one for all, does not answer in Cognito's place. */
async function succeed(user: string): Promise<void> {
  const answers = await Promise.all(Array.from({ length: 10 }, () => stack.send(exchange(user))));
  expect(answers.flatMap(({ errors = [] }) => errors)).toEqual([]);
}

describe.each(faults)('while Cognito %s', (_name, fault, code) => {
  it.each(Object.keys(fields))('%s says so and nothing more, and works afterwards', async (field) => {
    const prepare = fields[field] as () => Promise<Prepared>;
    const [during, after] = [await prepare(), await prepare()];
    await succeed((await known()).user);

    stack.emulator.faults.add({ operation: '*', ...fault });
    const refused = await stack.send(during);
    stack.emulator.faults.clear();
    expect([...new Set(refused.errors?.map(({ extensions }) => extensions['code']))]).toEqual([code]);
    expect(refused.text).not.toContain('leaked-words');
    expect(refused.text).not.toContain('Exception');
    expect(refused.headers.get('cache-control')).toBe('no-store');
    const retryable = ['UPSTREAM_THROTTLED', 'UPSTREAM_UNAVAILABLE'].includes(code);
    expect(Number(refused.errors?.[0]?.extensions['retryAfter'] ?? 0) >= 1).toBe(retryable);

    const { right, ...operation } = after;
    const { data, errors } = await stack.send(operation);
    expect({ data, errors }).toEqual({ data: right, errors: undefined });
  });
});
