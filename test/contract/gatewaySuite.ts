import { decodeJwt } from 'jose';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { CognitoGateway } from '../../src/cognito/gateway.ts';
import { createGuestProofVerifier } from '../../src/cognito/guestProof.ts';
import { createEmulator, type Emulator } from '../../src/emulator/index.ts';

export const pool = 'us-east-1:11111111-2222-4333-8444-555555555555';
const otherPool = 'us-east-1:99999999-2222-4333-8444-555555555555';
const absent = 'us-east-1:dddddddd-2222-4333-8444-555555555555';
export const provider = 'login.demo';
const loginsKey = 'cognito-identity.amazonaws.com';
const never = new AbortController().signal;

const trustPolicy = (actions: readonly string[]) =>
  JSON.stringify({
    Version: '2012-10-17',
    Statement: [
      {
        Effect: 'Allow',
        Principal: { Federated: loginsKey },
        Action: actions,
        Condition: {
          StringEquals: { [`${loginsKey}:aud`]: pool },
          'ForAnyValue:StringLike': { [`${loginsKey}:amr`]: 'authenticated' },
        },
      },
    ],
  });

const role = (name: string) => `arn:aws:iam::000000000000:role/${name}`;

const seed = {
  Pools: [
    {
      IdentityPoolId: pool,
      IdentityPoolName: 'demo',
      AllowUnauthenticatedIdentities: true,
      DeveloperProviderName: provider,
      Roles: { authenticated: role('users') },
    },
  ],
  Roles: [{ RoleName: 'users', AssumeRolePolicyDocument: trustPolicy(['sts:AssumeRoleWithWebIdentity']) }],
};

export interface GatewaySettings {
  readonly endpoint: string;
  readonly identityPoolId?: string;
  readonly developerProviderName?: string;
  readonly accessKeyId?: string;
}

const request = (user: string, principalTags: Record<string, string> = {}) => ({
  developerUserIdentifier: user,
  tokenDuration: 900,
  principalTags,
});

