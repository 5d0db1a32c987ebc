import type { ServerResponse } from 'node:http';
import type { Route } from './route.ts';

/** Anything that can say why the service cannot do its work at present. */
export interface ReadinessCheck {
  readonly name: string;
  /** What is wrong, in words for an operator and without secrets; null when nothing is. */
  problem(): string | null;
}

/**
 * Liveness says that the process answers. Readiness says whether requests should be sent here, and why not; it looks at what
 * real traffic has shown and asks nobody itself.
 */
export function createHealthRoutes(checks: readonly ReadinessCheck[]): Route[] {
  const readiness = (response: ServerResponse) => {
    const problems = checks.flatMap(({ name, problem }) => {
      const found = problem();
      return found === null ? [] : [{ check: name, problem: found }];
    });
    sendJson(response, problems.length === 0 ? 200 : 503, {
      status: problems.length === 0 ? 'ready' : 'not ready',
      problems,
    });
  };
  return [
    { path: '/livez', methods: { GET: (_, response) => sendJson(response, 200, { status: 'alive' }) } },
    { path: '/readyz', methods: { GET: (_, response) => readiness(response) } },
  ];
}

export function sendJson(response: ServerResponse, status: number, body: unknown): void {
  response.statusCode = status;
  response.setHeader('content-type', 'application/json; charset=utf-8');
  response.end(JSON.stringify(body));
}
