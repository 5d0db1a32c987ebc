import { randomUUID } from 'node:crypto';
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

const loginKey = (identityPoolId: string, provider: string, subject: string) =>
  JSON.stringify([identityPoolId, provider, subject]);

/**
 * How an identity is kept, made for millions of them on disk: under a short reference made of a number for its pool and its place
 * in the listing, so that a page is one run through neighbouring entries, and without the names of its members.
 */
type Packed = readonly [
  shortIdentityId: string,
  createdAt: number,
  lastModifiedAt: number,
  publicLogins: Readonly<Record<string, string>>,
  developerUserIdentifiers: readonly string[],
];

const pack = (identity: Identity): Packed => [
  shortId(identity.identityId),
  identity.createdAt,
  identity.lastModifiedAt,
  identity.publicLogins,
  identity.developerUserIdentifiers,
];

function unpack(identityPoolId: string, sequence: number, enabled: boolean, packed: Packed): Identity {
  const [id, createdAt, lastModifiedAt, publicLogins, developerUserIdentifiers] = packed;
  return {
    identityId: longId(id),
    identityPoolId,
    sequence,
    createdAt,
    lastModifiedAt,
    enabled,
    publicLogins,
    developerUserIdentifiers,
  };
}

/** Sorts as its number does, up to 2.8 million million identities. */
const sequenceKey = (sequence: number) => sequence.toString(36).padStart(8, '0');

/** Enabled and disabled identities are kept apart, so that a page costs the same however many of them it passes over. */
const tableOf = (identity: Pick<Identity, 'enabled'>) => (identity.enabled ? 'members' : 'disabledMembers');

/** The references of a pool start with this; undefined while it has no identities. */
const poolPrefix = (reader: Reader, identityPoolId: string) =>
  reader.get<string>('meta', `prefix ${identityPoolId}`);

function byReference(reader: Reader, reference: string | undefined): Identity | undefined {
  if (reference === undefined) return undefined;
  const slash = reference.indexOf('/') + 1;
  const pool = reader.get<string>('meta', `pool ${reference.slice(0, slash)}`) as string;
  const sequence = Number.parseInt(reference.slice(slash), 36);
  const enabled = reader.get<Packed>('members', reference);
  if (enabled) return unpack(pool, sequence, true, enabled);
  const disabled = reader.get<Packed>('disabledMembers', reference);
  return disabled && unpack(pool, sequence, false, disabled);
}

function identityReader(reader: Reader): IdentityReader {
  const byLogin = (identityPoolId: string, provider: string, subject: string) =>
    byReference(reader, reader.get<string>('logins', loginKey(identityPoolId, provider, subject)));
  return {
    identity: (identityId) => byReference(reader, reader.get<string>('identities', shortId(identityId))),
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
      const prefix = poolPrefix(reader, identityPoolId);
      if (prefix === undefined) return { identities: [], next: undefined };
      const members = (enabled: boolean) =>
        reader
          .range<Packed>(tableOf({ enabled }), {
            prefix,
            after: after === undefined ? undefined : `${prefix}${after}`,
            limit: limit + 1,
          })
          .map(({ key, value }) =>
            unpack(identityPoolId, Number.parseInt(key.slice(prefix.length), 36), enabled, value),
          );
      const found = [...members(true), ...(hideDisabled ? [] : members(false))].sort(
        (a, b) => a.sequence - b.sequence,
      );
      const page = found.slice(0, limit);
      const last = page.at(-1);
      return {
        identities: page,
        next: found.length > limit && last ? sequenceKey(last.sequence) : undefined,
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

  /** The next of a count that starts at 1. */
  const next = (counter: string) => {
    const number = (writer.get<number>('meta', counter) ?? 0) + 1;
    writer.put('meta', counter, number);
    return number;
  };

  const ensurePrefix = (identityPoolId: string) => {
    const known = poolPrefix(writer, identityPoolId);
    if (known !== undefined) return known;
    const prefix = `${next('pools').toString(36)}/`;
    writer.put('meta', `prefix ${identityPoolId}`, prefix);
    writer.put('meta', `pool ${prefix}`, identityPoolId);
    return prefix;
  };

  const referenceOf = ({ identityPoolId, sequence }: Identity) =>
    `${ensurePrefix(identityPoolId)}${sequenceKey(sequence)}`;

  const saveIdentity = (identity: Identity) => {
    const reference = referenceOf(identity);
    const before = byReference(writer, reference);
    const keys = loginKeysOf(identity);
    for (const key of before ? loginKeysOf(before) : []) {
      // A login that has moved on already belongs to its new owner.
      if (!keys.has(key) && writer.get('logins', key) === reference) writer.remove('logins', key);
    }
    for (const key of keys) writer.put('logins', key, reference);
    if (!before) writer.put('identities', shortId(identity.identityId), reference);
    else if (before.enabled !== identity.enabled) writer.remove(tableOf(before), reference);
    writer.put(tableOf(identity), reference, pack(identity));
  };

  const remove = (identity: Identity) => {
    const reference = referenceOf(identity);
    for (const key of loginKeysOf(identity)) {
      if (writer.get('logins', key) === reference) writer.remove('logins', key);
    }
    writer.remove('identities', shortId(identity.identityId));
    writer.remove(tableOf(identity), reference);
  };

  return {
    ...reads,
    savePool: (pool) => writer.put('pools', pool.identityPoolId, pool),
    deletePool: (identityPoolId) => {
      const everything = { after: undefined, limit: Number.MAX_SAFE_INTEGER - 1, hideDisabled: false };
      for (const identity of reads.identities(identityPoolId, everything).identities) remove(identity);
      writer.remove('pools', identityPoolId);
    },
    createIdentity: (identityPoolId, now, identityId) => {
      const identity: Identity = {
        identityId: identityId ?? `${regionOfId(identityPoolId)}:${randomUUID()}`,
        identityPoolId,
        sequence: next('sequence'),
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
    deleteIdentity: (identityId) => {
      const identity = reads.identity(identityId);
      if (identity) remove(identity);
    },
  };
}
