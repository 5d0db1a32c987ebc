import { chromium } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { requireTool } from '../support/requirements.ts';
import { type Stack, startStack } from '../support/stack.ts';

let stack: Stack;
beforeAll(async () => {
  stack = await startStack();
});
afterAll(() => stack.stop());

const page = (path: string) => fetch(`${stack.app.url}${path}`, { headers: { accept: 'text/html' } });
const ending = "object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'";

describe('a page', () => {
  it('at /explorer runs its own script and no other', async () => {
    const response = await page('/explorer');
    const html = await response.text();
    const policy = response.headers.get('content-security-policy') ?? '';
    const nonce = /script-src 'nonce-([\w+/=]+)'/.exec(policy)?.[1] ?? '';
    expect(policy).toBe(
      `default-src 'none'; script-src 'nonce-${nonce}'; style-src 'unsafe-inline'; img-src 'self' data:; font-src data:; worker-src blob:; connect-src 'self'; ${ending}`,
    );
    expect(html.split(`<script nonce="${nonce}">`)).toHaveLength(2);
    expect(await (await page('/explorer')).text()).not.toContain(nonce);
  });

  it("at /graphql adds to Apollo's own policy what a page cannot say itself", async () => {
    const response = await page('/graphql');
    expect(response.headers.get('content-type')).toMatch(/^text\/html/);
    expect(response.headers.get('content-security-policy')).toBe(ending);
    expect(await response.text()).toMatch(
      /http-equiv="Content-Security-Policy" content="script-src 'self' 'nonce-/,
    );
  });

  it('at /graphql does not exist in production', async () => {
    const production = await startStack({ env: { NODE_ENV: 'production' } });
    try {
      const response = await fetch(`${production.app.url}/graphql`, { headers: { accept: 'text/html' } });
      expect([response.status, response.headers.get('content-type')]).toEqual([
        406,
        'application/json; charset=utf-8',
      ]);
      expect((await fetch(`${production.app.url}/explorer`)).status).toBe(404);
    } finally {
      await production.stop();
    }
  });
});

requireTool('chromium').describe('the explorer in a browser', () => {
  it('loads and runs its first tab without any complaint', async () => {
    const browser = await chromium.launch({
      executablePath: '/usr/bin/chromium',
      args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-sync'],
    });
    try {
      const tab = await browser.newPage();
      const complaints: string[] = [];
      tab.on('console', (message) => {
        if (message.type() === 'error') complaints.push(message.text());
      });
      tab.on('pageerror', ({ message }) => complaints.push(message));
      await tab.goto(`${stack.app.url}/explorer`);
      await tab.getByRole('button', { name: /execute/i }).click({ timeout: 40_000 });
      await tab.getByText('UNAUTHENTICATED').first().waitFor({ timeout: 20_000 });
      expect(complaints.filter((text) => !/status of 401/.test(text))).toEqual([]);
    } finally {
      await browser.close();
    }
  }, 90_000);
});
