import type { Metrics } from '../telemetry/metrics.ts';
import type { Route } from './route.ts';

/** `/metrics` in Prometheus' text format. */
export function createMetricsRoute(metrics: Metrics): Route {
  return {
    path: '/metrics',
    methods: {
      async GET(_, response) {
        const text = await metrics.text();
        response.setHeader('content-type', metrics.contentType);
        response.end(text);
      },
    },
  };
}
