import type { Terminal } from './terminal.ts';

/** Prints a Grafana dashboard for the server's metrics, to import as it is; the data source is chosen there. */
export function dashboard(terminal: Terminal): void {
  terminal.stdout.write(`${JSON.stringify(createDashboard(), null, 2)}\n`);
}

interface Panel {
  readonly title: string;
  readonly unit: string;
  /** PromQL by the legend it is shown under. */
  readonly queries: Readonly<Record<string, string>>;
}

const rate = (metric: string, labels: string) =>
  `sum by (${labels}) (rate(cognito_graphql_${metric}{job=~"$job"}[$__rate_interval]))`;
const quantile = (share: number, metric: string, labels: string) =>
  `histogram_quantile(${share}, ${rate(`${metric}_bucket`, `le, ${labels}`)})`;
const total = (metric: string, labels: string) =>
  `sum by (${labels}) (cognito_graphql_${metric}{job=~"$job"})`;
const worst = (metric: string, labels: string) => `max by (${labels}) (${metric}{job=~"$job"})`;

const panels: readonly Panel[] = [
  {
    title: 'Operations',
    unit: 'reqps',
    queries: { '{{field}} {{code}}': rate('operations_total', 'field, code') },
  },
  {
    title: 'Requests by status',
    unit: 'reqps',
    queries: { '{{route}} {{status}}': rate('http_requests_total', 'route, status') },
  },
  {
    title: 'Time to answer',
    unit: 's',
    queries: {
      'p50 {{route}}': quantile(0.5, 'http_request_duration_seconds', 'route'),
      'p99 {{route}}': quantile(0.99, 'http_request_duration_seconds', 'route'),
    },
  },
  {
    title: 'Attempts at Amazon Cognito',
    unit: 'reqps',
    queries: {
      '{{operation}} {{outcome}}': rate('upstream_attempt_duration_seconds_count', 'operation, outcome'),
    },
  },
  {
    title: 'Time of attempts, p95',
    unit: 's',
    queries: { '{{operation}}': quantile(0.95, 'upstream_attempt_duration_seconds', 'operation') },
  },
  {
    title: 'Refused without asking Cognito',
    unit: 'reqps',
    queries: { '{{operation}}': rate('upstream_shed_total', 'operation') },
  },
  {
    title: 'Budget and waiting calls',
    unit: 'short',
    queries: {
      'budget {{quota}}': total('upstream_budget_calls_per_second', 'quota'),
      'left {{quota}}': total('upstream_budget_left', 'quota'),
      'waiting {{quota}}': total('upstream_waiting', 'quota'),
    },
  },
  {
    title: 'Wait for a turn, p95',
    unit: 's',
    queries: { '{{quota}}': quantile(0.95, 'upstream_wait_seconds', 'quota') },
  },
  {
    title: 'Processes by circuit breaker state',
    unit: 'short',
    queries: { '{{state}}': total('upstream_breaker_state', 'state') },
  },
  {
    title: 'Answered from the token cache',
    unit: 'percentunit',
    queries: {
      'hits and joined': `sum(rate(cognito_graphql_token_cache_lookups_total{job=~"$job",outcome=~"hit|joined"}[$__rate_interval])) / sum(rate(cognito_graphql_token_cache_lookups_total{job=~"$job"}[$__rate_interval]))`,
    },
  },
  {
    title: 'Tokens kept',
    unit: 'short',
    queries: { '{{instance}}': total('token_cache_entries', 'instance') },
  },
  {
    title: 'Memory',
    unit: 'bytes',
    queries: {
      'process {{instance}}': worst('process_resident_memory_bytes', 'instance'),
      'token cache {{instance}}': worst('cognito_graphql_token_cache_bytes', 'instance'),
    },
  },
  {
    title: 'Event loop delay, p99',
    unit: 's',
    queries: { '{{instance}}': worst('nodejs_eventloop_lag_p99_seconds', 'instance') },
  },
  {
    title: 'Readiness problems',
    unit: 'short',
    queries: { '{{check}} {{instance}}': worst('cognito_graphql_problem', 'check, instance') },
  },
];

/** Three panels a row on Grafana's grid of 24 columns. */
const size = { w: 8, h: 8 };
// biome-ignore lint/suspicious/noTemplateCurlyInString: Grafana's own placeholder
const datasource = { type: 'prometheus', uid: '${datasource}' };

export function createDashboard(): object {
  return {
    title: 'cognito-graphql',
    uid: 'cognito-graphql',
    schemaVersion: 39,
    refresh: '30s',
    time: { from: 'now-3h', to: 'now' },
    templating: {
      list: [
        { name: 'datasource', type: 'datasource', query: 'prometheus' },
        {
          name: 'job',
          type: 'query',
          datasource,
          query: 'label_values(cognito_graphql_http_requests_total, job)',
          includeAll: true,
          multi: true,
          current: { text: 'All', value: '$__all' },
        },
      ],
    },
    panels: panels.map(({ title, unit, queries }, index) => ({
      id: index + 1,
      title,
      type: 'timeseries',
      datasource,
      gridPos: { ...size, x: (index % 3) * size.w, y: Math.floor(index / 3) * size.h },
      fieldConfig: { defaults: { unit, min: 0 }, overrides: [] },
      targets: Object.entries(queries).map(([legendFormat, expr], target) => ({
        refId: String.fromCharCode('A'.charCodeAt(0) + target),
        datasource,
        expr,
        legendFormat,
      })),
    })),
  };
}
