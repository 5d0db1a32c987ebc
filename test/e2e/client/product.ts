import { type Browser, type BrowserContext, chromium, type Page } from 'playwright-core';
import { expect, vi } from 'vitest';
import type { DemoPageConfig } from '../../../src/demo/pageConfig.ts';
import { startCommand } from '../../support/command.ts';
import { tools } from '../../support/debianPackages.ts';

/** `serve` as everybody gets it who starts it without any configuration. */
export interface Product {
  readonly url: string;
  readonly cognitoUrl: string;
  readonly identityPoolId: string;
  /** Sends a command to the embedded Cognito, as `control('POST', 'clock', { advanceMs: 1000 })`. */
  control<T = unknown>(method: 'GET' | 'POST' | 'DELETE', command: string, body?: object): Promise<T>;
  /** Names of the operations that pages have called at the embedded Cognito since the log was last cleared. */
  callsOfPages(): Promise<string[]>;
  /** Removes faults, the shift of the clock and the log of requests. */
  settle(): Promise<void>;
  stop(): Promise<void>;
}

/** Starts the built command on free ports, with further settings where there are some. */
export async function startProduct(env: Readonly<Record<string, string>> = {}): Promise<Product> {
  const free = { PORT: '0', EMULATOR_PORT: '0', AUDIT_FILE: '/dev/null' };
  const command = startCommand(['serve'], { ...free, ...env });
  const started = () => expect(command.output()).toMatch(/Metrics +\S/);
  await vi.waitFor(started, { timeout: 20_000, interval: 50 });
  const url = /GraphQL +(http:\/\/\S+)\/graphql/.exec(command.output())?.[1] ?? '';
  const { cognitoEndpoint, identityPoolId } = (await (
    await fetch(`${url}/demo/config.json`)
  ).json()) as DemoPageConfig;

  async function control<T>(method: string, name: string, body?: object): Promise<T> {
    const init = { method, ...(body && { body: JSON.stringify(body) }) };
    const response = await fetch(`${cognitoEndpoint}/_control/${name}`, init);
    expect(response.status).toBe(200);
    return (await response.json()) as T;
  }

  return {
    url,
    cognitoUrl: cognitoEndpoint,
    identityPoolId,
    control,
    async callsOfPages() {
      const entries = await control<{ operation: string }[]>('GET', 'requests');
      return entries.map(({ operation }) => operation).filter((name) => !name.includes('Developer'));
    },
    async settle() {
      for (const name of ['faults', 'clock', 'requests']) await control('DELETE', name);
    },
    async stop() {
      command.process.kill('SIGTERM');
      await command.finished;
    },
  };
}

export function launchChromium(): Promise<Browser> {
  return chromium.launch({
    executablePath: tools.chromium.path,
    args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-sync'],
  });
}

/** The demo page in one tab, worked as a person would. */
export interface DemoPage {
  readonly page: Page;
  /** Errors of the console and of scripts. */
  readonly complaints: string[];
  /** Requests to the API and to the login so far, as `POST /graphql`. */
  readonly requests: string[];
  text(id: string): Promise<string | null>;
  click(button: string): Promise<void>;
  /** Starts to sign in. */
  enter(user: string): Promise<void>;
  /** Signs in, and resolves with the identity id once it is shown. */
  signIn(user: string): Promise<string>;
  /** Resolves when the text is on the page. */
  shows(text: string): Promise<void>;
}

export async function openDemoPage(context: BrowserContext, url: string): Promise<DemoPage> {
  const page = await context.newPage();
  const complaints: string[] = [];
  const requests: string[] = [];
  page.on('console', (message) => {
    if (message.type() === 'error' || message.type() === 'warning') complaints.push(message.text());
  });
  page.on('pageerror', (error) => complaints.push(error.message));
  page.on('request', (request) => {
    const { origin, pathname } = new URL(request.url());
    if (origin === url && request.method() === 'POST') requests.push(`POST ${pathname}`);
  });
  await page.goto(`${url}/`);
  await page.waitForFunction(() => document.getElementById('cognito-endpoint')?.textContent !== 'Cognito');

  const demo: DemoPage = {
    page,
    complaints,
    requests,
    text: (id) => page.locator(`#${id}`).textContent(),
    click: (name) => page.getByRole('button', { name }).click(),
    shows: (text) => page.getByText(text).first().waitFor(),
    async enter(user) {
      await page.getByLabel('User name').fill(user);
      await demo.click('Sign in');
    },
    async signIn(user) {
      await demo.enter(user);
      await demo.shows(`Signed in as ${user}.`);
      return (await demo.text('identity')) ?? '';
    },
  };
  return demo;
}
