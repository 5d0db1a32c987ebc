import { existsSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { resolve } from 'node:path';
import { build } from 'esbuild';
import { type Browser, type BrowserContext, chromium, type Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { identityOf, issued, loginOf } from '../../unit/client/testServers.ts';

const executablePath = '/usr/bin/chromium';
const hasBrowser = existsSync(executablePath) || process.env['CI'] === 'true';
const title = 'several tabs of Chromium (skipped where /usr/bin/chromium is missing)';

describe.skipIf(!hasBrowser)(title, { timeout: 60_000 }, () => {
  let browser: Browser;
  let context: BrowserContext;
  let server: Server;
  let url: string;
  let requests: number;
  let script: string;

  beforeAll(async () => {
    browser = await chromium.launch({
      executablePath,
      args: ['--no-sandbox', '--disable-gpu', '--disable-quic'],
    });
    const { outputFiles } = await build({
      entryPoints: [resolve(import.meta.dirname, '../../../src/client/index.ts')],
      bundle: true,
      write: false,
      format: 'iife',
      globalName: 'client',
    });
    script = outputFiles[0]?.text ?? '';
  });
  afterAll(() => browser?.close());

  beforeEach(async () => {
    requests = 0;
    server = createServer((request, response) => {
      if (request.method === 'GET') {
        response.writeHead(200, { 'content-type': 'text/html' }).end('<title>app</title>');
        return;
      }
      const accessKeyId = `ASIA${++requests}`;
      const expiration = new Date(Date.now() + 3_600_000).toISOString();
      const keys = { accessKeyId, secretAccessKey: 'secret', sessionToken: 't', expiration };
      const body = JSON.stringify(issued('alice', { awsCredentials: keys }).body);
      // Long enough for all tabs to have asked before the first is answered.
      setTimeout(() => response.writeHead(200, { 'content-type': 'application/json' }).end(body), 500);
    });
    await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
    context = await browser.newContext();
  });
  afterEach(async () => {
    await context.close();
    server.closeAllConnections();
    await new Promise((closed) => server.close(closed));
  });

  async function openTab(): Promise<Page> {
    const page = await context.newPage();
    await page.goto(url);
    await page.addScriptTag({ content: script });
    await page.evaluate((token) => {
      const { fromCognitoGraphQL, acrossTabs } = (
        globalThis as never as { client: typeof import('../../../src/client/index.ts') }
      ).client;
      const sharing = acrossTabs({ storage: 'indexedDB' });
      const provider = fromCognitoGraphQL({
        endpoint: '/graphql',
        getToken: () => token,
        exchange: 'server',
        sharing,
        environment: { now: () => Date.now() + (globalThis as never as { passedMs: number }).passedMs },
      });
      Object.assign(globalThis, { provider, passedMs: 0 });
    }, loginOf('alice'));
    return page;
  }

  /** Everything that is in the store, as text. */
  function stored(page: Page): Promise<string> {
    return page.evaluate(
      () =>
        new Promise<string>((done) => {
          const opening = indexedDB.open('cognito-graphql', 1);
          opening.onsuccess = () => {
            const all = opening.result.transaction('credentials').objectStore('credentials').getAll();
            all.onsuccess = () => done(all.result.join());
          };
        }),
    );
  }

  /** Access key, or the code of the failure. */
  function ask(page: Page): Promise<string> {
    return page.evaluate(() =>
      (globalThis as never as { provider: () => Promise<{ accessKeyId: string }> }).provider().then(
        ({ accessKeyId }) => accessKeyId,
        ({ code }) => code,
      ),
    );
  }

  it('make one request for all when they ask together, and again when the credentials expire together', async () => {
    const tabs = await Promise.all([1, 2, 3, 4, 5].map(openTab));
    expect(new Set(await Promise.all(tabs.map(ask)))).toEqual(new Set(['ASIA1']));
    expect(requests).toBe(1);
    for (const tab of tabs) await tab.evaluate(() => Object.assign(globalThis, { passedMs: 59 * 60_000 }));
    expect(new Set(await Promise.all(tabs.map(ask)))).toEqual(new Set(['ASIA2']));
    expect(requests).toBe(2);
  });

  it('are all signed out by one, also while one of them refreshes', async () => {
    const [one, two, three] = [await openTab(), await openTab(), await openTab()];
    await Promise.all([one, two].map(ask));
    expect(await stored(one)).toContain('secret');
    const refreshing = three.evaluate(() =>
      (globalThis as never as { provider: { refresh(): Promise<unknown> } }).provider.refresh().then(
        () => 'answered',
        ({ code }) => code,
      ),
    );
    await three.waitForFunction(async () => (await navigator.locks.query()).held?.length === 1);
    await one.evaluate(() =>
      (globalThis as never as { provider: { clear(): Promise<void> } }).provider.clear(),
    );
    expect(await refreshing).toBe('SIGNED_OUT');
    const asked = requests;
    expect(await Promise.all([one, two, three].map(ask))).toEqual(['SIGNED_OUT', 'SIGNED_OUT', 'SIGNED_OUT']);
    expect(requests).toBe(asked);
    expect(await stored(one)).not.toContain('secret');
    expect(await stored(one)).not.toContain(identityOf('alice'));
  });

  it('take the credentials from the store when they are opened later', async () => {
    await ask(await openTab());
    expect(await ask(await openTab())).toBe('ASIA1');
    expect(requests).toBe(1);
  });
});
