import { type Contestant, measureInRounds, runLoad } from '../rounds.ts';
import type { Suite } from '../session.ts';
import type { Users } from '../users.ts';

/** The same requests to every server of the field. */
export function overHttp(
  suite: string,
  expectedStatus: number,
  requestsOf: (users: Users) => string[],
): Suite['run'] {
  return async ({ field, pace }) => {
    const { users, servers } = await field();
    const requests = requestsOf(users);
    const contestants = servers.map(({ name, server, missing }): Contestant => {
      const { url = '', pid = 0 } = server ?? {};
      const task = { url, serverPid: pid, requests, connections: pace.connections, expectedStatus };
      return { name, ...(missing && { missing }), measure: (times) => runLoad(task, times) };
    });
    return measureInRounds(suite, 'requests/s', contestants, pace);
  };
}
