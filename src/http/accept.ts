/** Media types of answers (GraphQL over HTTP, section 4). The first is taken where the client has no preference. */
export const answerTypes = ['application/json', 'application/graphql-response+json'] as const;

interface MediaRange {
  readonly type: string;
  readonly quality: number;
}

/** Clients of one kind send one header: what it comes to is remembered for this many. */
const maxRemembered = 100;

/** `preferredType` for one offer, remembered by header. */
export function createPreferredType<T extends string>(offered: readonly T[]) {
  const known = new Map<string | undefined, T | null>();
  return (accept: string | undefined): T | null => {
    const remembered = known.get(accept);
    if (remembered !== undefined) return remembered;
    const preferred = preferredType(accept, offered);
    if (known.size < maxRemembered) known.set(accept, preferred);
    return preferred;
  };
}

/**
 * The offered type that an `Accept` header likes best (RFC 9110 section 12.5.1), the earlier one of two that it likes equally; null
 * where it accepts none. Parameters other than `q` and `charset=utf-8` ask for what there is not, so their range fits nothing.
 */
export function preferredType<T extends string>(accept: string | undefined, offered: readonly T[]): T | null {
  if (accept === undefined || accept.trim() === '') return offered[0] ?? null;
  const ranges = accept.split(',').flatMap(parseRange);
  let best: { type: T; quality: number } | null = null;
  for (const type of offered) {
    const quality = qualityOf(type, ranges);
    if (quality > (best?.quality ?? 0)) best = { type, quality };
  }
  return best?.type ?? null;
}

/** The most specific range that fits decides. */
function qualityOf(type: string, ranges: readonly MediaRange[]): number {
  for (const wanted of [type, `${type.split('/', 1)[0]}/*`, '*/*']) {
    const fitting = ranges.filter((range) => range.type === wanted);
    if (fitting.length > 0) return Math.max(...fitting.map(({ quality }) => quality));
  }
  return 0;
}

function parseRange(text: string): MediaRange[] {
  const [type = '', ...parameters] = text.split(';').map((part) => part.trim().toLowerCase());
  let quality = 1;
  for (const parameter of parameters) {
    const [name = '', value = ''] = parameter.split('=').map((part) => part.trim());
    if (name === 'q') quality = /^(0(\.\d{0,3})?|1(\.0{0,3})?)$/.test(value) ? Number(value) : 0;
    else if (name !== '' && !(name === 'charset' && /^"?utf-?8"?$/.test(value))) return [];
  }
  return [{ type, quality }];
}
