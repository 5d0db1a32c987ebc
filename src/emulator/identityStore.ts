import { createHash, randomUUID } from 'node:crypto';
import { regionOfId } from '../lib/partition.ts';
import type { KeyValueStore, Reader, Writer } from './store/keyValue.ts';
import { longId, shortId } from './store/shortId.ts';
import type { RoleMapping } from './validation/cognitoShapes.ts';

/** An identity pool with everything that hangs on it. Only what was set is present, as in AWS's answers. */
export interface Pool {
  readonly identityPoolId: string;
  readonly identityPoolName: string;
  readonly allowUnauthenticatedIdentities: boolean;
  readonly allowClassicFlow?: boolean;
  readonly supportedLoginProviders?: Readonly<Record<string, string>>;
  readonly developerProviderName?: string;
  readonly openIdConnectProviderArns?: readonly string[];
  readonly cognitoIdentityProviders?: readonly CognitoIdentityProvider[];
  readonly samlProviderArns?: readonly string[];
  readonly tags: Readonly<Record<string, string>>;
  readonly roles: Readonly<Record<string, string>>;
  readonly roleMappings: Readonly<Record<string, RoleMapping>>;
  readonly principalTagMaps: Readonly<Record<string, PrincipalTagMap>>;
}

export interface CognitoIdentityProvider {
  readonly ProviderName?: string;
  readonly ClientId?: string;
  readonly ServerSideTokenCheck?: boolean;
}

export interface PrincipalTagMap {
  readonly useDefaults: boolean;
  readonly principalTags: Readonly<Record<string, string>>;
}

export interface Identity {
  readonly identityId: string;
  readonly identityPoolId: string;
  /** Position in the listing of its pool. */
  readonly sequence: number;
  /** Milliseconds since the epoch. */
  readonly createdAt: number;
  readonly lastModifiedAt: number;
  /** False after it lost a merge or its last login: nobody can use it any more. */
  readonly enabled: boolean;
  /** Public provider name to the user's id there. */
  readonly publicLogins: Readonly<Record<string, string>>;
  readonly developerUserIdentifiers: readonly string[];
}

export interface IdentityPage {
  readonly identities: readonly Identity[];
  /** Where the next page starts; undefined at the end. */
  readonly next: string | undefined;
}

/** One login of an identity, by the name of its provider and the user's id there. */
export interface Login {
  readonly provider: string;
  readonly subject: string;
}

export const isAuthenticated = (identity: Identity) =>
  identity.developerUserIdentifiers.length > 0 || Object.keys(identity.publicLogins).length > 0;

export interface IdentityReader {
  pool(identityPoolId: string): Pool | undefined;
  pools(
    region: string,
    after: string | undefined,
    limit: number,
  ): { readonly pools: readonly Pool[]; readonly next: string | undefined };
  identity(identityId: string): Identity | undefined;
  /** The enabled identity that owns a public login. */
  byPublicLogin(identityPoolId: string, login: Login): Identity | undefined;
  byDeveloperUser(identityPoolId: string, developerUserIdentifier: string): Identity | undefined;
  identities(
    identityPoolId: string,
    page: { after: string | undefined; limit: number; hideDisabled: boolean },
  ): IdentityPage;
}

export interface IdentityWriter extends IdentityReader {
  savePool(pool: Pool): void;
  /** Deletes the pool with all its identities. */
  deletePool(identityPoolId: string): void;
  /** A new guest; logins are added with `saveIdentity`. `identityId` only where a client's own id is to be kept. */
  createIdentity(identityPoolId: string, now: number, identityId?: string): Identity;
  saveIdentity(identity: Identity): void;
  /** Frees its logins. */
  deleteIdentity(identityId: string): void;
}

export interface IdentityStore {
  read<T>(work: (reader: IdentityReader) => T): T;
  /** All or nothing, alone, and durable once resolved; see `KeyValueStore.write`. */
  write<T>(work: (writer: IdentityWriter) => T): Promise<T>;
}

export function createIdentityStore(keyValue: KeyValueStore): IdentityStore {
  return {
    read: (work) => keyValue.read((reader) => work(identityReader(reader))),
    write: (work) => keyValue.write((writer) => work(identityWriter(writer))),
  };
}

/** Provider key of developer logins: no public provider can have it, since their names are not empty. */
const developer = '';

/** Hashed, because an embedded database bounds the length of a key and a developer user id may have 1024 characters. */
const loginKey = (identityPoolId: string, provider: string, subject: string) =>
  createHash('sha256')
    .update(JSON.stringify([identityPoolId, provider, subject]))
    .digest()
    .subarray(0, 20)
    .toString('base64url');

const memberPrefix = (identityPoolId: string) => `${shortId(identityPoolId)}/`;

/** Sorts as its number does, up to 2.8 million million identities. */
const memberKey = (identity: Pick<Identity, 'identityPoolId' | 'sequence'>) =>
  `${memberPrefix(identity.identityPoolId)}${identity.sequence.toString(36).padStart(8, '0')}`;

/**
 * An identity as it is kept, without the names of its members: they would be half of a database that may hold millions. Its id is
 * the key.
 */
type Packed = readonly [
  shortPoolId: string,
  sequence: number,
  createdAt: number,
  lastModifiedAt: number,
  enabled: 0 | 1,
  publicLogins: Readonly<Record<string, string>>,
  developerUserIdentifiers: readonly string[],
];

