/** A fault for the calls of one operation. The first that applies is taken. */
export interface Fault {
  /** Name of the operation, of Cognito, STS or IAM; `*` for every one. */
  readonly operation: string;
  /** How many calls it is for. Default: all until it is cleared. */
  readonly times?: number;
  /** Milliseconds to wait before anything else. The call is then served, unless another member says otherwise. */
  readonly latencyMs?: number;
  /** Answer with this AWS error. */
  readonly error?: { readonly name: string; readonly message?: string };
  /** HTTP status of the answer. Default 400 with `error`, 500 with `body`. */
  readonly status?: number;
  /** Close the connection without an answer. */
  readonly reset?: boolean;
  /** Never answer. */
  readonly hang?: boolean;
  /** Answer with this text as it is, or with `malformed` for JSON that breaks off in the middle. */
  readonly body?: string | { readonly malformed: true };
  /**
   * Serve the call, and break off in the middle of the answer's body: say nothing more (`stall`), or close the connection (`close`).
   */
  readonly interrupt?: 'stall' | 'close';
  /** Milliseconds by which the answer's Date and the time for checking the signature are off. */
  readonly clockOffsetMs?: number;
}

export interface Faults {
  add(fault: Fault): void;
  clear(): void;
  list(): readonly Fault[];
  /** The fault for one call, which uses it up once. */
  take(operation: string): Fault | undefined;
}

export function createFaults(): Faults {
  let faults: { fault: Fault; left: number }[] = [];
  return {
    add: (fault) => {
      const problem = problemOf(fault);
      if (problem) throw new RangeError(problem);
      faults.push({ fault, left: fault.times ?? Number.POSITIVE_INFINITY });
    },
    clear: () => {
      faults = [];
    },
    list: () => faults.map(({ fault }) => fault),
    take: (operation) => {
      const found = faults.find(({ fault }) => fault.operation === operation || fault.operation === '*');
      if (!found) return undefined;
      found.left -= 1;
      if (found.left <= 0) faults = faults.filter((other) => other !== found);
      return found.fault;
    },
  };
}

const known = new Set([
  'operation',
  'times',
  'latencyMs',
  'error',
  'status',
  'reset',
  'hang',
  'body',
  'interrupt',
  'clockOffsetMs',
]);

/** Faults also come as JSON, so their form is checked at run time. */
function problemOf(fault: Fault): string | undefined {
  const unknown = Object.keys(fault).find((name) => !known.has(name));
  if (unknown !== undefined) return `A fault has no member '${unknown}'.`;
  if (typeof fault.operation !== 'string' || fault.operation === '')
    return 'A fault needs an operation, or *.';
  if (fault.times !== undefined && !(Number.isInteger(fault.times) && fault.times > 0)) {
    return 'times must be a whole number above 0.';
  }
  if (fault.latencyMs !== undefined && !(Number.isFinite(fault.latencyMs) && fault.latencyMs >= 0)) {
    return 'latencyMs must be a number of at least 0.';
  }
  if (
    fault.status !== undefined &&
    !(Number.isInteger(fault.status) && fault.status >= 200 && fault.status < 600)
  ) {
    return 'status must be an HTTP status from 200 to 599.';
  }
  if (fault.error !== undefined && (typeof fault.error.name !== 'string' || fault.error.name === '')) {
    return 'error needs a name.';
  }
  if (fault.interrupt !== undefined && fault.interrupt !== 'stall' && fault.interrupt !== 'close') {
    return 'interrupt must be stall or close.';
  }
  if (fault.clockOffsetMs !== undefined && !Number.isFinite(fault.clockOffsetMs)) {
    return 'clockOffsetMs must be a number.';
  }
  return undefined;
}
