import * as z from 'zod/mini';
import type { Page } from '../cognito/gateway.ts';
import { badUserInput } from '../errors.ts';
import type { PageInfo } from './pageInfo.type.ts';

export interface Connection<T> {
  readonly edges: readonly { readonly cursor: string; readonly node: T }[];
  readonly pageInfo: PageInfo;
}

/** A place in a list that Cognito pages by token only: the token that opens a page, and how many of its items to pass over. */
interface Position {
  readonly nextToken: string | null;
  readonly offset: number;
}

/** Cognito's largest page. */
const largestPage = 60;
const start: Position = { nextToken: null, offset: 0 };
const positionShape = z.tuple([
  z.nullable(z.string().check(z.minLength(1), z.maxLength(65_535), z.regex(/^\S+$/))),
  z.int().check(z.gte(0), z.lte(largestPage)),
]);

const encode = ({ nextToken, offset }: Position) =>
  Buffer.from(JSON.stringify([nextToken, offset])).toString('base64url');

function decode(cursor: string): Position {
  try {
    const [nextToken, offset] = positionShape.parse(JSON.parse(Buffer.from(cursor, 'base64url').toString()));
    return { nextToken, offset };
  } catch {
    throw badUserInput([{ field: 'after', rule: 'must be a cursor of this list' }]);
  }
}

/**
 * One page of a Relay connection over a list that is paged by token. Reading on after the last edge of a page costs one call;
 * after an edge in the middle, the page is read again and its first part passed over.
 *
 * @param first 1 to 60
 * @param after a cursor of this list; anything else is BAD_USER_INPUT
 */
export async function readConnection<T>(
  { first, after }: { readonly first: number; readonly after?: string | null },
  read: (page: { maxResults: number; nextToken?: string }) => Promise<Page<T>>,
): Promise<Connection<T>> {
  const position = after === null || after === undefined ? start : decode(after);
  const { nextToken, offset } = position;
  const maxResults = Math.min(largestPage, first + offset);
  const page = await read(nextToken === null ? { maxResults } : { maxResults, nextToken });
  const items = page.items.slice(offset);
  const edges = items.map((node, index) => {
    const isLast = index === items.length - 1;
    const next =
      isLast && page.nextToken !== undefined
        ? { nextToken: page.nextToken, offset: 0 }
        : { nextToken, offset: offset + index + 1 };
    return { cursor: encode(next), node };
  });
  return {
    edges,
    pageInfo: {
      hasNextPage: page.nextToken !== undefined,
      hasPreviousPage: position !== start,
      startCursor: edges[0]?.cursor ?? null,
      endCursor: edges.at(-1)?.cursor ?? null,
    },
  };
}
