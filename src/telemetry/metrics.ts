import { Counter, collectDefaultMetrics, Registry } from 'prom-client';

/** Everything that is counted, with labels from closed sets only: a user or an id never becomes a label. */
export interface Metrics {
  countRequest(route: string, status: number): void;
  /** Prometheus text format. */
  text(): Promise<string>;
  readonly contentType: string;
}

export function createMetrics(): Metrics {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  const requests = new Counter({
    name: 'cognito_graphql_http_requests_total',
    help: 'HTTP requests by route and status.',
    labelNames: ['route', 'status'],
    registers: [registry],
  });
  return {
    countRequest: (route, status) => requests.inc({ route, status }),
    text: () => registry.metrics(),
    contentType: registry.contentType,
  };
}
