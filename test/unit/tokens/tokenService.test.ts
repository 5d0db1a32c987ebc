import { beforeEach, describe, expect, it } from 'vitest';
import type { CognitoGateway } from '../../../src/cognito/gateway.ts';
import { ServiceError } from '../../../src/errors.ts';
import type { AuditEvent } from '../../../src/telemetry/audit.ts';
import { createTokenService } from '../../../src/tokens/tokenService.ts';
import { fakeGateway, fakeToken } from '../../support/fakeGateway.ts';

const scope = { requestId: 'r', clientAddress: '::1', signal: new AbortController().signal };
const principal = { userId: 'alice', administrator: false, principalTags: {} };
const now = Date.UTC(2026, 10, 25);
const failure = (code: ConstructorParameters<typeof ServiceError>[0]) => new ServiceError(code, 'no');

let records: AuditEvent[];
let calls: string[];
/** Logins and developer user identifiers of the one guest identity; null when it is gone. */
let guest: { logins: string[]; users: string[] } | null;
/** Identities of users. */
let identities: Map<string, string>;
beforeEach(() => {
  records = [];
  calls = [];
  guest = { logins: [], users: [] };
  identities = new Map();
});

/** A pool with a guest, who can be linked; every call that changes or issues something is noted. */
function serviceWith(operations: Partial<CognitoGateway> = {}) {
  const pool: Partial<CognitoGateway> = {
    findIdentityId: async (user) => identities.get(user) ?? null,
    describeIdentity: async (identityId) =>
      guest && { identityId, logins: [...guest.logins], createdAt: now, lastModifiedAt: now },
    listDeveloperUserIdentifiers: async () => guest && { items: [...guest.users] },
    issueOpenIdToken: async ({ developerUserIdentifier: user }) =>
      fakeToken(identities.get(user) ?? 'new', now),
    linkIdentity: async ({ developerUserIdentifier, identityId }) => {
      identities.set(developerUserIdentifier, identityId);
      guest?.logins.push('login.demo');
      guest?.users.push(developerUserIdentifier);
      return fakeToken(identityId, now);
    },
    unlinkDeveloperIdentity: async ({ developerUserIdentifier }) =>
      void identities.delete(developerUserIdentifier),
    ...operations,
  };
  const noted = (name: 'issueOpenIdToken' | 'linkIdentity' | 'unlinkDeveloperIdentity') => ({
    [name]: (...argv: unknown[]) => {
      calls.push(name);
      return (pool[name] as (...all: unknown[]) => unknown)(...argv);
    },
  });
  const gateway = fakeGateway({
    ...pool,
    ...noted('issueOpenIdToken'),
    ...noted('linkIdentity'),
    ...noted('unlinkDeveloperIdentity'),
  });
  return createTokenService(
    {
      gateway,
      guestProof: async () => {},
      audit: { write: async (event) => void records.push(event) },
      userRateLimit: { take: () => {} },
    },
    { tokenDuration: 900 },
  );
}

const link = (service: ReturnType<typeof serviceWith>) =>
  service.linkGuest(principal, { guestIdentityId: 'guest', guestOpenIdToken: 't', exchange: false }, scope);
const outcomes = () => records.map(({ action, outcome }) => `${action} ${outcome}`);

describe('linking a guest', () => {
  it('gives the guest to the user, and records that it was about to', async () => {
    expect(await link(serviceWith())).toMatchObject({
      identityId: 'guest',
      linked: true,
      identityChanged: false,
    });
    expect(calls).toEqual(['linkIdentity']);
    expect(outcomes()).toEqual(['link STARTED', 'link OK', 'issue OK']);
  });

  it('is refused when the identity is gone since the proof was made', async () => {
    guest = null;
    await expect(link(serviceWith())).rejects.toMatchObject({ code: 'GUEST_IDENTITY_UNUSABLE' });
    expect(calls).toEqual([]);
  });

  it.each([
    ['another user of the provider', { logins: [], users: ['mallory'] }],
    ['somebody with a public login', { logins: ['graph.facebook.com'], users: [] }],
  ])('is refused when the identity has become that of %s', async (_, owner) => {
    guest = owner;
    await expect(link(serviceWith())).rejects.toMatchObject({ code: 'FORBIDDEN' });
    expect(calls).toEqual([]);
    expect(outcomes()).toEqual(['link STARTED', 'link FORBIDDEN']);
  });

  it.each([
    ['another user of the provider', { logins: ['login.demo'], users: ['mallory', 'alice'] }],
    ['somebody with a public login', { logins: ['graph.facebook.com', 'login.demo'], users: ['alice'] }],
  ])('is undone when at the same moment it has become that of %s', async (_, after) => {
    const undone: unknown[] = [];
    const service = serviceWith({
      linkIdentity: async ({ identityId }) => {
        guest = after;
        return fakeToken(identityId, now);
      },
      unlinkDeveloperIdentity: async (what) => void undone.push(what),
    });
    await expect(link(service)).rejects.toMatchObject({ code: 'FORBIDDEN' });
    expect(undone).toEqual([{ identityId: 'guest', developerUserIdentifier: 'alice' }]);
    expect(outcomes()).toEqual(['link STARTED', 'link FORBIDDEN']);
  });

  it('is undone when nobody can say whose it has become', async () => {
    const service = serviceWith({
      linkIdentity: async ({ identityId }) => {
        guest = null;
        return fakeToken(identityId, now);
      },
    });
    await expect(link(service)).rejects.toMatchObject({ code: 'GUEST_IDENTITY_UNUSABLE' });
    expect(calls).toEqual(['linkIdentity', 'unlinkDeveloperIdentity']);
  });

  it('leaves a user who got an identity in the meantime with that one', async () => {
    const service = serviceWith({
      linkIdentity: async () => {
        identities.set('alice', 'own');
        throw failure('CONFLICT');
      },
    });
    expect(await link(service)).toMatchObject({ identityId: 'own', linked: false, identityChanged: true });
  });

  it.each([failure('UPSTREAM_UNAVAILABLE'), new Error('a fault of ours')])(
    'that fails with %s issues nothing',
    async (error) => {
      const service = serviceWith({
        linkIdentity: async () => {
          throw error;
        },
      });
      await expect(link(service)).rejects.toBe(error);
      expect(calls).toEqual(['linkIdentity']);
    },
  );
});

describe('the exchange', () => {
  const issue = (exchangeOpenIdToken: CognitoGateway['exchangeOpenIdToken']) =>
    serviceWith({ exchangeOpenIdToken }).issue(principal, { exchange: true }, scope);

  it('that fails leaves the token in place, and its failure beside it', async () => {
    const error = failure('UPSTREAM_UNAVAILABLE');
    const answer = await issue(async () => {
      throw error;
    });
    expect(answer).toMatchObject({ identityId: 'new', awsCredentials: error });
    expect(calls).toEqual(['issueOpenIdToken']);
  });

  it('that finds the identity gone is made once more, with a new token, and no third time', async () => {
    const error = failure('NOT_FOUND');
    const answer = await issue(async () => {
      throw error;
    });
    expect(answer.awsCredentials).toBe(error);
    expect(calls).toEqual(['issueOpenIdToken', 'issueOpenIdToken']);
  });

  it.each([1, 2])('with a fault of ours at attempt %i hands out nothing', async (attempt) => {
    const fault = new TypeError('a fault of ours');
    let made = 0;
    const answer = issue(async () => {
      made += 1;
      throw made === attempt ? fault : failure('NOT_FOUND');
    });
    await expect(answer).rejects.toBe(fault);
    expect(outcomes()).toEqual(['issue INTERNAL_SERVER_ERROR']);
  });
});
