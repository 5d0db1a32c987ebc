import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { handleQueryRequest, queryParametersOf } from '../../src/emulator/protocols/awsQuery.ts';
import type { OpenIdTokenVerification, QueryServices } from '../../src/emulator/protocols/queryOperation.ts';
import { createMemoryKeyValue } from '../../src/emulator/store/memoryKeyValue.ts';
import { createStoredRoles } from '../../src/emulator/storedRoles.ts';
import { createSessions } from '../../src/emulator/sts/sessions.ts';
import { wireHeaders } from '../../src/emulator/wireRequest.ts';

/** STS and IAM alone behind a bare HTTP server: what the emulator's own server adds is not needed here. */
export interface QueryServer {
  readonly url: string;
  readonly services: QueryServices;
  /** Tokens that the injected verification knows. */
  readonly tokens: Map<string, OpenIdTokenVerification>;
  /** Milliseconds that the server's clock is ahead. */
  setAhead(ms: number): void;
  close(): Promise<void>;
}

export async function startQueryServer(changes: Partial<QueryServices> = {}): Promise<QueryServer> {
  let ahead = 0;
  const tokens = new Map<string, OpenIdTokenVerification>();
  const services: QueryServices = {
    clock: { now: () => Date.now() + ahead },
    account: '111122223333',
    roles: createStoredRoles(createMemoryKeyValue()),
    sessions: createSessions(),
    accessKeyOf: (id) =>
      id === 'test'
        ? { secretAccessKey: 'test' }
        : id === 'AKIAOTHER'
          ? { secretAccessKey: 'other-secret', userName: 'deploy' }
          : undefined,
    verifyOpenIdToken: (token) => tokens.get(token) ?? { ok: false, fault: 'malformed' },
    ...changes,
  };
  const server = createServer(async (request, response) => {
    const wire = {
      method: request.method ?? '',
      url: request.url ?? '',
      headers: wireHeaders(request.rawHeaders),
      body: Buffer.concat(await request.toArray()),
    };
    const parameters = queryParametersOf(wire) ?? new URLSearchParams();
    const answer = await handleQueryRequest(parameters, wire, services);
    response.writeHead(answer.status, { ...answer.headers }).end(answer.body);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    services,
    tokens,
    setAhead: (ms) => {
      ahead = ms;
    },
    close: () => new Promise((resolve) => server.close(() => resolve())),
  };
}
