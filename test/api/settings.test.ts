import { createHmac } from 'node:crypto';
import { decodeJwt } from 'jose';
import { afterEach, describe, expect, it } from 'vitest';
import { type Stack, startStack } from '../support/stack.ts';

const query = 'mutation { cognitoCredentials { identityId openIdToken awsCredentials { accessKeyId } } }';
let stack: Stack;
afterEach(() => stack.stop());

describe('USER_ID_HMAC_KEY', () => {
  const key = 'k'.repeat(32);

  it('keeps the user id out of everything that Cognito sees', async () => {
    stack = await startStack({ env: { USER_ID_HMAC_KEY: key } });
    const { data } = await stack.send({ query, user: 'alice@example.com' });
    const claims = decodeJwt(data.cognitoCredentials.openIdToken);
    const pseudonym = createHmac('sha256', key).update('alice@example.com').digest('hex');
    expect(claims['amr']).toContain(`login.demo:${stack.identityPoolId}:${pseudonym}`);
    expect(JSON.stringify(claims)).not.toContain('alice');
    const { data: me } = await stack.send({
      query: '{ me { userId identity { id } } }',
      user: 'alice@example.com',
    });
    expect(me.me).toEqual({
      userId: 'alice@example.com',
      identity: { id: data.cognitoCredentials.identityId },
    });
  });
});

describe('PRINCIPAL_TAGS', () => {
  it('makes session tags of claims, for roles that trust them', async () => {
    stack = await startStack({ env: { PRINCIPAL_TAGS: 'tenant=sub' }, withTags: true });
    const { data, errors } = await stack.send({ query, user: 'acme' });
    expect(errors).toBeUndefined();
    expect(decodeJwt(data.cognitoCredentials.openIdToken)['https://aws.amazon.com/tags']).toEqual({
      principal_tags: { tenant: ['acme'] },
    });
    expect(data.cognitoCredentials.awsCredentials.accessKeyId).toMatch(/^ASIA/);
  });

  it('with a role that does not trust them are reported as configuration, once, and not as a lost login', async () => {
    stack = await startStack({ env: { PRINCIPAL_TAGS: 'tenant=sub' }, withTags: false });
    stack.upstreamCalls();
    const { status, data, errors } = await stack.send({ query, user: 'acme' });
    expect(status).toBe(200);
    expect(data.cognitoCredentials.awsCredentials).toBeNull();
    expect(errors?.map(({ extensions }) => extensions['code'])).toEqual(['UPSTREAM_MISCONFIGURED']);
    expect(errors?.[0]?.message).toContain('sts:TagSession');
    expect(stack.upstreamCalls().filter((name) => name === 'GetCredentialsForIdentity')).toHaveLength(1);
  });

  it('over the limits are refused by the name of the tag before anything is asked of Cognito', async () => {
    stack = await startStack({ env: { PRINCIPAL_TAGS: 'tenant=sub' }, withTags: true });
    stack.upstreamCalls();
    const user = 'x'.repeat(257);
    const { status, text } = await stack.send({ query, user });
    expect(status).toBe(401);
    expect(text).toContain('tenant');
    expect(text).not.toContain(user);
    expect(stack.upstreamCalls()).toEqual([]);
  });
});

describe('AWS_CREDENTIALS_FIELD=false', () => {
  it('refuses the selection before anything is issued', async () => {
    stack = await startStack({ env: { AWS_CREDENTIALS_FIELD: 'false' } });
    stack.upstreamCalls();
    const { errors } = await stack.send({ query, user: 'alice' });
    expect(errors?.map(({ extensions }) => extensions['code'])).toEqual(['FORBIDDEN']);
    expect(stack.upstreamCalls()).toEqual([]);
    const without = await stack.send({
      query: 'mutation { cognitoCredentials { identityId } }',
      user: 'alice',
    });
    expect(without.errors).toBeUndefined();
  });
});

describe('USER_REQUESTS_PER_MINUTE', () => {
  it('limits one user and no other, and says how long to wait', async () => {
    stack = await startStack({ env: { USER_REQUESTS_PER_MINUTE: '1' } });
    const issue = (user: string) =>
      stack.send({ query: 'mutation { cognitoCredentials { identityId } }', user });
    expect((await issue('alice')).status).toBe(200);
    const refused = await issue('alice');
    expect(refused.status).toBe(429);
    expect(Number(refused.headers.get('retry-after'))).toBe(refused.errors?.[0]?.extensions['retryAfter']);
    expect((await issue('bob')).status).toBe(200);
  });
});

it('USER_REQUESTS_PER_MINUTE counts links as well, before the proof is looked at', async () => {
  stack = await startStack({ env: { USER_REQUESTS_PER_MINUTE: '1' } });
  await stack.send({ query: 'mutation { cognitoCredentials { identityId } }', user: 'alice' });
  stack.upstreamCalls();
  const { status, errors } = await stack.send({
    query: `mutation { linkGuestIdentity(input: {
      guestIdentityId: "us-east-1:00000000-0000-4000-8000-000000000000", guestOpenIdToken: "eyJ.eyJ.x"
    }) { identityId } }`,
    user: 'alice',
  });
  expect([status, errors?.[0]?.extensions['code']]).toEqual([429, 'TOO_MANY_REQUESTS']);
  expect(stack.upstreamCalls()).toEqual([]);
});

describe('INTROSPECTION=false', () => {
  it('hides the schema, and what is near a name that is not there', async () => {
    stack = await startStack({ env: { INTROSPECTION: 'false' } });
    const asked = await stack.send({ query: '{ __schema { queryType { name } } }', user: 'alice' });
    expect([asked.status, asked.data]).toEqual([400, undefined]);
    const mistyped = await stack.send({ query: '{ mee { userId } }', user: 'alice' });
    expect(mistyped.status).toBe(400);
    expect(mistyped.text).not.toContain('Did you mean');
  });
});

describe('AUDIT_FILE', () => {
  it('that cannot be written lets nothing out, and nothing change', async () => {
    stack = await startStack({ env: { AUDIT_FILE: '/dev/full' } });
    const { status, text, errors } = await stack.send({ query, user: 'alice' });
    expect(status).toBe(503);
    expect(errors?.map(({ extensions }) => extensions['code'])).toEqual(['AUDIT_UNAVAILABLE']);
    expect(text).not.toMatch(/eyJ|ASIA|us-east-1:/);
    stack.upstreamCalls();
    const removal =
      'mutation { deleteIdentities(input: { identityIds: ["us-east-1:0"] }) { deletedIdentityIds } }';
    const refused = await stack.send({ query: removal, user: 'root', scope: 'admin' });
    expect(refused.errors?.map(({ extensions }) => extensions['code'])).toEqual(['AUDIT_UNAVAILABLE']);
    expect(stack.upstreamCalls()).toEqual([]);
    expect(await (await fetch(`${stack.app.url}/readyz`)).json()).toMatchObject({
      problems: [{ check: 'audit log' }],
    });
  });
});
