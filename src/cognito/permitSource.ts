/** What a process asks of a count that it shares with others. */
export interface PermitRequest {
  /** Starts wanted now. */
  readonly count: number;
  /** At most `calls` starts in any `windowMs`, for all processes together. */
  readonly calls: number;
  readonly windowMs: number;
  /** Milliseconds since each start that was made without asking, while the count could not be reached. */
  readonly unreported: readonly number[];
}

export interface PermitGrant {
  readonly granted: number;
  /** Milliseconds until asking again can help. */
  readonly waitMs: number;
  /** Processes that want starts at present, this one included; at least 1. */
  readonly sharers: number;
}

/** A count of starts that several processes share. */
export interface PermitSource {
  /** False while the count cannot be reached: everybody then keeps to his part of the budget. */
  readonly available: boolean;
  /** Processes that share the budget, as last known; at least 1. */
  readonly replicas: number;
  /** Null when there was no answer in time. Never throws. */
  take(request: PermitRequest): Promise<PermitGrant | null>;
}
