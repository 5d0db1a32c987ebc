import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import type { Browser, BrowserContext } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, expect, it, vi } from 'vitest';
import { requireTool } from '../../support/requirements.ts';
import { type DemoPage, launchChromium, openDemoPage, type Product, startProduct } from './product.ts';

vi.setConfig({ testTimeout: 60_000 });

requireTool('chromium').describe('the demo page of serve, in Chromium', () => {
  let product: Product;
  let browser: Browser;
  let context: BrowserContext;
  let demo: DemoPage;
  const identity = /^us-east-1:[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

  beforeAll(async () => {
    [product, browser] = await Promise.all([startProduct(), launchChromium()]);
  });
  afterAll(async () => {
    await browser?.close();
    await product?.stop();
  });

  beforeEach(async () => {
    await product.settle();
    context = await browser.newContext();
    demo = await openDemoPage(context, product.url);
  });
  afterEach(() => context.close());

  const left = (id: string, pattern: string) =>
    demo.page.waitForFunction(
      ([where, what]) =>
        new RegExp(what as string).test(document.getElementById(where as string)?.textContent ?? ''),
      [id, pattern],
    );

  /** What is on the page of anybody, in sight or not. */
  const ofAnybody = async () => {
    const ids = ['identity', 'request', 'answer', 'token', 'token-left', 'credentials-left', 'access-key'];
    return Promise.all([...ids, 'secret-key', 'session-token', 'caller-arn'].map(demo.text));
  };
  const nothing = Array.from({ length: 10 }, () => '–');

  it('signs a user in and shows request, answer, identity, token and credentials', async () => {
    const shown = await demo.signIn('alice');
    expect(shown).toMatch(identity);
    expect(await demo.text('request')).toContain('mutation CognitoCredentials');
    expect(await demo.text('answer-status')).toBe('(HTTP 200)');
    expect(await demo.text('answer')).toContain('"loginsKey": "cognito-identity.amazonaws.com"');
    const { header, claims } = JSON.parse((await demo.text('token')) ?? '');
    expect(header).toMatchObject({ alg: 'RS512' });
    expect(claims).toMatchObject({ sub: shown, iss: 'https://cognito-identity.amazonaws.com' });
    expect(await demo.text('access-key')).toMatch(/^ASIA\w{16}$/);
    await left('token-left', '^14:');
    await left('credentials-left', '^59:');
    expect(demo.requests).toEqual(['POST /demo-login/token', 'POST /graphql']);
    expect(await product.callsOfPages()).toEqual(['GetCredentialsForIdentity']);
    expect(demo.complaints).toEqual([]);
  });

  it('shortens the secrets it shows', async () => {
    await demo.signIn('alice');
    expect(await demo.text('secret-key')).toMatch(/^.{4}…$/);
    expect(await demo.text('session-token')).toMatch(/^.{16}….{8} \(\d+ characters\)$/);
    expect(await demo.text('answer')).toMatch(/"openIdToken": ".{16}….{8} \(\d+ characters\)"/);
  });

  it('counts down every second', async () => {
    await context.clock.install();
    await demo.page.reload();
    await demo.signIn('alice');
    await left('token-left', '^1[45]:');
    await context.clock.fastForward('10:00');
    await left('token-left', '^0[45]:');
    await left('credentials-left', '^(49|50):');
    await context.clock.fastForward('05:00');
    await left('token-left', '^expired$');
  });

  it('asks STS with the credentials, signed in the browser', async () => {
    await demo.signIn('alice');
    await demo.click('Ask STS');
    await demo.shows('arn:aws:sts::000000000000:assumed-role/');
    expect(await demo.text('caller-arn')).toMatch(
      /^arn:aws:sts::000000000000:assumed-role\/[\w-]+\/CognitoIdentityCredentials$/,
    );
    expect(await demo.text('caller-account')).toBe('000000000000');
    expect(demo.complaints).toEqual([]);
  });

  it('keeps the identity of a guest who signs in', async () => {
    await demo.click('guest');
    await demo.shows('You are a guest.');
    const guest = await demo.text('identity');
    expect(guest).toMatch(identity);
    await demo.click('Ask STS');
    await demo.shows('CognitoIdentityCredentials');
    expect(await demo.signIn('carol')).toBe(guest);
    expect(await demo.text('linked')).toBe("The guest's identity is now that of carol: the id stayed.");
    expect(await demo.text('seen')).toContain(`carol${guest}`);
    await demo.click('Sign out');
    expect(await demo.signIn('carol')).toBe(guest);
    expect(demo.complaints).toEqual([]);
  });

  it('says so when a guest signs in as somebody who has an identity already', async () => {
    const alice = await demo.signIn('alice');
    await demo.click('Sign out');
    await demo.shows('Nobody is signed in.');
    await demo.click('guest');
    await demo.shows('You are a guest.');
    expect(await demo.signIn('alice')).toBe(alice);
    expect(await demo.text('linked')).toBe("alice has an identity already; the guest's was left behind.");
  });

  it('gives a second user another identity and shows both', async () => {
    const alice = await demo.signIn('alice');
    const bob = await demo.signIn('bob');
    expect(bob).toMatch(identity);
    expect(bob).not.toBe(alice);
    expect(await demo.text('token')).not.toContain(alice);
    expect(await demo.text('seen')).toContain(`alice${alice}bob${bob}`);
    expect(demo.complaints).toEqual([]);
  });

  it('forgets everything when the user signs out, and lets the same user in again', async () => {
    const alice = await demo.signIn('alice');
    await demo.click('Sign out');
    await demo.shows('Nobody is signed in.');
    expect(await ofAnybody()).toEqual(nothing);
    expect(await demo.page.getByRole('button', { name: 'Ask STS' }).isDisabled()).toBe(true);
    expect(await demo.signIn('alice')).toBe(alice);
    expect(demo.complaints).toEqual([]);
  });

  it('signs out at once during a refresh, and nothing of the user comes back', async () => {
    await demo.signIn('alice');
    await product.control('POST', 'faults', { operation: 'GetCredentialsForIdentity', latencyMs: 1500 });
    await demo.click('Get new credentials');
    await expect.poll(() => demo.requests.length, { timeout: 10_000 }).toBe(3);
    await demo.click('Sign out');
    await demo.shows('Nobody is signed in.');
    expect(await ofAnybody()).toEqual(nothing);
    const asked = demo.requests.length;
    // Until the answer would have come, and the page would have looked again.
    await demo.page.waitForTimeout(2500);
    expect(await ofAnybody()).toEqual(nothing);
    expect(await demo.text('state')).toBe('Nobody is signed in.');
    expect(await demo.text('error')).toBe('');
    expect(demo.requests).toHaveLength(asked);
  });

  it('signs out at once while STS is asked, whose answer counts for nothing', async () => {
    await demo.signIn('alice');
    await product.control('POST', 'faults', { operation: 'GetCallerIdentity', latencyMs: 800, times: 1 });
    const answered = demo.page.waitForResponse((response) => response.request().method() === 'POST');
    await demo.click('Ask STS');
    await demo.click('Sign out');
    await demo.shows('Nobody is signed in.');
    await answered;
    await demo.page.waitForTimeout(200);
    expect(await ofAnybody()).toEqual(nothing);
    expect(await demo.text('error')).toBe('');
  });

  /** Holds back the answer to the logins of a user, which the server has given already. */
  async function holdLoginOf(user: string) {
    let letGo = () => {};
    const held = new Promise<void>((resolve) => {
      letGo = resolve;
    });
    const isOf = (text: string | null) => new URLSearchParams(text ?? '').get('username') === user;
    await demo.page.route('**/demo-login/token', async (route) => {
      if (!isOf(route.request().postData())) return route.fallback();
      const response = await route.fetch();
      await held;
      await route.fulfill({ response });
    });
    return async () => {
      const arrived = demo.page.waitForResponse((response) => isOf(response.request().postData()));
      letGo();
      await arrived;
      // For what the page would make of it.
      await demo.page.waitForTimeout(500);
    };
  }

  it.each([
    ['nobody', undefined],
    ['another user', 'bob'],
  ])(
    'signs out at once while a login is under way, of which nothing comes, with %s signed in',
    async (_, before) => {
      if (before) await demo.signIn(before);
      const asked = demo.requests.length;
      const letGo = await holdLoginOf('alice');
      await demo.enter('alice');
      await demo.shows('Signing in as alice…');
      await demo.click('Sign out');
      await demo.shows('Nobody is signed in.');
      await letGo();
      expect(await ofAnybody()).toEqual(nothing);
      expect(await demo.text('state')).toBe('Nobody is signed in.');
      expect(await demo.text('error')).toBe('');
      expect(await demo.text('seen')).not.toContain('alice');
      expect(demo.requests.slice(asked)).toEqual(['POST /demo-login/token']);
      expect(await demo.signIn('alice')).toMatch(identity);
      expect(demo.complaints).toEqual([]);
    },
  );

  it('lets the later of two logins win, whichever is answered last', async () => {
    const letAliceGo = await holdLoginOf('alice');
    await demo.enter('alice');
    await demo.shows('Signing in as alice…');
    const bob = await demo.signIn('bob');
    await letAliceGo();
    expect(await demo.text('state')).toBe('Signed in as bob.');
    expect(await demo.text('identity')).toBe(bob);
    expect(await demo.text('seen')).not.toContain('alice');
    expect(await demo.text('error')).toBe('');
  });

  it('goes on with the later of two logins when the earlier is answered', async () => {
    const letAliceGo = await holdLoginOf('alice');
    await demo.enter('alice');
    await demo.shows('Signing in as alice…');
    const letBobGo = await holdLoginOf('bob');
    await demo.enter('bob');
    await demo.shows('Signing in as bob…');
    await letAliceGo();
    expect(await demo.text('state')).toBe('Signing in as bob…');
    expect(await demo.page.locator('main').getAttribute('aria-busy')).toBe('true');
    await letBobGo();
    await demo.shows('Signed in as bob.');
    expect(await demo.page.locator('main').getAttribute('aria-busy')).toBe('false');
    expect(await demo.text('seen')).not.toContain('alice');
  });

  it('goes on with the user who was here when the login refuses another', async () => {
    const alice = await demo.signIn('alice');
    await demo.page.route('**/demo-login/token', (route) =>
      route.fulfill({
        status: 400,
        json: { error: 'invalid_grant', error_description: 'nobody of that name' },
      }),
    );
    await demo.enter('mallory');
    await demo.shows('LOGIN_FAILED: The demo login refused: nobody of that name.');
    expect(await demo.text('state')).toBe('Signed in as alice.');
    expect(await demo.text('identity')).toBe(alice);
    expect(await demo.text('access-key')).toMatch(/^ASIA\w{16}$/);
    expect(await demo.text('seen')).not.toContain('mallory');
  });

  it('lets another user in during a refresh, and nothing of the first comes back', async () => {
    const alice = await demo.signIn('alice');
    await product.control('POST', 'faults', {
      operation: 'GetCredentialsForIdentity',
      latencyMs: 800,
      times: 1,
    });
    await demo.click('Get new credentials');
    await expect.poll(() => demo.requests.length, { timeout: 10_000 }).toBe(3);
    const bob = await demo.signIn('bob');
    expect(bob).not.toBe(alice);
    await demo.page.waitForTimeout(1500);
    expect(await demo.text('identity')).toBe(bob);
    expect(await demo.text('token')).toContain(bob);
    expect(await demo.text('error')).toBe('');
  });

  it('shows errors plainly and recovers', async () => {
    const operation = 'GetOpenIdTokenForDeveloperIdentity';
    await product.control('POST', 'faults', { operation, error: { name: 'AccessDeniedException' } });
    await demo.enter('dave');
    await demo.shows('UPSTREAM_FORBIDDEN: ');
    expect(await demo.text('answer')).toContain('"code": "UPSTREAM_FORBIDDEN"');
    expect(await demo.text('identity')).toBe('–');
    await product.settle();
    await demo.click('Get new credentials');
    await demo.page.getByText(identity).first().waitFor();
    expect(await demo.text('error')).toBe('');
  });

  it("shows Cognito's refusals by their name", async () => {
    const error = { name: 'InvalidIdentityPoolConfigurationException', message: 'Check the roles.' };
    await product.control('POST', 'faults', { operation: 'GetCredentialsForIdentity', error });
    await demo.enter('alice');
    await demo.shows(
      'COGNITO_ERROR: Cognito refused GetCredentialsForIdentity: InvalidIdentityPoolConfigurationException.',
    );
  });

  it('goes on with good credentials while it is offline, and says what fails', async () => {
    await demo.signIn('alice');
    const before = await demo.text('access-key');
    await context.setOffline(true);
    await demo.click('Get new credentials');
    await demo.shows('NETWORK_ERROR');
    expect(await demo.text('access-key')).toBe(before);
    await context.setOffline(false);
    await demo.click('Get new credentials');
    await expect.poll(() => demo.text('access-key'), { timeout: 10_000 }).not.toBe(before);
    expect(await demo.text('error')).toBe('');
  });

  it.each([
    ['light', 1280],
    ['dark', 1280],
    ['light', 768],
    ['dark', 360],
    ['light', 360],
  ] as const)(
    'has nothing that axe-core finds wrong and does not scroll sideways, %s at %i pixels',
    async (colorScheme, width) => {
      const { page } = demo;
      await page.emulateMedia({ colorScheme });
      await page.setViewportSize({ width, height: 800 });
      await demo.click('guest');
      await demo.shows('You are a guest.');
      await demo.signIn(`erin-${colorScheme}-${width}`);
      await demo.click('Ask STS');
      await demo.shows('arn:aws:sts');
      const folder = process.env['SCREENSHOTS'];
      if (folder) await page.screenshot({ path: `${folder}/${colorScheme}-${width}.png`, fullPage: true });
      expect(await violations()).toEqual([]);
      const wide = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
      expect(wide).toBeLessThanOrEqual(0);
      await context.setOffline(true);
      await demo.click('Get new credentials');
      await demo.shows('NETWORK_ERROR');
      expect(await violations()).toEqual([]);
      const error = await page.locator('#error').boundingBox();
      expect(error?.y).toBeGreaterThanOrEqual(0);
      expect((error?.y ?? 0) + (error?.height ?? 0)).toBeLessThanOrEqual(800);
    },
  );

  async function violations(): Promise<string[]> {
    // The page's policy forbids foreign scripts, so axe is evaluated instead.
    const axe = await readFile(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
    await demo.page.evaluate(axe);
    return demo.page.evaluate(async () =>
      // biome-ignore lint/suspicious/noExplicitAny: axe hangs itself on the window
      (await (globalThis as any).axe.run()).violations.map((each: { id: string }) => each.id),
    );
  }

  it('can be worked with the keyboard alone', async () => {
    const { page } = demo;
    await page.getByLabel('User name').focus();
    await page.keyboard.press('Enter');
    await demo.shows('Signed in as alice.');
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
