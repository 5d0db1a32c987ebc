import { afterEach, expect, it } from 'vitest';
import { createApp } from '../../src/app.ts';
import { silentLogger } from '../support/silentLogger.ts';
import { type Stack, startStack } from '../support/stack.ts';

const operation = 'GetOpenIdTokenForDeveloperIdentity';
let stack: Stack;
afterEach(() => stack.stop());

it('G17 a service that is told to stop is alive, and not ready at once', async () => {
  stack = await startStack({ env: { SHUTDOWN_GRACE: '1s' } });
  const { start, stop } = createApp(stack.config, { logger: silentLogger });
  const app = await start();
  const look = async (path: string) => {
    const { status, body } = await app.handle({ method: 'GET', path, headers: [], clientAddress: '::1' });
    return [status, JSON.parse(body.toString())];
  };
  await expect.poll(() => look('/readyz')).toEqual([200, { status: 'ready', problems: [] }]);

  stack.emulator.faults.add({ operation, hang: true, times: 1 });
  const waiting = stack
    .send({ query: 'mutation { cognitoCredentials { identityId } }', user: 'alice', url: app.url })
    .catch(() => 'cut off');
  await expect.poll(() => stack.emulator.faults.list()).toHaveLength(0);
  const stopped = stop();
  expect(await look('/readyz')).toEqual([
    503,
    { status: 'not ready', problems: [{ check: 'server', problem: 'The server is stopping.' }] },
  ]);
  expect(await look('/livez')).toEqual([200, { status: 'alive' }]);
  await stopped;
  expect(await waiting).toBe('cut off');
});
