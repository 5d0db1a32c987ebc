import { once } from 'node:events';
import { createServer } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { describe, expect, it } from 'vitest';
import { createDrain } from '../../src/http/drain.ts';
import type { Route } from '../../src/http/route.ts';
import { createHttpServer } from '../../src/http/server.ts';
import { echo, start } from '../support/httpServer.ts';
import { silentLogger } from '../support/silentLogger.ts';

/** A connection that keeps what it is sent in `received`. */
function connectTo(port: number) {
  const socket = Object.assign(connect(port, '127.0.0.1'), { received: '' });
  return socket.setEncoding('utf8').on('data', (text) => {
    socket.received += text;
  });
}

describe('a drain', () => {
  const slow = (ms: number): Route => ({
    path: '/slow',
    methods: {
      GET: (_, response) =>
        new Promise((resolve) =>
          setTimeout(() => {
            response.end('done');
            resolve();
          }, ms),
        ),
    },
  });

  it('lets a running request end and refuses new connections', async () => {
    // Longer than a drain waits for kept connections to be silent.
    const { server, url } = await start([slow(1000)]);
    const running = fetch(`${url}/slow`);
    await new Promise((resolve) => setTimeout(resolve, 100));
    // Longer than this test may take: nothing is cut off.
    const drained = server.drain(60_000);
    expect(server.draining).toBe(true);
    // What had been connected before is still served.
    await new Promise((resolve) => setTimeout(resolve, 100));
    await expect(fetch(`${url}/slow`)).rejects.toThrow();
    expect(await (await running).text()).toBe('done');
    await drained;
  });

  it('answers a request that was on its way over a kept connection, and ends the connection with it', async () => {
    const { server, port } = await start([echo]);
    const socket = connectTo(port);
    const ended = once(socket, 'close');
    socket.write('GET /echo HTTP/1.1\r\nHost: x\r\n\r\n');
    await expect.poll(() => socket.received).toContain('got');
    const drained = server.drain(5_000);
    socket.received = '';
    for (let turn = 0; turn < 3; turn += 1) await new Promise((resolve) => setImmediate(resolve));
    // As a load balancer does that has not heard of the drain.
    socket.write('GET /echo HTTP/1.1\r\nHost: x\r\n\r\n');
    await ended;
    expect(socket.received).toContain('HTTP/1.1 200 OK');
    expect(socket.received.toLowerCase()).toContain('connection: close');
    await drained;
  });

  it('answers what came over a kept connection while the process had no turn for longer than the silence', async () => {
    const { server, port } = await start([echo]);
    const socket = connectTo(port);
    socket.write('GET /echo HTTP/1.1\r\nhost: a\r\n\r\n');
    await expect.poll(() => socket.received).toContain('got');

    const drained = server.drain(5_000);
    socket.received = '';
    for (let turn = 0; turn < 3; turn += 1) await new Promise((resolve) => setImmediate(resolve));
    // In the phase of the event loop that timers come after, before anything is read.
    socket.write('GET /echo HTTP/1.1\r\nhost: a\r\n\r\n');
    const busyUntil = performance.now() + 400;
    while (performance.now() < busyUntil);
    await once(socket, 'close');
    expect(socket.received).toContain('got');
    await drained;
  });

  it('answers everybody who had connected when it began, accepted or not', async () => {
    const { server, port } = await start([echo]);
    // Two turns of the event loop accept a few of these at most.
    const answers = Array.from({ length: 50 }, () => {
      const socket = connectTo(port);
      socket.write('GET /echo HTTP/1.1\r\nhost: a\r\n\r\n');
      return once(socket, 'close').then(
        () => socket.received.split('\r\n')[0],
        ({ code }) => code,
      );
    });
    await new Promise(process.nextTick);
    const drained = server.drain(5_000);
    expect(new Set(await Promise.all(answers))).toEqual(new Set(['HTTP/1.1 200 OK']));
    await drained;
  });

  it('does not wait for kept connections that bring nothing', async () => {
    const { server, port } = await start([echo]);
    const socket = connect(port, '127.0.0.1');
    const ended = once(socket, 'close');
    await once(socket, 'connect');
    socket.write('GET /echo HTTP/1.1\r\nHost: x\r\n\r\n');
    await once(socket, 'data');
    await server.drain(60_000);
    await ended;
  });

  it('does not wait for connections that are kept ready and have brought nothing yet', async () => {
    const { server, port } = await start([echo]);
    const socket = connect(port, '127.0.0.1');
    const ended = once(socket.resume(), 'close');
    await once(socket, 'connect');
    await server.drain(60_000);
    await ended;
  });

  it('waits for the rest of a first request that has come in part', async () => {
    const { server, port } = await start([echo]);
    const socket = connectTo(port);
    const ended = once(socket, 'close');
    socket.write('GET /echo HTTP/1.1\r\n');
    const drained = server.drain(5_000);
    // Longer than a drain waits for kept connections to be silent.
    await new Promise((resolve) => setTimeout(resolve, 1000));
    socket.write('host: a\r\n\r\n');
    await ended;
    expect(socket.received).toContain('HTTP/1.1 200 OK');
    await drained;
  });

  it('cuts off what is still running after the grace', async () => {
    const { server, url } = await start([slow(60_000)]);
    const running = fetch(`${url}/slow`).then(
      () => 'answered',
      () => 'cut off',
    );
    await new Promise((resolve) => setTimeout(resolve, 100));
    await server.drain(50);
    expect(await running).toBe('cut off');
  });

  it('waits for a request that did not come over the network, and cuts it off after the grace', async () => {
    const start = (ms: number) => {
      const server = createHttpServer({ logger: silentLogger });
      server.mount([slow(ms)]);
      server.open();
      const request = { method: 'GET', path: '/slow', headers: [], clientAddress: '192.0.2.1' };
      return { server, running: server.handle(request) };
    };
    const patient = start(300);
    let answered = false;
    void patient.running.then(() => {
      answered = true;
    });
    await patient.server.drain(5_000);
    expect(answered).toBe(true);
    expect((await patient.running).body.toString()).toBe('done');

    const hasty = start(60_000);
    const ended = hasty.running.then(
      () => 'answered',
      () => 'cut off',
    );
    await hasty.server.drain(50);
    expect(await ended).toBe('cut off');
  });

  it('can be asked for twice', async () => {
    const { server } = await start([echo]);
    await Promise.all([server.drain(50), server.drain(50)]);
    expect(server.draining).toBe(true);
  });

  it('counts the silence from the latest request', async () => {
    const server = createServer();
    const drain = createDrain(server);
    await once(server.listen(0, '127.0.0.1'), 'listening');
    const kept = connect((server.address() as AddressInfo).port, '127.0.0.1');
    await Promise.all([once(server, 'connection'), once(kept, 'connect')]);
    kept.resume();

    const closed = drain.close(60_000);
    const latest = performance.now() + 500;
    drain.requestBegun(latest);
    await closed;
    expect(performance.now()).toBeGreaterThan(latest);
  });
});
