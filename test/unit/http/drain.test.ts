import { once } from 'node:events';
import { createServer } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { describe, expect, it } from 'vitest';
import { createDrain } from '../../../src/http/drain.ts';

describe('the silence that a drain waits for', () => {
  it('begins with the latest request', async () => {
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
