import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Page } from '../../../src/cognito/gateway.ts';
import { ServiceError } from '../../../src/errors.ts';
import { readConnection } from '../../../src/graphql/connection.ts';

/** A list paged by token, as Cognito pages: the token says where to go on. */
const pagedList = (items: readonly string[]) => {
  const sizes: number[] = [];
  const read = async ({
    maxResults,
    nextToken,
  }: {
    maxResults: number;
    nextToken?: string;
  }): Promise<Page<string>> => {
    sizes.push(maxResults);
    const from = Number(nextToken?.slice(1) ?? 0);
    const to = from + maxResults;
    return { items: items.slice(from, to), ...(to < items.length ? { nextToken: `t${to}` } : {}) };
  };
  return { read, sizes };
};
const letters = (count: number) => Array.from({ length: count }, (_, index) => `item${index}`);

describe('readConnection', () => {
  it('reads a list of one page', async () => {
    const { edges, pageInfo } = await readConnection({ first: 20 }, pagedList(['a', 'b']).read);
    expect(edges.map(({ node }) => node)).toEqual(['a', 'b']);
    expect(pageInfo).toEqual({
      hasNextPage: false,
      hasPreviousPage: false,
      startCursor: edges[0]?.cursor,
      endCursor: edges[1]?.cursor,
    });
  });

  it('has null cursors for an empty list', async () => {
    const { edges, pageInfo } = await readConnection({ first: 5 }, pagedList([]).read);
    expect(edges).toEqual([]);
    expect(pageInfo).toEqual({
      hasNextPage: false,
      hasPreviousPage: false,
      startCursor: null,
      endCursor: null,
    });
  });

  it('asks for no more than the page after the last edge', async () => {
    const list = pagedList(letters(7));
    const page = await readConnection({ first: 3 }, list.read);
    expect(page.pageInfo.hasNextPage).toBe(true);
    const next = await readConnection({ first: 3, after: page.pageInfo.endCursor }, list.read);
    expect(next.edges.map(({ node }) => node)).toEqual(['item3', 'item4', 'item5']);
    expect(next.pageInfo.hasPreviousPage).toBe(true);
    expect(list.sizes).toEqual([3, 3]);
  });

  it('reads on after any edge, whatever the sizes of the pages', async () => {
    const sizes = fc.array(fc.integer({ min: 1, max: 20 }), { minLength: 1, maxLength: 10 });
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 1, max: 50 }), sizes, fc.nat(), async (length, firsts, pick) => {
        const list = pagedList(letters(length));
        let after: string | undefined;
        let reached = 0;
        for (const first of firsts) {
          const { edges } = await readConnection({ first, after: after ?? null }, list.read);
          expect(edges.map(({ node }) => node)).toEqual(letters(length).slice(reached, reached + first));
          if (edges.length === 0) return;
          const chosen = pick % edges.length;
          after = edges[chosen]?.cursor;
          reached += chosen + 1;
        }
      }),
    );
  });

  it.each([
    '',
    'x',
    '!!!',
    Buffer.from('{}').toString('base64url'),
    Buffer.from('["t",-1]').toString('base64url'),
    Buffer.from('["t",61]').toString('base64url'),
    Buffer.from('["a b",0]').toString('base64url'),
    Buffer.from('[1,0]').toString('base64url'),
  ])('refuses the cursor %j by the name of its argument', async (after) => {
    const error = await readConnection({ first: 1, after }, pagedList(['a']).read).catch((e: unknown) => e);
    expect(error).toBeInstanceOf(ServiceError);
    expect(error).toMatchObject({
      code: 'BAD_USER_INPUT',
      problems: [{ field: 'after', rule: 'must be a cursor of this list' }],
    });
  });

  it('refuses a cursor that is longer than any of AWS, and takes the longest one', async () => {
    const cursorOf = (length: number) =>
      Buffer.from(JSON.stringify(['t'.repeat(length), 0])).toString('base64url');
    const tokens: unknown[] = [];
    const read = async ({ nextToken }: { nextToken?: string }) => {
      tokens.push(nextToken?.length);
      return { items: [] };
    };
    await readConnection({ first: 1, after: cursorOf(65_535) }, read);
    await expect(readConnection({ first: 1, after: cursorOf(65_536) }, read)).rejects.toMatchObject({
      code: 'BAD_USER_INPUT',
    });
    expect(tokens).toEqual([65_535]);
  });
});
