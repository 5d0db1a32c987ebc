import type { Server } from 'node:http';
import { Server as NetServer, type Socket } from 'node:net';
import { setTimeout as sleep, setImmediate as turn } from 'node:timers/promises';

export interface Drain {
  /** To be called with the begin of every request, in milliseconds of `performance.now()`. */
  requestBegun(at: number): void;
  /** To be called when an answer is out, or nobody waits for it any more. */
  requestEnded(): void;
  /** Closes the server: see `HttpServer.drain`. To be called once. */
  close(graceMs: number): Promise<void>;
}

/**
 * A load balancer may have sent a request over a kept connection before it can know of the drain; closed meanwhile, the request
 * would fail. So idle connections are closed only when none of them has brought anything for this time.
 */
const quietMs = 200;

/** How many connections may wait to be accepted: what Node.js asks the system for by itself. */
export const backlog = 511;

/** Takes a server out of service without losing what was on its way to it. */
export function createDrain(server: Server): Drain {
  const seen = { connections: 0, requests: 0, ends: 0 };
  let latestRequest = Number.NEGATIVE_INFINITY;
  let begun = false;
  let leaving = false;
  const open = new Set<Socket>();
  server.on('connection', (socket) => {
    seen.connections++;
    open.add(socket);
    socket.once('close', () => open.delete(socket));
  });

  /** How many milliseconds are missing until kept connections have been silent for long enough. */
  const untilQuiet = () => Math.max(0, latestRequest + quietMs - performance.now());

  async function closeIdleWhenQuiet(): Promise<void> {
    if (leaving) return;
    leaving = true;
    do {
      await sleep(untilQuiet(), undefined, { ref: false });
      // A process that had no turn for a while finds its timers due before it has read what came meanwhile.
      await untilStill(() => seen.requests + seen.ends);
    } while (untilQuiet() > 0);
    leaving = false;
    // With the idle connections ends the interval in which Node looks for late ones.
    server.close();
    // To Node a connection that has brought nothing yet, as browsers keep ready, is not idle but at the begin of its first request.
    for (const socket of open) if (socket.bytesRead === 0) socket.destroy();
  }

  return {
    requestBegun(at) {
      latestRequest = at;
      seen.requests++;
    },
    requestEnded() {
      seen.ends++;
      // A connection that was busy when the drain began is kept alive by Node, and would hold it up.
      if (begun) void closeIdleWhenQuiet();
    },
    async close(graceMs) {
      begun = true;
      latestRequest = performance.now();
      const cutOff = setTimeout(() => server.closeAllConnections(), graceMs);
      // Connections that are made already and not accepted yet would be reset, with the requests in them.
      await untilStill(() => seen.connections, backlog);
      // The close of `http.Server` would take idle connections with it.
      const closed = new Promise<void>((resolve) => NetServer.prototype.close.call(server, () => resolve()));
      void closeIdleWhenQuiet();
      await closed;
      clearTimeout(cutOff);
    },
  };
}

/**
 * Resolves when a whole turn of the event loop has not changed a count, or when it has grown by `most`. The first turn is not a whole
 * one: where it was begun by something that came in, such as a signal, it ends without a look at what has come since.
 */
async function untilStill(count: () => number, most = Number.POSITIVE_INFINITY): Promise<void> {
  const end = count() + most;
  await turn();
  for (let before = Number.NaN; before !== count() && count() < end; ) {
    before = count();
    await turn();
  }
}
