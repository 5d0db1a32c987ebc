import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { type Authenticator, createApp, loadConfig } from '../../src/index.ts';
import { silentLogger } from '../support/silentLogger.ts';

const host = { authenticator: 'host' } as const;
const environment = { EMULATOR_PORT: '0', PORT: '0', AUDIT_FILE: '/dev/null' };
const login: Authenticator = {
  authenticate: async () => ({ userId: 'carol', administrator: false, principalTags: {} }),
};
const query = JSON.stringify({ query: '{ me { userId } }' });
const json = { 'content-type': 'application/json' };

const closing: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0)) await close();
});

async function listen(answer: (request: IncomingMessage, response: ServerResponse) => void) {
  const server: Server = createServer(answer);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  closing.push(() => server.close());
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

function appWith(authenticator: Authenticator = login) {
  const app = createApp(loadConfig(environment, host), { authenticator, logger: silentLogger });
  closing.push(() => app.stop());
  return app;
}

describe('the whole service with the login of a host', () => {
  it('has no demo login and no demo page, whose tokens nobody would take', async () => {
    const { url, demoToken } = await appWith().start();
    expect(demoToken).toBeUndefined();
    expect((await fetch(`${url}/demo-login/jwks`)).status).toBe(404);
    expect((await fetch(url)).status).toBe(404);
    const answer = await fetch(`${url}/graphql`, { method: 'POST', headers: json, body: query });
    expect(await answer.json()).toEqual({ data: { me: { userId: 'carol' } } });
  });

  it('is not made without that login', () => {
    expect(() => createApp(loadConfig(environment, host), { logger: silentLogger })).toThrow(
      'The configuration leaves the login to an authenticator, and none was handed in.',
    );
  });

  it('takes an authenticator in place of the login of the configuration, too', async () => {
    const app = createApp(loadConfig(environment), { authenticator: login, logger: silentLogger });
    closing.push(() => app.stop());
    const { demoToken } = await app.startWithoutListening();
    expect(demoToken).toBeUndefined();
  });
});

describe('its listener in a server of somebody else', () => {
  it('keeps every rule: routes, limits, headers, the address of the client', async () => {
    const { listener } = await appWith().startWithoutListening();
    const url = await listen(listener);
    const answer = await fetch(`${url}/graphql`, { method: 'POST', headers: json, body: query });
    expect(await answer.json()).toEqual({ data: { me: { userId: 'carol' } } });
    expect(answer.headers.get('cache-control')).toBe('no-store');
    expect((await fetch(`${url}/livez`)).status).toBe(200);
    expect((await fetch(`${url}/nothing`)).status).toBe(404);
    const body = JSON.stringify({ query: 'x'.repeat(200_000) });
    expect((await fetch(`${url}/graphql`, { method: 'POST', headers: json, body })).status).toBe(413);
  });

  it('lets what it answers end before the service stops', async () => {
    let arrived = () => {};
    const arrival = new Promise<void>((resolve) => {
      arrived = resolve;
    });
    let letGo = () => {};
    const app = appWith({
      authenticate: async (headers, signal) => {
        arrived();
        await new Promise<void>((resolve) => {
          letGo = resolve;
        });
        return login.authenticate(headers, signal);
      },
    });
    const { listener } = await app.startWithoutListening();
    const url = await listen(listener);
    const answer = fetch(`${url}/graphql`, { method: 'POST', headers: json, body: query });
    await arrival;
    const ended: string[] = [];
    const stopped = app.stop().then(() => ended.push('service'));
    const answered = answer.then((response) => response.json()).then(() => ended.push('answer'));
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect(ended).toEqual([]);
    letGo();
    await Promise.all([stopped, answered]);
    expect((await answer).status).toBe(200);
  });
});
