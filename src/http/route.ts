import type { IncomingMessage, ServerResponse } from 'node:http';
import type { RequestScope } from '../lib/requestScope.ts';

export type Handler = (
  request: IncomingMessage,
  response: ServerResponse,
  scope: RequestScope,
) => Promise<void> | void;

/** One path with a handler for each of its methods. */
export interface Route {
  /** Exact path, or with a trailing `/*` all paths below. */
  readonly path: string;
  readonly methods: Readonly<Partial<Record<'GET' | 'POST' | 'OPTIONS', Handler>>>;
}

/** Finds a request's route: exact paths first, then the longest prefix. */
export function createRouter(routes: readonly Route[]): (path: string) => Route | undefined {
  const exact = new Map(
    routes.filter(({ path }) => !path.endsWith('/*')).map((route) => [route.path, route]),
  );
  const prefixes = routes
    .filter(({ path }) => path.endsWith('/*'))
    .map((route) => ({ prefix: route.path.slice(0, -1), route }))
    .sort((a, b) => b.prefix.length - a.prefix.length);
  return (path) => exact.get(path) ?? prefixes.find(({ prefix }) => path.startsWith(prefix))?.route;
}
