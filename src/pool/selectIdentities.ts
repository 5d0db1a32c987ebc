import {
  type CognitoIdentityClient,
  type IdentityDescription,
  ListIdentitiesCommand,
} from '@aws-sdk/client-cognito-identity';
import type { Pacer } from './pacer.ts';
import { PoolError } from './poolErrors.ts';

export interface IdentityRecord {
  readonly identityId: string;
  /** Names of login providers. */
  readonly logins: readonly string[];
  /** ISO 8601, UTC. */
  readonly createdAt: string;
  readonly lastModifiedAt: string;
}

export interface IdentitySelection {
  readonly identityPoolId: string;
  /** Only those that merging or unlinking has disabled. */
  readonly disabledOnly: boolean;
  /** Only those last modified before this moment, milliseconds since the epoch. */
  readonly modifiedBefore?: number;
  /** When the command began, milliseconds since the epoch: what is created later cannot be told apart from disabled ones. */
  readonly startedAt: number;
}

/** Where a selection goes on. */
export interface Position {
  readonly all: string;
  /** The page of enabled identities that is being compared, and how much of it is behind us. */
  readonly enabled?: EnabledPosition;
}

interface EnabledPosition {
  readonly page?: string;
  readonly offset: number;
}

export interface SelectedPage {
  readonly identities: readonly IdentityRecord[];
  /** How many were looked at. */
  readonly scanned: number;
  /** Left out after the last page. */
  readonly next?: Position;
}

/**
 * Identities of a pool, page by page, in constant memory.
 *
 * AWS marks no identity as disabled: ListIdentities only can leave them out. So the list with them and the list without them are
 * read side by side; what is in the first alone is disabled. That needs both in one order, which is checked at the end: nothing
 * that was selected may be acted upon before the generator has ended without an error.
 *
 * @throws PoolError
 */
export async function* selectIdentities(
  selection: IdentitySelection,
  cognito: CognitoIdentityClient,
  pacer: Pacer,
  from?: Position,
): AsyncGenerator<SelectedPage, void> {
  const { identityPoolId } = selection;
  const list = (hideDisabled: boolean, nextToken: string | undefined) =>
    pacer.send('cognito-identity:ListIdentities', () =>
      cognito.send(
        new ListIdentitiesCommand({
          IdentityPoolId: identityPoolId,
          MaxResults: 60,
          HideDisabled: hideDisabled,
          ...(nextToken === undefined ? {} : { NextToken: nextToken }),
        }),
      ),
    );
  const enabled = selection.disabledOnly
    ? createEnabledCursor((token) => list(true, token), from?.enabled)
    : undefined;
  let token = from?.all;
  do {
    const page = await list(false, token);
    const records = (page.Identities ?? []).map(toRecord);
    const identities: IdentityRecord[] = [];
    for (const record of records) {
      if (enabled !== undefined && ((await enabled.matches(record)) || isNew(record, selection))) continue;
      if (isOldEnough(record, selection)) identities.push(record);
    }
    token = page.NextToken;
    if (token === undefined && enabled !== undefined && !(await enabled.isExhausted())) {
      throw new PoolError(
        'AWS listed the enabled identities in another order than all of them, or some were deleted meanwhile, so disabled ones cannot be told. Nothing of this selection should be relied upon; try again.',
      );
    }
    yield {
      identities,
      scanned: records.length,
      ...(token === undefined
        ? {}
        : { next: { all: token, ...(enabled === undefined ? {} : { enabled: enabled.position() }) } }),
    };
  } while (token !== undefined);
}

const isNew = ({ createdAt }: IdentityRecord, { startedAt }: IdentitySelection) =>
  Date.parse(createdAt) >= startedAt;

const isOldEnough = ({ lastModifiedAt }: IdentityRecord, { modifiedBefore }: IdentitySelection) =>
  modifiedBefore === undefined || Date.parse(lastModifiedAt) < modifiedBefore;

function toRecord(identity: IdentityDescription): IdentityRecord {
  return {
    identityId: identity.IdentityId ?? '',
    logins: identity.Logins ?? [],
    createdAt: (identity.CreationDate ?? new Date(0)).toISOString(),
    lastModifiedAt: (identity.LastModifiedDate ?? new Date(0)).toISOString(),
  };
}

interface ListedPage {
  readonly Identities?: readonly IdentityDescription[] | undefined;
  readonly NextToken?: string | undefined;
}

/** Walks through the enabled identities in step with the list of all. */
function createEnabledCursor(
  list: (token: string | undefined) => Promise<ListedPage>,
  from: EnabledPosition = { offset: 0 },
) {
  let pageToken = from.page;
  let offset = from.offset;
  let page: ListedPage | undefined;
  const current = async (): Promise<string | undefined> => {
    page ??= await list(pageToken);
    while (offset >= (page.Identities ?? []).length && page.NextToken !== undefined) {
      pageToken = page.NextToken;
      offset = 0;
      page = await list(pageToken);
    }
    return page.Identities?.[offset]?.IdentityId;
  };
  return {
    matches: async ({ identityId }: IdentityRecord) => {
      if ((await current()) !== identityId) return false;
      offset++;
      return true;
    },
    isExhausted: async () => (await current()) === undefined,
    position: (): EnabledPosition => ({ ...(pageToken === undefined ? {} : { page: pageToken }), offset }),
  };
}
