import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';

/** Everything that is counted, with labels from closed sets only: a user, an id or a token never becomes a label. */
export interface Metrics {
  countRequest(route: string, status: number, ms: number): void;
  /** One root field of one operation, with the code of its error or `OK`. */
  readonly countField: (field: string, code: string) => void;
  /** For `createResilientGateway`. */
  readonly upstream: {
    onCall(operation: string, outcome: string, ms: number): void;
    onWait(quota: string, ms: number): void;
    onShed(operation: string): void;
    onBreaker(state: string): void;
  };
  readonly countLookup: (outcome: string) => void;
  /** Reads these whenever metrics are asked for. */
  watch(sources: MetricSources): void;
  /** Prometheus text format. */
  text(): Promise<string>;
  readonly contentType: string;
}

/** What has a size at any moment and does not tell of its changes. */
export interface MetricSources {
  readonly budget: Readonly<
    Record<string, { readonly rate: number; readonly left: number; readonly waiting: number }>
  >;
  readonly cache: { readonly size: number; readonly bytes: number };
  readonly checks: readonly { readonly name: string; problem(): string | null }[];
}

/** Seconds. An answer from the cache takes a millisecond or two, one with a call at AWS 20 to 200, a deadline 4000 or 10 000. */
const buckets = [0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];
/** Seconds. Most calls need not wait at all; none waits longer than a second, or one and a half with a shared budget. */
const waits = [0.001, 0.01, 0.05, 0.1, 0.25, 0.5, 1, 1.5];
const breakerStates = ['closed', 'half-open', 'open'];
const lookups = ['hit', 'miss', 'joined', 'repeated'];

export function createMetrics(): Metrics {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  const registers = [registry];
  const requests = new Histogram({
    name: 'cognito_graphql_http_request_duration_seconds',
    help: 'Time to answer HTTP requests, by route.',
    labelNames: ['route'],
    buckets,
    registers,
  });
  const statuses = new Counter({
    name: 'cognito_graphql_http_requests_total',
    help: 'HTTP requests by route and status.',
    labelNames: ['route', 'status'],
    registers,
  });
  const fields = new Counter({
    name: 'cognito_graphql_operations_total',
    help: 'Root fields of GraphQL operations by error code, or OK. Field `invalid`: refused as a document.',
    labelNames: ['field', 'code'],
    registers,
  });
  const attempts = new Histogram({
    name: 'cognito_graphql_upstream_attempt_duration_seconds',
    help: 'Attempts at Amazon Cognito by operation and outcome, without waiting for a turn.',
    labelNames: ['operation', 'outcome'],
    buckets,
    registers,
  });
  const turns = new Histogram({
    name: 'cognito_graphql_upstream_wait_seconds',
    help: 'Time that attempts have waited for their turn, by quota; what was refused instead counts as shed.',
    labelNames: ['quota'],
    buckets: waits,
    registers,
  });
  const shed = new Counter({
    name: 'cognito_graphql_upstream_shed_total',
    help: 'Calls refused here without asking Amazon Cognito: no budget left, or circuit breaker open.',
    labelNames: ['operation'],
    registers,
  });
  const breaker = new Gauge({
    name: 'cognito_graphql_upstream_breaker_state',
    help: '1 for the state of the circuit breaker.',
    labelNames: ['state'],
    registers,
  });
  const cacheLookups = new Counter({
    name: 'cognito_graphql_token_cache_lookups_total',
    help: 'Requests for a token: hit, miss, joined to one under way, or repeated after a change of the identity.',
    labelNames: ['outcome'],
    registers,
  });
  // What can be counted before it happens starts at 0: a rate needs two points.
  for (const outcome of lookups) cacheLookups.inc({ outcome }, 0);
  const onBreaker = (present: string) => {
    for (const state of breakerStates) breaker.set({ state }, state === present ? 1 : 0);
  };
  onBreaker('closed');

  return {
    countRequest(route, status, ms) {
      statuses.inc({ route, status });
      requests.observe({ route }, ms / 1000);
    },
    countField: (field, code) => fields.inc({ field, code }),
    upstream: {
      onCall: (operation, outcome, ms) => attempts.observe({ operation, outcome }, ms / 1000),
      onWait: (quota, ms) => turns.observe({ quota }, ms / 1000),
      onShed: (operation) => shed.inc({ operation }),
      onBreaker,
    },
    countLookup: (outcome) => cacheLookups.inc({ outcome }),
    watch: (sources) => watchSources(sources, registers),
    text: () => registry.metrics(),
    contentType: registry.contentType,
  };
}

function watchSources({ budget, cache, checks }: MetricSources, registers: Registry[]): void {
  const gauge = (name: string, help: string, collect: (gauge: Gauge) => void, labelNames: string[] = []) =>
    new Gauge({
      name: `cognito_graphql_${name}`,
      help,
      labelNames,
      registers,
      collect() {
        collect(this);
      },
    });
  const quotas = Object.entries(budget);
  gauge(
    'upstream_budget_calls_per_second',
    'Calls a second that this process may make at present, by quota.',
    (rate) => {
      for (const [quota, limiter] of quotas) rate.set({ quota }, limiter.rate);
    },
    ['quota'],
  );
  gauge(
    'upstream_budget_left',
    'Calls that this process could start at this moment, by quota.',
    (left) => {
      for (const [quota, limiter] of quotas) left.set({ quota }, limiter.left);
    },
    ['quota'],
  );
  gauge(
    'upstream_waiting',
    'Calls that wait for their turn, by quota.',
    (waiting) => {
      for (const [quota, limiter] of quotas) waiting.set({ quota }, limiter.waiting);
    },
    ['quota'],
  );
  gauge('token_cache_entries', 'Tokens kept.', (entries) => entries.set(cache.size));
  gauge('token_cache_bytes', 'Estimated memory of the tokens kept.', (bytes) => bytes.set(cache.bytes));
  gauge(
    'problem',
    '1 while a readiness check finds a problem.',
    (problem) => {
      for (const check of checks) problem.set({ check: check.name }, check.problem() === null ? 0 : 1);
    },
    ['check'],
  );
}
