import { type Contestant, measureInRounds, runLoad, type Times } from '../rounds.ts';
import type { Suite } from '../session.ts';
import type { Users } from '../users.ts';

export interface OverHttpOptions {
  /** Part of what a server can do that is asked of it; what that is, is found out in each round. Default: all. */
  readonly load?: number;
}

/** The same requests to every server of the field. */
export function overHttp(
  suite: string,
  expectedStatus: number,
  requestsOf: (users: Users) => string[],
  { load }: OverHttpOptions = {},
): Suite['run'] {
  return async ({ field, pace }) => {
    const { users, servers } = await field();
    const requests = requestsOf(users);
    const contestants = servers.map(({ name, server, missing }): Contestant => {
      const { url = '', pid = 0 } = server ?? {};
      const task = { url, serverPid: pid, requests, connections: pace.connections, expectedStatus };
      const measure = async (times: Times) => {
        const most = await runLoad(task, times);
        if (load === undefined) return most;
        return runLoad(
          { ...task, requestsPerSecond: load * most.requestsPerSecond },
          { ...times, warmUpRequests: 0 },
        );
      };
      return { name, ...(missing && { missing }), measure };
    });
    return measureInRounds(suite, 'requests/s', contestants, pace);
  };
}
