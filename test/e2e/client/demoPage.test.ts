import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { type Browser, type BrowserContext, chromium, type Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { identityOf } from '../../unit/client/testServers.ts';
import { type DemoServers, startDemoServers } from './demoServers.ts';

const executablePath = '/usr/bin/chromium';
const hasBrowser = existsSync(executablePath) || process.env['CI'] === 'true';

const title = 'the demo page in Chromium (skipped where /usr/bin/chromium is missing)';

describe.skipIf(!hasBrowser)(title, { timeout: 60_000 }, () => {
  let browser: Browser;
  let context: BrowserContext;
  let page: Page;
  let demo: DemoServers;
  let complaints: string[];

  beforeAll(async () => {
    browser = await chromium.launch({
      executablePath,
      args: ['--no-sandbox', '--disable-gpu', '--disable-quic'],
    });
  });
  afterAll(() => browser?.close());

  beforeEach(async () => {
    demo = await startDemoServers();
    context = await browser.newContext();
    page = await context.newPage();
    complaints = [];
    page.on('console', (message) => {
      if (message.type() === 'error') complaints.push(message.text());
    });
    page.on('pageerror', (error) => complaints.push(error.message));
    await page.goto(demo.url);
    await page.waitForFunction(() => document.getElementById('cognito-endpoint')?.textContent !== 'Cognito');
  });
  afterEach(async () => {
    await context.close();
    await demo.close();
  });

  const text = (id: string) => page.locator(`#${id}`).textContent();
  const identityBecomes = (identityId: string) => page.getByText(identityId).first().waitFor();

  async function signIn(user: string): Promise<void> {
    await page.getByLabel('User name').fill(user);
    await page.getByRole('button', { name: 'Sign in' }).click();
    await page.getByText(`Signed in as ${user}.`).waitFor();
  }

  it('signs a user in and shows request, answer, identity, token and credentials', async () => {
    await signIn('alice');
    expect(await text('identity')).toBe(identityOf('alice'));
    expect(await text('request')).toContain('cognitoCredentials');
    expect(await text('answer')).toContain('"loginsKey": "cognito-identity.amazonaws.com"');
    expect(await text('token')).toContain(`"sub": "${identityOf('alice')}"`);
    expect(await text('access-key')).toMatch(/^ASIA-/);
    await page.waitForFunction(() =>
      /^1[45]:/.test(document.getElementById('token-left')?.textContent ?? ''),
    );
    await page.waitForFunction(() =>
      /^(59|60):/.test(document.getElementById('credentials-left')?.textContent ?? ''),
    );
    expect(demo.log).toEqual(['POST /demo-login/token', 'POST /graphql', 'GetCredentialsForIdentity']);
    expect(complaints).toEqual([]);
  });

  it('asks STS with the credentials, signed in the browser', async () => {
    await signIn('alice');
    await page.getByRole('button', { name: 'Ask STS' }).click();
    const key = await text('access-key');
    await page.getByText(`arn:aws:sts::000000000000:assumed-role/authenticated/${key}`).waitFor();
    expect(await text('caller-account')).toBe('000000000000');
    expect(complaints).toEqual([]);
  });

  it('keeps the identity of a guest who signs in', async () => {
    await page.getByRole('button', { name: 'guest' }).click();
    await page.getByText('You are a guest.').waitFor();
    const guest = await text('identity');
    await signIn('carol');
    expect(await text('identity')).toBe(guest);
    expect(await text('linked')).toBe("The guest's identity is now that of carol: the id stayed.");
    expect(complaints).toEqual([]);
  });

  it('gives a second user another identity and shows both', async () => {
    await signIn('alice');
    await signIn('bob');
    await identityBecomes(identityOf('bob'));
    expect(await text('identity')).toBe(identityOf('bob'));
    expect(await text('seen')).toContain(identityOf('alice'));
    expect(await text('seen')).toContain(identityOf('bob'));
    expect(complaints).toEqual([]);
  });

  it('forgets everything when the user signs out, and lets the same user in again', async () => {
    await signIn('alice');
    await page.getByRole('button', { name: 'Sign out' }).click();
    await page.getByText('Nobody is signed in.').waitFor();
    for (const id of ['identity', 'access-key', 'token', 'answer']) expect(await text(id)).toBe('–');
    expect(await page.getByRole('button', { name: 'Ask STS' }).isDisabled()).toBe(true);
    await signIn('alice');
    await identityBecomes(identityOf('alice'));
    expect(complaints).toEqual([]);
  });

  it('signs a user out of all tabs at once', async () => {
    await signIn('alice');
    const other = await context.newPage();
    await other.goto(demo.url);
    await other.getByLabel('User name').fill('alice');
    await other.getByRole('button', { name: 'Sign in' }).click();
    await other.getByText(identityOf('alice')).first().waitFor();
    await page.getByRole('button', { name: 'Sign out' }).click();
    await page.getByText('Nobody is signed in.').waitFor();
    const asked = demo.log.length;
    await other.getByRole('button', { name: 'Get new credentials' }).click();
    await other.getByText('You signed out, perhaps in another tab.').waitFor();
    expect(demo.log.length).toBe(asked);
  });

  it('shows errors plainly and recovers', async () => {
    demo.failWith = { status: 200, code: 'UPSTREAM_MISCONFIGURED' };
    await page.getByRole('button', { name: 'Sign in' }).click();
    await page.getByText('UPSTREAM_MISCONFIGURED: No.').waitFor();
    demo.failWith = undefined;
    await page.getByRole('button', { name: 'Get new credentials' }).click();
    await identityBecomes(identityOf('alice'));
    expect(await text('error')).toBe('');
  });

  it('goes on after it was offline', async () => {
    await signIn('alice');
    await context.setOffline(true);
    await page.getByRole('button', { name: 'Get new credentials' }).click();
    await page.getByText('NETWORK_ERROR').waitFor();
    await context.setOffline(false);
    const before = await text('access-key');
    await page.getByRole('button', { name: 'Get new credentials' }).click();
    await page.waitForFunction((key) => document.getElementById('access-key')?.textContent !== key, before);
    expect(await text('error')).toBe('');
  });

  it.each([
    ['light', 1280],
    ['dark', 1280],
    ['light', 768],
    ['dark', 360],
  ] as const)(
    'has nothing that axe-core finds wrong and does not scroll sideways, %s at %i pixels',
    async (colorScheme, width) => {
      await page.emulateMedia({ colorScheme });
      await page.setViewportSize({ width, height: 800 });
      await signIn('alice');
      // The page's policy forbids foreign scripts, so axe is evaluated instead.
      await page.evaluate(
        await readFile(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8'),
      );
      const found = await page.evaluate(async () =>
        // biome-ignore lint/suspicious/noExplicitAny: axe hangs itself on the window
        (await (globalThis as any).axe.run()).violations.map((each: { id: string }) => each.id),
      );
      expect(found).toEqual([]);
      const wide = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
      expect(wide).toBeLessThanOrEqual(0);
      const folder = process.env['SCREENSHOTS'];
      if (folder) await page.screenshot({ path: `${folder}/${colorScheme}-${width}.png`, fullPage: true });
    },
  );

  it('can be worked with the keyboard alone', async () => {
    await page.getByLabel('User name').focus();
    await page.keyboard.press('Enter');
    await page.getByText('Signed in as alice.').waitFor();
    const reached: (string | undefined)[] = [];
    for (let i = 0; i < 9; i++) {
      await page.keyboard.press('Tab');
      reached.push(await page.evaluate(() => document.activeElement?.id));
    }
    expect(reached).toEqual(
      expect.arrayContaining(['sign-in-button', 'sign-out', 'request', 'answer', 'token', 'refresh', 'call']),
    );
  });
});
