/** One call, without anything secret: no token, no user id, no key. */
export interface LoggedRequest {
  /** Milliseconds since the epoch, by the emulator's clock. */
  readonly receivedAt: number;
  readonly operation: string;
  /** HTTP status; 0 where a fault left the call without an answer. */
  readonly status: number;
  /** Name of the AWS error, if it was one. */
  readonly error?: string;
  readonly identityPoolId?: string;
  readonly identityId?: string;
  /** Names of the login providers. */
  readonly providers?: readonly string[];
}

export interface RequestLog {
  add(entry: LoggedRequest): void;
  entries(operation?: string): readonly LoggedRequest[];
  clear(): void;
}

/** Keeps the latest calls only, so that an emulator that runs for months does not grow. */
export function createRequestLog(capacity = 10_000): RequestLog {
  let entries: LoggedRequest[] = [];
  return {
    add: (entry) => {
      entries.push(entry);
      // Cut seldom: shifting one by one would cost the whole length each time.
      if (entries.length > capacity * 2) entries = entries.slice(-capacity);
    },
    entries: (operation) =>
      entries.slice(-capacity).filter((entry) => operation === undefined || entry.operation === operation),
    clear: () => {
      entries = [];
    },
  };
}

/** The part of a valid request that may be logged. */
export function loggable(request: Record<string, unknown>): Partial<LoggedRequest> {
  const { IdentityPoolId, IdentityId, Logins } = request;
  const part: { -readonly [M in keyof LoggedRequest]?: LoggedRequest[M] } = {};
  if (typeof IdentityPoolId === 'string') part.identityPoolId = IdentityPoolId;
  if (typeof IdentityId === 'string') part.identityId = IdentityId;
  if (typeof Logins === 'object' && Logins !== null) part.providers = Object.keys(Logins);
  return part;
}