const pack = (identity: Identity): Packed => [
  shortId(identity.identityPoolId),
  identity.sequence,
  identity.createdAt,
  identity.lastModifiedAt,
  identity.enabled ? 1 : 0,
  identity.publicLogins,
  identity.developerUserIdentifiers,
];

function unpack(identityId: string, packed: Packed): Identity {
  const [pool, sequence, createdAt, lastModifiedAt, enabled, publicLogins, users] = packed;
  return {
    identityId,
    identityPoolId: longId(pool),
    sequence,
    createdAt,
    lastModifiedAt,
    enabled: enabled === 1,
    publicLogins,
    developerUserIdentifiers: users,
  };
}

function identityReader(reader: Reader): IdentityReader {
  const identity = (identityId: string) => {
    const packed = reader.get<Packed>('identities', shortId(identityId));
    return packed && unpack(identityId, packed);
  };
  const byLogin = (identityPoolId: string, provider: string, subject: string) => {
    const identityId = reader.get<string>('logins', loginKey(identityPoolId, provider, subject));
    return identityId === undefined ? undefined : identity(longId(identityId));
  };
  return {
    identity,
    pool: (identityPoolId) => reader.get<Pool>('pools', identityPoolId),
    pools: (region, after, limit) => {
      const found = reader.range<Pool>('pools', { prefix: `${region}:`, after, limit: limit + 1 });
      const page = found.slice(0, limit);
      return {
        pools: page.map(({ value }) => value),
        next: found.length > limit ? page.at(-1)?.key : undefined,
      };
    },
    byPublicLogin: (identityPoolId, { provider, subject }) => byLogin(identityPoolId, provider, subject),
    byDeveloperUser: (identityPoolId, user) => byLogin(identityPoolId, developer, user),
    identities: (identityPoolId, { after, limit, hideDisabled }) => {
      const prefix = memberPrefix(identityPoolId);
      const range = {
        prefix,
        after: after === undefined ? undefined : `${prefix}${after}`,
        limit: limit + 1,
      };
      // In two tables, so that a page costs the same however many disabled identities are passed over.
      const enabled = reader.range<string>('members', range);
      const disabled = hideDisabled ? [] : reader.range<string>('disabledMembers', range);
      const found = [...enabled, ...disabled].sort((a, b) => (a.key < b.key ? -1 : 1));
      const page = found.slice(0, limit);
      return {
        identities: page.map(({ value }) => identity(longId(value)) as Identity),
        next: found.length > limit ? page.at(-1)?.key.slice(prefix.length) : undefined,
      };
    },
  };
}

function loginKeysOf(identity: Identity): Set<string> {
  const { identityPoolId, publicLogins, developerUserIdentifiers } = identity;
  return new Set([
    ...Object.entries(publicLogins).map(([provider, subject]) => loginKey(identityPoolId, provider, subject)),
    ...developerUserIdentifiers.map((user) => loginKey(identityPoolId, developer, user)),
  ]);
}

function identityWriter(writer: Writer): IdentityWriter {
  const reads = identityReader(writer);

  const saveIdentity = (identity: Identity) => {
    const id = shortId(identity.identityId);
    const before = reads.identity(identity.identityId);
    const keys = loginKeysOf(identity);
    for (const key of before ? loginKeysOf(before) : []) {
      // A login that has moved on already belongs to its new owner.
      if (!keys.has(key) && writer.get('logins', key) === id) writer.remove('logins', key);
    }
    for (const key of keys) writer.put('logins', key, id);
    writer.put('identities', id, pack(identity));
    if (before?.enabled !== identity.enabled) {
      writer.remove(identity.enabled ? 'disabledMembers' : 'members', memberKey(identity));
      writer.put(identity.enabled ? 'members' : 'disabledMembers', memberKey(identity), id);
    }
  };

  const deleteIdentity = (identityId: string) => {
    const identity = reads.identity(identityId);
    if (!identity) return;
    for (const key of loginKeysOf(identity)) {
      if (writer.get('logins', key) === shortId(identityId)) writer.remove('logins', key);
    }
    writer.remove('identities', shortId(identityId));
    writer.remove('members', memberKey(identity));
    writer.remove('disabledMembers', memberKey(identity));
  };

  return {
    ...reads,
    savePool: (pool) => writer.put('pools', pool.identityPoolId, pool),
    deletePool: (identityPoolId) => {
      for (const table of ['members', 'disabledMembers'] as const) {
        const range = { prefix: memberPrefix(identityPoolId), limit: Number.MAX_SAFE_INTEGER };
        for (const { value } of writer.range<string>(table, range)) deleteIdentity(longId(value));
      }
      writer.remove('pools', identityPoolId);
    },
    createIdentity: (identityPoolId, now, identityId) => {
      const sequence = (writer.get<number>('meta', 'sequence') ?? 0) + 1;
      writer.put('meta', 'sequence', sequence);
      const identity: Identity = {
        identityId: identityId ?? `${regionOfId(identityPoolId)}:${randomUUID()}`,
        identityPoolId,
        sequence,
        createdAt: now,
        lastModifiedAt: now,
        enabled: true,
        publicLogins: {},
        developerUserIdentifiers: [],
      };
      saveIdentity(identity);
      return identity;
    },
    saveIdentity,
    deleteIdentity,
  };
}
