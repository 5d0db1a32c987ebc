import type { Browser, BrowserContext, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, expect, it, vi } from 'vitest';
import { requireTool } from '../../support/requirements.ts';
import { launchChromium, openDemoPage, type Product, startProduct } from './product.ts';

type Client = typeof import('../../../src/client/index.ts');
type Provider = ReturnType<Client['fromCognitoGraphQL']>;
/** What the tests hang on the window of each tab. */
interface Tab {
  provider: Provider;
}

vi.setConfig({ testTimeout: 60_000 });

requireTool('chromium').describe('several tabs and browsers, with the product and its clock', () => {
  let product: Product;
  let browser: Browser;
  let context: BrowserContext;

  let timeHasPassed = false;
  /** What the tabs of `context` have posted: operations of Cognito, and paths of the product. */
  let requests: string[];

  beforeAll(async () => {
    [product, browser] = await Promise.all([startProduct(), launchChromium()]);
  });
  afterAll(async () => {
    await browser?.close();
    await product?.stop();
  });

  beforeEach(async () => {
    // What a server has seen at one time of the clock is of no use at an earlier one.
    if (timeHasPassed) {
      await product.stop();
      product = await startProduct();
      timeHasPassed = false;
    }
    await product.settle();
    context = await browser.newContext();
    await context.clock.install();
    requests = [];
    context.on('request', (request) => {
      if (request.method() !== 'POST') return;
      const target = request.headers()['x-amz-target']?.split('.')[1];
      requests.push(target ?? new URL(request.url()).pathname);
    });
  });
  afterEach(() => context.close());

  /** A page of the product's origin with an app of its own on it, which is signed in and keeps its credentials in a store. */
  async function openTab(user = 'alice', inContext = context): Promise<Page> {
    const page = await inContext.newPage();
    await page.goto(`${product.url}/`);
    // As text, since the test's own bundler would replace the import.
    await page.evaluate(
      `import('/demo/assets/client/index.js').then((client) => Object.assign(globalThis, { client }))`,
    );
    await page.evaluate(async (username) => {
      const { fromCognitoGraphQL, acrossTabs } = (globalThis as never as { client: Client }).client;
      const { cognitoEndpoint } = await (await fetch('/demo/config.json')).json();
      const logIn = async () => {
        const body = new URLSearchParams({ grant_type: 'password', username });
        const response = await fetch('/demo-login/token', { method: 'POST', body });
        return (await response.json()).access_token as string;
      };
      let token = await logIn();
      const provider = fromCognitoGraphQL({
        endpoint: '/graphql',
        cognitoEndpoint,
        getToken: async ({ force }) => {
          if (force) token = await logIn();
          return token;
        },
        sharing: acrossTabs({ storage: 'indexedDB' }),
      });
      Object.assign(globalThis, { provider });
    }, user);
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

  /** Access key and identity, or the code of the failure twice. */
  function ask(page: Page, forceRefresh = false): Promise<{ key: string; identityId: string }> {
    return page.evaluate(
      (forceRefresh) =>
        (globalThis as never as Tab).provider({ forceRefresh }).then(
          ({ accessKeyId, identityId }) => ({ key: accessKeyId, identityId }),
          ({ code }) => ({ key: code, identityId: code }),
        ),
      forceRefresh,
    );
  }

  async function timePasses(minutes: number): Promise<void> {
    timeHasPassed = true;
    await product.control('POST', 'clock', { advanceMs: minutes * 60_000 });
    await context.clock.fastForward(minutes * 60_000);
  }

  const exchanges = () => requests.filter((name) => name === 'GetCredentialsForIdentity').length;

  it('exchange once for five tabs that ask together, and once more when the credentials expire for all', async () => {
    const tabs = await Promise.all([1, 2, 3, 4, 5].map(() => openTab()));
    // Long enough for all tabs to have asked before the first is answered.
    await product.control('POST', 'faults', { operation: 'GetCredentialsForIdentity', latencyMs: 500 });
    const first = await Promise.all(tabs.map((tab) => ask(tab)));
    expect(new Set(first.map(({ key }) => key)).size).toBe(1);
    expect(first[0]?.key).toMatch(/^ASIA/);
    expect(exchanges()).toBe(1);
    await timePasses(30);
    expect(await Promise.all(tabs.map((tab) => ask(tab)))).toEqual(first);
    await timePasses(29);
    const second = await Promise.all(tabs.map((tab) => ask(tab)));
    expect(new Set(second.map(({ key }) => key)).size).toBe(1);
    expect(second[0]?.key).toMatch(/^ASIA/);
    expect(second[0]?.key).not.toBe(first[0]?.key);
    expect(second[0]?.identityId).toBe(first[0]?.identityId);
    // The server's clock has not moved: its cached token is too old for Cognito, and is renewed once.
    expect(exchanges()).toBe(3);
  });

  it('are all signed out by one, also while one of them refreshes', async () => {
    const [one, two, three] = [await openTab(), await openTab(), await openTab()];
    const { identityId } = await ask(one);
    await ask(two);
    expect(await stored(one)).toContain(identityId);
    await product.control('POST', 'faults', { operation: 'GetCredentialsForIdentity', latencyMs: 1000 });
    const refreshing = ask(three, true);
    await three.waitForFunction(async () => (await navigator.locks.query()).held?.length === 1);
    await one.evaluate(() => (globalThis as never as Tab).provider.clear());
    expect((await refreshing).key).toBe('SIGNED_OUT');
    await product.settle();
    const asked = requests.length;
    const after = await Promise.all([one, two, three].map((tab) => ask(tab)));
    expect(after.map(({ key }) => key)).toEqual(['SIGNED_OUT', 'SIGNED_OUT', 'SIGNED_OUT']);
    expect(requests).toHaveLength(asked);
    expect(await stored(one)).not.toContain(identityId);
  });

  it('take the credentials from the store when they are opened later', async () => {
    const first = await ask(await openTab());
    expect(await ask(await openTab())).toEqual(first);
    expect(exchanges()).toBe(1);
  });

  it('of two users have two identities, and neither sees what is stored for the other', async () => {
    const [alice, bob] = [await openTab('alice'), await openTab('bob')];
    const [ofAlice, ofBob] = [await ask(alice), await ask(bob)];
    expect(ofBob.identityId).not.toBe(ofAlice.identityId);
    await bob.evaluate(() => (globalThis as never as Tab).provider.clear());
    expect(await ask(alice)).toEqual(ofAlice);
    expect(await ask(await openTab('alice'))).toEqual(ofAlice);
    expect(exchanges()).toBe(2);
  });

  it('in two browsers have one identity for one user, and do not sign each other out', async () => {
    const elsewhere = await launchChromium();
    try {
      const [here, there] = [await openTab(), await openTab('alice', await elsewhere.newContext())];
      const [one, other] = [await ask(here), await ask(there)];
      expect(other.identityId).toBe(one.identityId);
      expect(other.key).not.toBe(one.key);
      const bob = await ask(await openTab('bob', await elsewhere.newContext()));
      expect(bob.identityId).not.toBe(one.identityId);
      await there.evaluate(() => (globalThis as never as Tab).provider.clear());
      expect(await ask(here)).toEqual(one);
    } finally {
      await elsewhere.close();
    }
  });

  it('of the demo page renew by themselves before the credentials expire', async () => {
    const tabs = [await openDemoPage(context, product.url), await openDemoPage(context, product.url)];
    const identities = await Promise.all(tabs.map((tab) => tab.signIn('alice')));
    const keys = await Promise.all(tabs.map((tab) => tab.text('access-key')));
    await timePasses(56);
    for (const [index, tab] of tabs.entries()) {
      await expect.poll(() => tab.text('access-key'), { timeout: 10_000 }).not.toBe(keys[index]);
      expect(await tab.text('access-key')).toMatch(/^ASIA/);
      expect(await tab.text('identity')).toBe(identities[0]);
      await expect.poll(() => tab.text('credentials-left'), { timeout: 10_000 }).toMatch(/^(59|60):/);
      expect(await tab.text('error')).toBe('');
    }
  });

  it.each([
    ['signs out', 'Nobody is signed in.', '–'],
    ['lets bob in', 'Signed in as bob.', 'ASIA'],
  ])(
    'of the demo page forget what comes of a renewal by itself when its user %s meanwhile',
    async (_, state, key) => {
      const tab = await openDemoPage(context, product.url);
      await tab.signIn('alice');
      const before = exchanges();
      await product.control('POST', 'faults', {
        operation: 'GetCredentialsForIdentity',
        latencyMs: 1500,
        times: 1,
      });
      await timePasses(56);
      await expect.poll(exchanges, { timeout: 10_000 }).toBe(before + 1);
      if (key === '–') await tab.click('Sign out');
      else await tab.signIn('bob');
      await tab.shows(state);
      // Until the answer would have come.
      await new Promise((resolve) => setTimeout(resolve, 2000));
      expect(await tab.text('state')).toBe(state);
      expect(await tab.text('access-key')).toContain(key);
      expect(await tab.text('error')).toBe('');
    },
  );

  it('of the demo page do not show a guest again who is about to sign in', async () => {
    const tab = await openDemoPage(context, product.url);
    await tab.click('guest');
    await tab.shows('You are a guest.');
    const before = exchanges();
    const held = { operation: 'GetCredentialsForIdentity', latencyMs: 1500, times: 1 };
    await product.control('POST', 'faults', held);
    await timePasses(56);
    await expect.poll(exchanges, { timeout: 10_000 }).toBe(before + 1);
    let letGo = () => {};
    const login = new Promise<void>((resolve) => {
      letGo = resolve;
    });
    await tab.page.route('**/demo-login/token', async (route) => {
      await login;
      await route.continue();
    });
    await tab.enter('newcomer');
    await tab.page.waitForResponse((response) => response.url().startsWith(product.cognitoUrl));
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect(await tab.text('identity')).toBe('–');
    letGo();
    await tab.shows('Signed in as newcomer.');
  });

  it('of the demo page are signed out at once by one of them', async () => {
    const tabs = [await openDemoPage(context, product.url), await openDemoPage(context, product.url)];
    await tabs[0]?.signIn('alice');
    await tabs[1]?.signIn('alice');
    await tabs[0]?.click('Sign out');
    await tabs[1]?.shows('You signed out, perhaps in another tab.');
    expect(await tabs[1]?.text('state')).toBe('Nobody is signed in.');
    expect(await tabs[1]?.text('access-key')).toBe('–');
    expect(tabs.flatMap(({ complaints }) => complaints)).toEqual([]);
  });

  it('of the demo page go on by themselves after they were offline while the credentials ran out', async () => {
    const tab = await openDemoPage(context, product.url);
    const alice = await tab.signIn('alice');
    const before = await tab.text('access-key');
    await context.setOffline(true);
    await timePasses(65);
    await tab.shows(
      'NETWORK_ERROR: The API is out of reach. Is the server still running, and are you online?',
    );
    await expect.poll(() => tab.text('credentials-left'), { timeout: 10_000 }).toBe('expired');
    await context.setOffline(false);
    await expect.poll(() => tab.text('access-key'), { timeout: 10_000 }).not.toBe(before);
    expect(await tab.text('identity')).toBe(alice);
    expect(await tab.text('error')).toBe('');
    await expect.poll(() => tab.text('credentials-left'), { timeout: 10_000 }).toMatch(/^(59|60):/);
  });
});
