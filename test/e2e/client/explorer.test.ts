import { readFileSync } from 'node:fs';
import { buildSchema, type GraphQLObjectType } from 'graphql';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, expect, it, vi } from 'vitest';
import { requireTool } from '../../support/requirements.ts';
import { launchChromium, type Product, startProduct } from './product.ts';

vi.setConfig({ testTimeout: 90_000 });

const schema = buildSchema(readFileSync('schema/schema.graphql', 'utf8'));
const mutation = schema.getMutationType()?.getFields()['cognitoCredentials'];
const { fields } = (schema.getType('CognitoCredentials') as GraphQLObjectType).toConfig();

/** What is plain text at the beginning of a description; the rest may be Markdown. */
function firstSentence(description: string | null | undefined): string {
  const [sentence = ''] = /^[^.`]{20,}\./.exec(description ?? '') ?? [];
  expect(sentence).not.toBe('');
  return sentence;
}

requireTool('chromium').describe('the explorer of serve, in Chromium without internet', () => {
  let product: Product;
  let browser: Browser;
  let context: BrowserContext;
  let page: Page;
  let complaints: string[];

  beforeAll(async () => {
    [product, browser] = await Promise.all([startProduct(), launchChromium()]);
  });
  afterAll(async () => {
    await browser?.close();
    await product?.stop();
  });

  beforeEach(async () => {
    context = await browser.newContext({ viewport: { width: 1400, height: 900 } });
    // Only what comes from this machine, as on a train.
    await context.route(
      (url) => url.hostname !== '127.0.0.1',
      (route) => route.abort(),
    );
    page = await context.newPage();
    complaints = [];
    page.on('console', (message) => {
      if (message.type() === 'error') complaints.push(message.text());
    });
    page.on('pageerror', ({ message }) => complaints.push(message));
    await page.goto(`${product.url}/explorer`);
    await page.getByRole('button', { name: /execute/i }).waitFor({ timeout: 40_000 });
  });
  afterEach(() => context.close());

  it('runs its first tab as it is, as alice', async () => {
    await page.getByRole('button', { name: /execute/i }).click();
    await page.getByText('"loginsKey"').first().waitFor({ timeout: 20_000 });
    expect(complaints).toEqual([]);
  });

  it('shows request and answer one below the other on a phone', async () => {
    await page.setViewportSize({ width: 390, height: 850 });
    await page.getByRole('button', { name: /execute/i }).click();
    await page.getByText('"identityId"').first().waitFor({ timeout: 20_000 });
    const request = await page.locator('.graphiql-editors').first().boundingBox();
    const answer = await page.locator('.graphiql-response').first().boundingBox();
    expect(answer?.y).toBeGreaterThan(request?.y ?? Number.NaN);
    for (const box of [request, answer]) expect(box?.width).toBeGreaterThan(240);
  });

  it('shows what the mutation, its argument and its fields are for', async () => {
    await page
      .getByRole('button', { name: /documentation explorer/i })
      .first()
      .click();
    await page.getByRole('link', { name: 'Mutation', exact: true }).click();
    await page.getByRole('link', { name: 'cognitoCredentials', exact: true }).click();
    await page.getByText(firstSentence(mutation?.description)).first().waitFor();
    const folder = process.env['SCREENSHOTS'];
    if (folder) await page.screenshot({ path: `${folder}/explorer.png` });
    await page.getByRole('link', { name: 'CognitoCredentialsInput', exact: true }).waitFor();
    await page.getByRole('link', { name: 'CognitoCredentials', exact: true }).first().click();
    await page.getByText(firstSentence(fields['openIdToken']?.description)).first().waitFor();
    expect(complaints).toEqual([]);
  });
});
