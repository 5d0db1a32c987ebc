/** What belongs to one request and is not about who is calling. */
export interface RequestScope {
  /** Sent back as `X-Request-Id`, and part of every log line and audit record. */
  readonly requestId: string;
  /** Aborted when the client is gone or the request's deadline has passed. */
  readonly signal: AbortSignal;
  /** Address of the client as far as configured proxies vouch for it. */
  readonly clientAddress: string;
}
