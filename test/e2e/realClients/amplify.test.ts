import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { type BrowserContext, chromium, type Page } from 'playwright-core';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { requireTool } from '../../support/requirements.ts';
import { createPoolWithRoles, developerToken, type Running, start } from '../emulator/support.ts';

const tool = requireTool('chromium');

/** What Chromium asked for before it let a call through. */
interface Preflight {
  readonly status: number;
  readonly asked: string;
  readonly headers: Readonly<Record<string, string>>;
}

tool.describe('aws-amplify in Chromium', () => {
  let running: Running;
  let poolId: string;
  let site: Server;
  let profile: string;
  let browser: BrowserContext;
  let page: Page;
  const preflights: Preflight[] = [];

  beforeAll(async () => {
    running = await start({ accountId: '111122223333' });
    poolId = await createPoolWithRoles(running);
    const script = await bundle();
    // The page has an origin of its own, so that every call to the emulator is a cross-origin one.
    site = createServer((request, response) => {
      const javascript = request.url === '/page.js';
      response.writeHead(200, { 'content-type': javascript ? 'text/javascript' : 'text/html' });
      response.end(
        javascript ? script : '<!doctype html><title>page</title><script src="/page.js"></script>',
      );
    });
    await new Promise<void>((resolve) => site.listen(0, '127.0.0.1', resolve));
    profile = await mkdtemp(join(tmpdir(), 'cognito-graphql-chromium-'));
    browser = await chromium.launchPersistentContext(profile, {
      executablePath: tool.path,
      headless: true,
      args: [
        '--no-sandbox',
        '--disable-gpu',
        '--disable-quic',
        '--no-first-run',
        '--disable-background-networking',
        '--disable-component-update',
        '--disable-sync',
      ],
    });
    page = browser.pages()[0] ?? (await browser.newPage());
    await watchPreflights(page, preflights);
  }, 120_000);
  afterAll(async () => {
    await browser?.close();
    site?.close();
    await running?.emulator.close();
    if (profile) await rm(profile, { recursive: true, force: true });
  });
  beforeEach(async () => {
    preflights.length = 0;
    running.emulator.requests.clear();
    await page.goto(`http://127.0.0.1:${(site.address() as AddressInfo).port}/`);
  });

  const inPage = (name: 'guest' | 'developer', ...rest: (string | undefined)[]) =>
    page.evaluate(
      ([method, world, given]) =>
        (
          globalThis as unknown as { realClients: Record<string, (...args: unknown[]) => Promise<Answer>> }
        ).realClients[method as string]?.(world, ...(given as unknown[])),
      [name, { emulator: running.url, identityPoolId: poolId }, rest] as const,
    );

  const assumedRole = (kind: string) =>
    `arn:aws:sts::111122223333:assumed-role/${kind}-${poolId.slice(-12)}/CognitoIdentityCredentials`;

  it('exchanges a developer token for credentials that STS accepts, preflights included', async () => {
    const { identityId, token } = await developerToken(running, poolId, 'alice');
    const answer = await inPage('developer', token, identityId);
    expect(answer).toEqual({ identityId, arn: assumedRole('users'), minutesLeft: 60 });
    const operations = running.emulator.requests
      .entries()
      .map(({ operation, status }) => [operation, status]);
    expect(operations).toEqual([
      ['GetOpenIdTokenForDeveloperIdentity', 200],
      ['GetCredentialsForIdentity', 200],
      ['GetCallerIdentity', 200],
    ]);
    // Chromium remembers answers to preflights, so they can be seen here, with the first calls, only.
    await expect.poll(() => preflights.map(({ status }) => status)).toEqual([204, 204]);
    const [json, signed] = preflights.map(({ asked, headers }) => {
      expect(headers['access-control-allow-origin']).toBe('*');
      expect(Number(headers['access-control-max-age'])).toBeGreaterThan(0);
      expect(headers['access-control-allow-headers']).toBe(asked);
      return asked.split(',');
    });
    expect(json).toContain('x-amz-target');
    expect(signed).toEqual(expect.arrayContaining(['authorization', 'x-amz-date', 'x-amz-security-token']));
  });

  it("cannot get an identity for a developer token, and reads AWS's words", async () => {
    const { token } = await developerToken(running, poolId, 'alice');
    expect(await inPage('developer', token, undefined)).toEqual({
      name: 'NotAuthorizedException',
      message: "Invalid login token. Can't pass in a Cognito token.",
    });
  });

  it('gets credentials for a guest', async () => {
    const answer = await inPage('guest');
    expect(answer).toEqual({ identityId: answer?.identityId, arn: assumedRole('guests') });
    expect(answer?.identityId).toMatch(/^us-east-1:[0-9a-f-]{36}$/);
  });
});

type Answer = Readonly<Record<string, string | number>> & { readonly identityId?: string };

async function bundle(): Promise<string> {
  const { outputFiles } = await build({
    entryPoints: [fileURLToPath(new URL('./amplifyPage.ts', import.meta.url))],
    bundle: true,
    format: 'iife',
    platform: 'browser',
    define: { 'process.env.NODE_ENV': '"production"', global: 'globalThis' },
    write: false,
    logLevel: 'silent',
  });
  return outputFiles[0]?.text ?? '';
}

/** Chromium keeps preflights from scripts and from playwright's own events; its debugging protocol shows them. */
async function watchPreflights(page: Page, preflights: Preflight[]): Promise<void> {
  const session = await page.context().newCDPSession(page);
  const asked = new Map<string, string>();
  session.on('Network.requestWillBeSentExtraInfo', ({ requestId, headers }) => {
    asked.set(requestId, lowerCase(headers)['access-control-request-headers'] ?? '');
  });
  session.on('Network.responseReceived', ({ requestId, response, type }) => {
    if (type !== 'Preflight') return;
    const { status, headers } = response;
    preflights.push({ status, asked: asked.get(requestId) ?? '', headers: lowerCase(headers) });
  });
  await session.send('Network.enable');
}

function lowerCase(headers: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]));
}
