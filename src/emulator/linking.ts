import {
  AwsError,
  identityForbidden,
  identityNotFound,
  invalidParameter,
  loginsDoNotMatch,
  resourceConflict,
} from './errors.ts';
import {
  type Identity,
  type IdentityReader,
  type IdentityStore,
  type IdentityWriter,
  isAuthenticated,
  type Login,
} from './identityStore.ts';

/** How many logins an identity may have, developer users included. */
const maxLogins = 20;

export interface LinkRequest {
  readonly identityPoolId: string;
  /** The identity that the client named. */
  readonly identityId?: string | undefined;
  /** Present in a call that the developer signed. */
  readonly developerUser?: string;
  /** Verified by their providers. */
  readonly publicLogins: readonly Login[];
  /** Milliseconds since the epoch. */
  readonly now: number;
}

/**
 * The identity behind one or more logins: found, created, or made by linking and merging, in one step with nothing in between.
 *
 * @throws AwsError when the logins may not be joined, or do not prove the identity that was named.
 */
export async function linkLogins(store: IdentityStore, request: LinkRequest): Promise<Identity> {
  // Nearly every call finds everything as it should be, and needs no write.
  return store.read((reader) => settled(reader, request)) ?? store.write((writer) => join(writer, request));
}

/** The owner of all logins, when they have one and the same already. */
function settled(reader: IdentityReader, request: LinkRequest): Identity | undefined {
  const owners = ownersOf(reader, request);
  const [owner] = owners;
  if (!owner || owners.some((other) => other?.identityId !== owner.identityId)) return undefined;
  return request.identityId === undefined || request.identityId === owner.identityId ? owner : undefined;
}

function ownersOf(reader: IdentityReader, request: LinkRequest): readonly (Identity | undefined)[] {
  const { identityPoolId, developerUser, publicLogins } = request;
  return [
    ...(developerUser === undefined ? [] : [reader.byDeveloperUser(identityPoolId, developerUser)]),
    ...publicLogins.map((login) => reader.byPublicLogin(identityPoolId, login)),
  ];
}

function join(writer: IdentityWriter, request: LinkRequest): Identity {
  const { identityPoolId, developerUser, publicLogins, now } = request;
  const named =
    request.identityId === undefined ? undefined : requireUsable(writer, request.identityId, identityPoolId);
  const developerOwner =
    developerUser === undefined ? undefined : writer.byDeveloperUser(identityPoolId, developerUser);
  const owners = ownersOf(writer, request).filter((owner) => owner !== undefined);

  if (named && developerOwner && developerOwner.identityId !== named.identityId) {
    throw new AwsError(
      'DeveloperUserAlreadyRegisteredException',
      'The developer user identifier is already registered under a different identity.',
    );
  }
  if (named && isAuthenticated(named) && !proves(owners, named, developerUser !== undefined))
    throw loginsDoNotMatch();

  const oldestFirst = [...owners].sort((a, b) => a.sequence - b.sequence);
  const winner =
    developerOwner ??
    (named && isAuthenticated(named) ? named : undefined) ??
    oldestFirst[0] ??
    named ??
    writer.createIdentity(identityPoolId, now);
  const losers = new Map(
    [...owners, ...(named ? [named] : [])]
      .filter((identity) => identity.identityId !== winner.identityId)
      .map((identity) => [identity.identityId, identity]),
  );
  return mergeInto(writer, winner, [...losers.values()], { developerUser, publicLogins, now });
}

/**
 * Whether a call may act for an authenticated identity: one of its logins is among those given. AWS trusts whoever signs a
 * developer call, unless the identity belongs to a public provider.
 */
function proves(owners: readonly Identity[], named: Identity, isDeveloperCall: boolean): boolean {
  if (owners.some((owner) => owner.identityId === named.identityId)) return true;
  return isDeveloperCall && Object.keys(named.publicLogins).length === 0;
}

/** Moves all logins of the losers, and new ones, to the winner; disables the losers. */
export function mergeInto(
  writer: IdentityWriter,
  winner: Identity,
  losers: readonly Identity[],
  added: { developerUser?: string | undefined; publicLogins?: readonly Login[]; now: number },
): Identity {
  const joined: Login[] = [
    ...losers.flatMap((loser) =>
      Object.entries(loser.publicLogins).map(([provider, subject]) => ({ provider, subject })),
    ),
    ...(added.publicLogins ?? []),
  ];
  const publicLogins = new Map(Object.entries(winner.publicLogins));
  for (const { provider, subject } of joined) {
    if ((publicLogins.get(provider) ?? subject) !== subject) {
      throw resourceConflict('The identity is already linked to another user of the same provider.');
    }
    publicLogins.set(provider, subject);
  }
  const developerUsers = new Set([
    ...winner.developerUserIdentifiers,
    ...losers.flatMap((loser) => loser.developerUserIdentifiers),
    ...(added.developerUser === undefined ? [] : [added.developerUser]),
  ]);
  if (publicLogins.size + developerUsers.size > maxLogins) {
    throw invalidParameter(`An identity can have at most ${maxLogins} linked logins.`);
  }
  for (const loser of losers) writer.saveIdentity(disabled(loser, added.now));
  const merged: Identity = {
    ...winner,
    lastModifiedAt: added.now,
    publicLogins: Object.fromEntries(publicLogins),
    developerUserIdentifiers: [...developerUsers],
  };
  writer.saveIdentity(merged);
  return merged;
}

const disabled = (identity: Identity, now: number): Identity => ({
  ...identity,
  lastModifiedAt: now,
  enabled: false,
  publicLogins: {},
  developerUserIdentifiers: [],
});

/** Saves an identity that has lost logins; without any it is inaccessible from now on. */
export function saveUnlinked(writer: IdentityWriter, identity: Identity, now: number): void {
  writer.saveIdentity(
    isAuthenticated(identity) ? { ...identity, lastModifiedAt: now } : disabled(identity, now),
  );
}

/**
 * @throws AwsError `ResourceNotFoundException` for an identity that does not exist or is of another pool,
 *   `NotAuthorizedException` for a disabled one.
 */
export function requireUsable(reader: IdentityReader, identityId: string, identityPoolId?: string): Identity {
  const identity = reader.identity(identityId);
  if (!identity || (identityPoolId !== undefined && identity.identityPoolId !== identityPoolId)) {
    throw identityNotFound(identityId);
  }
  if (!identity.enabled) throw identityForbidden(identityId);
  return identity;
}
