/** A request as it came over the wire: nothing rebuilt from configuration. */
export interface WireRequest {
  readonly method: string;
  /** Path and query as in the request line. */
  readonly url: string;
  readonly headers: WireHeaders;
  readonly body: Buffer;
}

/** By name in lower case, values as they were sent; those of a repeated header joined by a comma. */
export type WireHeaders = ReadonlyMap<string, string>;

/** @param raw names and values in turn, as Node.js gives them */
export function wireHeaders(raw: readonly string[]): WireHeaders {
  const headers = new Map<string, string>();
  for (let index = 0; index + 1 < raw.length; index += 2) {
    const name = (raw[index] as string).toLowerCase();
    const value = raw[index + 1] as string;
    const before = headers.get(name);
    headers.set(name, before === undefined ? value : `${before},${value}`);
  }
  return headers;
}