/** What every gateway does, whatever it is wrapped in, seen against a Cognito that verifies signatures. */
export function describeGateway(name: string, create: (settings: GatewaySettings) => CognitoGateway): void {
  describe(name, () => {
    let emulator: Emulator;
    let endpoint: string;
    let gateway: CognitoGateway;

    beforeAll(async () => {
      emulator = createEmulator({ seed });
      endpoint = (await emulator.listen()).url;
    });
    afterAll(() => emulator.close());
    beforeEach(async () => {
      await emulator.reset();
      gateway = create({ endpoint });
    });

    /** An unsigned call as a browser makes it. */
    async function publicCall(operation: string, body: unknown) {
      const response = await fetch(endpoint, {
        method: 'POST',
        headers: {
          'content-type': 'application/x-amz-json-1.1',
          'x-amz-target': `AWSCognitoIdentityService.${operation}`,
        },
        body: JSON.stringify(body),
      });
      return (await response.json()) as { IdentityId: string; Token: string };
    }
    const guest = async () => {
      const { IdentityId } = await publicCall('GetId', { IdentityPoolId: pool });
      return publicCall('GetOpenIdToken', { IdentityId });
    };

    it('gives a user the same identity every time, and another user another one', async () => {
      const first = await gateway.issueOpenIdToken(request('alice'), never);
      const second = await gateway.issueOpenIdToken({ ...request('alice'), tokenDuration: 600 }, never);
      const bob = await gateway.issueOpenIdToken(request('bob'), never);

      expect(second.identityId).toBe(first.identityId);
      expect(bob.identityId).not.toBe(first.identityId);
      const claims = decodeJwt(first.openIdToken);
      expect(claims).toMatchObject({
        sub: first.identityId,
        aud: pool,
        amr: ['authenticated', provider, `${provider}:${pool}:alice`],
      });
      expect(first.expiresAt).toBe((claims.exp ?? 0) * 1000);
      expect((claims.exp ?? 0) - (claims.iat ?? 0)).toBe(900);
    });

    it('exchanges the token for credentials of the role', async () => {
      const token = await gateway.issueOpenIdToken(request('alice'), never);
      const credentials = await gateway.exchangeOpenIdToken(token, never);

      expect(credentials.accessKeyId).toMatch(/^ASIA/);
      expect(credentials.expiration - emulator.clock.now()).toBeGreaterThan(3_500_000);
      expect(credentials.expiration - emulator.clock.now()).toBeLessThanOrEqual(3_600_000);
    });

    it('tells a trust policy without sts:TagSession when tags are used', async () => {
      const token = await gateway.issueOpenIdToken(request('alice', { team: 'blue' }), never);
      await expect(gateway.exchangeOpenIdToken(token, never)).rejects.toMatchObject({
        code: 'UPSTREAM_MISCONFIGURED',
        message: expect.stringContaining('sts:TagSession'),
      });
    });

    it('finds users and identities, and answers null for what does not exist', async () => {
      const { identityId } = await gateway.issueOpenIdToken(request('alice'), never);

      expect(await gateway.findIdentityId('alice', never)).toBe(identityId);
      expect(await gateway.findIdentityId('nobody', never)).toBeNull();
      expect(await gateway.describeIdentity(identityId, never)).toMatchObject({ identityId });
      expect(await gateway.describeIdentity(absent, never)).toBeNull();
      expect(await gateway.listDeveloperUserIdentifiers(absent, { maxResults: 10 }, never)).toBeNull();
      expect(await gateway.describeIdentityPool(never)).toEqual({
        identityPoolId: pool,
        name: 'demo',
        developerProviderName: provider,
        allowsGuests: true,
        allowsClassicFlow: expect.any(Boolean),
      });
    });

    it('pages through identities, and refuses a made-up cursor', async () => {
      const made = [];
      for (const user of ['a', 'b', 'c']) {
        made.push((await gateway.issueOpenIdToken(request(user), never)).identityId);
      }
      const seen: string[] = [];
      let nextToken: string | undefined;
      do {
        const page = await gateway.listIdentities(
          { maxResults: 2, hideDisabled: true, ...(nextToken !== undefined && { nextToken }) },
          never,
        );
        seen.push(...page.items.map(({ identityId }) => identityId));
        nextToken = page.nextToken;
      } while (nextToken !== undefined);
      expect(seen.sort()).toEqual(made.sort());

      await expect(
        gateway.listIdentities({ maxResults: 2, hideDisabled: true, nextToken: 'made-up' }, never),
      ).rejects.toMatchObject({ code: 'BAD_USER_INPUT' });
    });

    it('links a guest identity to a new user, whose identity it is from then on', async () => {
      const { IdentityId } = await guest();
      const linked = await gateway.linkIdentity({ ...request('alice'), identityId: IdentityId }, never);

      expect(linked.identityId).toBe(IdentityId);
      expect((await gateway.issueOpenIdToken(request('alice'), never)).identityId).toBe(IdentityId);
      expect(await gateway.listDeveloperUserIdentifiers(IdentityId, { maxResults: 10 }, never)).toEqual({
        items: ['alice'],
      });
    });

    it('does not link a second identity to a user, nor one that does not exist', async () => {
      await gateway.issueOpenIdToken(request('alice'), never);
      const { IdentityId } = await guest();

      await expect(
        gateway.linkIdentity({ ...request('alice'), identityId: IdentityId }, never),
      ).rejects.toMatchObject({ code: 'CONFLICT' });
      await expect(
        gateway.linkIdentity({ ...request('bob'), identityId: absent }, never),
      ).rejects.toMatchObject({ code: 'GUEST_IDENTITY_UNUSABLE' });
    });

    it('proves a guest by the token that Cognito issued to it, until it is somebody', async () => {
      const verify = createGuestProofVerifier({
        issuer: `https://${loginsKey}`,
        jwksUri: `${endpoint}/.well-known/jwks_uri`,
        identityPoolId: pool,
      });
      const { IdentityId, Token } = await guest();
      await expect(verify(IdentityId, Token, never)).resolves.toBeUndefined();

      const alice = await gateway.issueOpenIdToken(request('alice'), never);
      await expect(verify(alice.identityId, Token, never)).rejects.toMatchObject({ code: 'FORBIDDEN' });
      await expect(verify(alice.identityId, alice.openIdToken, never)).rejects.toMatchObject({
        code: 'FORBIDDEN',
      });
    });

    it('after unlinking, merging and deleting, the next token is for the identity that counts', async () => {
      const identityOf = async (user: string) =>
        (await gateway.issueOpenIdToken(request(user), never)).identityId;
      const first = await identityOf('alice');
      const bob = await identityOf('bob');

      await gateway.unlinkDeveloperIdentity({ identityId: first, developerUserIdentifier: 'alice' }, never);
      const second = await identityOf('alice');
      expect(second).not.toBe(first);

      const users = { sourceUserIdentifier: 'alice', destinationUserIdentifier: 'bob' };
      expect(await gateway.mergeDeveloperIdentities(users, never)).toBe(bob);
      expect(await identityOf('alice')).toBe(bob);

      expect(await gateway.deleteIdentities([bob], never)).toEqual([]);
      const third = await identityOf('alice');
      expect([first, second, bob]).not.toContain(third);
    });

    it('an identity deleted behind the back is noticed at the exchange, and the next token is good', async () => {
      const stale = await gateway.issueOpenIdToken(request('alice'), never);
      await create({ endpoint }).deleteIdentities([stale.identityId], never);

      await expect(gateway.exchangeOpenIdToken(stale, never)).rejects.toMatchObject({ code: 'NOT_FOUND' });
      const fresh = await gateway.issueOpenIdToken(request('alice'), never);
      expect(fresh.identityId).not.toBe(stale.identityId);
      expect((await gateway.exchangeOpenIdToken(fresh, never)).accessKeyId).toMatch(/^ASIA/);
    });

    it('tells wrong settings apart: pool, provider, keys', async () => {
      const codes = [];
      for (const settings of [
        { identityPoolId: otherPool },
        { developerProviderName: 'login.other' },
        { accessKeyId: 'AKIAWRONG' },
      ]) {
        const error = await create({ endpoint, ...settings })
          .issueOpenIdToken(request('alice'), never)
          .catch((reason) => reason);
        codes.push([error.code, /COGNITO_\w+|credentials/.exec(error.message)?.[0]]);
      }
      expect(codes).toEqual([
        ['UPSTREAM_MISCONFIGURED', 'COGNITO_IDENTITY_POOL_ID'],
        ['UPSTREAM_MISCONFIGURED', 'COGNITO_DEVELOPER_PROVIDER_NAME'],
        ['UPSTREAM_MISCONFIGURED', 'credentials'],
      ]);
    });

    it('issues tokens for user ids of every kind, byte for byte', async () => {
      const users = ['Alice', 'alice', 'alice ', '__proto__', 'a:b', '"', 'ü', 'u\u0308', 'x'.repeat(1024)];
      const ids = [];
      for (const user of users) ids.push((await gateway.issueOpenIdToken(request(user), never)).identityId);
      expect(new Set(ids).size).toBe(users.length);
      for (const [i, user] of users.entries()) expect(await gateway.findIdentityId(user, never)).toBe(ids[i]);
    });
  });
}
