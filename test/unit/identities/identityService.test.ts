import { beforeEach, describe, expect, it } from 'vitest';
import type { CognitoGateway, IdentityDescription } from '../../../src/cognito/gateway.ts';
import { createIdentityReader } from '../../../src/identities/identityReader.ts';
import { createIdentityService, type IdentityRequest } from '../../../src/identities/identityService.ts';
import type { AuditEvent } from '../../../src/telemetry/audit.ts';
import { fakeGateway } from '../../support/fakeGateway.ts';

const described = (identityId: string): IdentityDescription => ({
  identityId,
  logins: [],
  createdAt: 0,
  lastModifiedAt: 0,
});

/** A pool that knows alice alone; every look and every change is noted. */
let seen: string[];
let known: Set<string>;
const records: AuditEvent[] = [];
const gateway: CognitoGateway = fakeGateway({
  async findIdentityId(user) {
    seen.push(`find ${user}`);
    return known.has(user) ? `id of ${user}` : null;
  },
  async describeIdentity(id) {
    seen.push(`describe ${id}`);
    return known.has(id.replace('id of ', '')) ? described(id) : null;
  },
  async listDeveloperUserIdentifiers(id) {
    seen.push(`users of ${id}`);
    return known.has(id.replace('id of ', '')) ? { items: ['alice'] } : null;
  },
  async listIdentities() {
    seen.push('list');
    return { items: [described('id of alice')] };
  },
  async describeIdentityPool() {
    seen.push('pool');
    return { identityPoolId: 'p', name: 'n', allowsGuests: true, allowsClassicFlow: true } as never;
  },
  async mergeDeveloperIdentities({ destinationUserIdentifier }) {
    seen.push('merge');
    return `id of ${destinationUserIdentifier}`;
  },
  async unlinkDeveloperIdentity() {
    seen.push('unlink');
  },
  async deleteIdentities() {
    seen.push('delete');
    known.clear();
    return [];
  },
});
const service = createIdentityService(
  { gateway, audit: { write: async (event) => void records.push(event) } },
  {},
);
beforeEach(() => {
  seen = [];
  known = new Set(['alice']);
  records.length = 0;
});

function requestOf(userId: string, administrator = false): IdentityRequest {
  const { signal } = new AbortController();
  return {
    principal: { userId, administrator, principalTags: {} },
    identities: createIdentityReader(gateway, signal),
    requestId: 'r',
    clientAddress: '::1',
    signal,
  };
}
const page = { maxResults: 20 };
const merge = { sourceUserIdentifier: 'bob', destinationUserIdentifier: 'alice' };
const unlink = { identityId: 'id of alice', developerUserIdentifier: 'alice' };

describe("another user's identity", () => {
  it('is null like one that does not exist, after the same look', async () => {
    expect(await service.byId('id of alice', requestOf('bob'))).toBeNull();
    const looks = seen.splice(0);
    expect(await service.byId('id of nobody', requestOf('bob'))).toBeNull();
    expect([looks, seen]).toEqual([['find bob'], ['find bob']]);
  });

  it('does not tell its users', async () => {
    await expect(
      service.developerUserIdentifiers('id of alice', page, requestOf('bob')),
    ).rejects.toMatchObject({ code: 'FORBIDDEN' });
    expect(seen).toEqual(['find bob']);
  });

  it('is seen by administrators, without a look at their own', async () => {
    expect(await service.byId('id of alice', requestOf('root', true))).toEqual(described('id of alice'));
    expect(await service.developerUserIdentifiers('id of alice', page, requestOf('root', true))).toEqual({
      items: ['alice'],
    });
    expect(seen).toEqual(['describe id of alice', 'users of id of alice']);
  });
});

describe('a user of their own', () => {
  it('sees identity and users', async () => {
    expect(await service.own(requestOf('alice'))).toEqual(described('id of alice'));
    expect(await service.byId('id of alice', requestOf('alice'))).toEqual(described('id of alice'));
    expect(await service.developerUserIdentifiers('id of alice', page, requestOf('alice'))).toEqual({
      items: ['alice'],
    });
  });

  it('has none before the first token, and gets none by looking', async () => {
    expect(await service.own(requestOf('bob'))).toBeNull();
    expect(seen).toEqual(['find bob']);
  });
});

describe('what is for administrators', () => {
  const all: readonly [string, (request: IdentityRequest) => Promise<unknown>, changes: string | null][] = [
    ['a look-up by user', (request) => service.byDeveloperUserIdentifier('alice', request), null],
    ['the list', (request) => service.list({ ...page, hideDisabled: true }, request), null],
    ['the pool', (request) => service.pool(request), null],
    ['a merge', (request) => service.merge(merge, request), 'merge'],
    ['an unlink', (request) => service.unlink(unlink, request), 'unlink'],
    ['a deletion', (request) => service.remove(['id of alice'], request), 'delete'],
  ];

  it.each(all)(
    '%s is refused to others, owners included, before anything is asked',
    async (_, act, action) => {
      await expect(act(requestOf('alice'))).rejects.toMatchObject({ code: 'FORBIDDEN' });
      expect(seen).toEqual([]);
      expect(records.map(({ action: done, outcome, userId }) => [done, outcome, userId])).toEqual(
        action === null ? [] : [[action, 'FORBIDDEN', 'alice']],
      );
    },
  );

  it.each(all)('%s is done for them, and a change recorded before and after', async (_, act, action) => {
    await act(requestOf('root', true));
    expect(seen.length).toBeGreaterThan(0);
    expect(records.map(({ action: done, outcome }) => [done, outcome])).toEqual(
      action === null
        ? []
        : [
            [action, 'STARTED'],
            [action, 'OK'],
          ],
    );
  });

  it('answers null for a user whom the pool does not know', async () => {
    expect(await service.byDeveloperUserIdentifier('bob', requestOf('root', true))).toBeNull();
    expect(seen).toEqual(['find bob']);
  });

  it('says so when the identity that users were merged into is gone', async () => {
    known.clear();
    await expect(service.merge(merge, requestOf('root', true))).rejects.toMatchObject({ code: 'NOT_FOUND' });
  });

  it('is not answered from what was loaded before a change', async () => {
    const request = requestOf('root', true);
    expect(await service.byId('id of alice', request)).not.toBeNull();
    await service.remove(['id of alice'], request);
    expect(await service.byId('id of alice', request)).toBeNull();
  });
});
