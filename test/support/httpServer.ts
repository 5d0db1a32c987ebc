import { onTestFinished } from 'vitest';
import { readJsonBody } from '../../src/http/requestBody.ts';
import type { Route } from '../../src/http/route.ts';
import { createHttpServer, type HttpServerOptions } from '../../src/http/server.ts';
import { silentLogger } from './silentLogger.ts';

/** A server with these routes on a free port, which ends with the test. */
export async function start(routes: readonly Route[], options: Partial<HttpServerOptions> = {}) {
  const server = createHttpServer({ logger: silentLogger, ...options });
  onTestFinished(() => server.drain(0));
  const { url, port } = await server.listen(0, '127.0.0.1');
  server.mount(routes);
  server.open();
  return { server, url, port };
}

/** Says `got`, or what it was sent. */
export const echo: Route = {
  path: '/echo',
  methods: {
    GET: (_, response) => void response.end('got'),
    POST: async (request, response) => {
      response.end(JSON.stringify(await readJsonBody(request, 100)));
    },
  },
};
