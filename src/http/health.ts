import type { ServerResponse } from 'node:http';
import type { Route } from './route.ts';

/** Anything that can say why the service cannot do its work at present. */
export interface ReadinessCheck {
  readonly name: string;
  /** What is wrong, in words for an operator and without secrets; null when nothing is. */
  problem(): string | null;
  /** False where the service goes on without it, so that the problem is told but requests are still welcome. Default true. */
  readonly hinders?: boolean;
}

/** Liveness: the process answers. */
export const livenessRoute: Route = {
  path: '/livez',
  methods: { GET: (_, response) => sendJson(response, 200, { status: 'alive' }) },
};

/**
 * Readiness: whether requests should be sent here, and why not. It looks at what real traffic has shown and asks nobody itself.
 */
export function createReadinessRoute(checks: readonly ReadinessCheck[]): Route {
  const answer = (response: ServerResponse) => {
    const found = checks.flatMap(({ name, problem, hinders = true }) => {
      const text = problem();
      return text === null ? [] : [{ check: name, problem: text, hinders }];
    });
    const ready = !found.some(({ hinders }) => hinders);
    const problems = found.map(({ check, problem }) => ({ check, problem }));
    sendJson(response, ready ? 200 : 503, { status: ready ? 'ready' : 'not ready', problems });
  };
  return { path: '/readyz', methods: { GET: (_, response) => answer(response) } };
}

export function sendJson(response: ServerResponse, status: number, body: unknown): void {
  response.statusCode = status;
  response.setHeader('content-type', 'application/json; charset=utf-8');
  response.end(JSON.stringify(body));
}
