import { createHash } from 'node:crypto';
import { parse, print, stripIgnoredCharacters } from 'graphql';
import { ServiceError } from '../errors.ts';

/** The documents that may be run. White space and comments make no difference: build tools change them. */
export interface TrustedDocuments {
  /**
   * The text to run for a request that names its document by `extensions.persistedQuery.sha256Hash` (Apollo's protocol) or sends
   * it in full. Throws FORBIDDEN for any other.
   */
  textOf(request: { readonly query?: unknown; readonly extensions?: unknown }): string;
}

export function createTrustedDocuments(texts: readonly string[]): TrustedDocuments {
  const byHash = new Map(
    texts.flatMap((text) => spellings(text).map((spelling) => [hashOf(spelling), text])),
  );

  function find(query: unknown, extensions: unknown): string | undefined {
    const hash = hashIn(extensions);
    if (hash !== undefined) return byHash.get(hash);
    if (typeof query !== 'string') return undefined;
    return byHash.get(hashOf(query)) ?? byHash.get(hashOf(stripped(query)));
  }

  return {
    textOf({ query, extensions }) {
      const text = find(query, extensions);
      if (text !== undefined) return text;
      throw new ServiceError(
        'FORBIDDEN',
        'This server runs its trusted documents only. Send one of them, or its SHA-256 as extensions.persistedQuery.sha256Hash.',
      );
    },
  };
}

/** The texts whose SHA-256 a client may send for a document: as it was written, and as the common tools write it. */
function spellings(text: string): string[] {
  return [text, text.trim(), print(parse(text)), stripped(text)];
}

function stripped(text: string): string {
  try {
    return stripIgnoredCharacters(text);
  } catch {
    return '';
  }
}

const hashOf = (text: string) => createHash('sha256').update(text, 'utf8').digest('hex');

function hashIn(extensions: unknown): string | undefined {
  const { persistedQuery } = (extensions ?? {}) as { persistedQuery?: { sha256Hash?: unknown } | null };
  const hash = persistedQuery?.sha256Hash;
  return typeof hash === 'string' ? hash : undefined;
}
