import { mkdir, readdir, readFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import { builtinModules } from 'node:module';
import type { AddressInfo } from 'node:net';
import { extname, join } from 'node:path';
import { createContext, runInContext } from 'node:vm';
import { build as esbuild, type Metafile } from 'esbuild';
import type { Browser } from 'playwright-core';
import { build as vite } from 'vite';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { type InstalledPackage, installPackage } from '../../support/installedPackage.ts';
import { requireTool } from '../../support/requirements.ts';
import { launchChromium, type Product, startProduct } from './product.ts';

vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });

/** A page as somebody else would write it: credentials of the client package, used by a client of the AWS SDK. */
const app = `
import { GetCallerIdentityCommand, STSClient } from '@aws-sdk/client-sts';
import { acrossTabs, fromCognitoGraphQL } from 'cognito-graphql/client';
import { MeDocument } from 'cognito-graphql/client/documents';

const { api, cognito } = Object.fromEntries(new URLSearchParams(location.search));
const body = new URLSearchParams({ grant_type: 'password', username: 'alice' });
const { access_token } = await (await fetch(api + '/demo-login/token', { method: 'POST', body })).json();
const credentials = fromCognitoGraphQL({
  endpoint: api + '/graphql',
  cognitoEndpoint: cognito,
  getToken: () => access_token,
  sharing: acrossTabs({ storage: 'session' }),
});
const sts = new STSClient({ region: 'us-east-1', endpoint: cognito, credentials });
const { Arn } = await sts.send(new GetCallerIdentityCommand({}));
document.title = [Arn, (await credentials()).identityId, MeDocument.kind].join(' ');
`;
const html =
  '<!doctype html><meta charset="utf-8"><link rel="icon" href="data:,"><title>app</title><script type="module" src="./app.js"></script>';

let installed: InstalledPackage;
beforeAll(async () => {
  installed = await installPackage();
  await installed.add('@aws-sdk/client-sts');
  await mkdir(join(installed.home, 'app'));
  await installed.write('app/index.html', html);
  await installed.write('app/app.js', app);
});
afterAll(() => installed?.remove());

requireTool('chromium').describe('a page that was built with the packed package', () => {
  let product: Product;
  let browser: Browser;
  let site: Server;
  let origin: string;
  /** Folder that the site serves. */
  let root: string;

  beforeAll(async () => {
    const types: Record<string, string> = { '.html': 'text/html', '.js': 'text/javascript' };
    site = createServer(async (request, response) => {
      const path = new URL(request.url ?? '/', origin).pathname;
      const file = path === '/' ? 'index.html' : path.slice(1);
      const text = await readFile(join(root, file), 'utf8').catch(() => undefined);
      response.writeHead(text === undefined ? 404 : 200, {
        'content-type': types[extname(file)] ?? 'text/plain',
      });
      response.end(text);
    });
    await new Promise<void>((listening) => site.listen(0, '127.0.0.1', listening));
    origin = `http://127.0.0.1:${(site.address() as AddressInfo).port}`;
    [product, browser] = await Promise.all([startProduct({ CORS_ORIGINS: origin }), launchChromium()]);
  });
  afterAll(async () => {
    await browser?.close();
    await product?.stop();
    site?.close();
  });

  /** Opens what is in the folder, and resolves with the title that the page gives itself once it is through. */
  async function titleOf(folder: string): Promise<string> {
    root = folder;
    const page = await browser.newPage();
    const complaints: string[] = [];
    page.on('console', (message) => {
      if (message.type() === 'error') complaints.push(message.text());
    });
    page.on('pageerror', ({ message }) => complaints.push(message));
    await page.goto(`${origin}/?api=${product.url}&cognito=${product.cognitoUrl}`);
    await expect
      .poll(async () => [await page.title(), ...complaints].join(), { timeout: 20_000 })
      .not.toBe('app');
    expect(complaints).toEqual([]);
    const title = await page.title();
    await page.close();
    return title;
  }
  const works =
    /^arn:aws:sts::000000000000:assumed-role\/[\w-]+\/CognitoIdentityCredentials us-east-1:[0-9a-f-]{36} Document$/;

  it('by Vite gets credentials and uses them, across origins', async () => {
    const outDir = join(installed.home, 'by-vite');
    await vite({
      root: join(installed.home, 'app'),
      configFile: false,
      logLevel: 'error',
      build: { outDir, emptyOutDir: true },
    });
    expect(await titleOf(outDir)).toMatch(works);
    const [script = ''] = await readdir(join(outDir, 'assets'));
    const text = await readFile(join(outDir, 'assets', script), 'utf8');
    expect(text).not.toContain('__vite-browser-external');
  });

  it('by esbuild does too', async () => {
    const outdir = join(installed.home, 'by-esbuild');
    await esbuild({
      entryPoints: [join(installed.home, 'app/app.js'), join(installed.home, 'app/index.html')],
      bundle: true,
      minify: true,
      format: 'esm',
      loader: { '.html': 'copy' },
      outdir,
    });
    expect(await titleOf(outdir)).toMatch(works);
  });
});

/** Modules outside the package's client, and modules that are left for the runtime to provide. */
function foreignTo({ inputs }: Metafile, home: string): string[] {
  const client = join(home, 'node_modules/cognito-graphql/dist/client/');
  const own = (path: string) => path === '<stdin>' || join(process.cwd(), path).startsWith(client);
  const external = Object.values(inputs).flatMap(({ imports }) => imports.filter((each) => each.external));
  return [...Object.keys(inputs).filter((path) => !own(path)), ...external.map(({ path }) => path)];
}

describe('an edge worker that was built with the packed package', () => {
  const worker = `
    import { fromCognitoGraphQL } from 'cognito-graphql/client';
    export * as everything from 'cognito-graphql/client';
    export * from 'cognito-graphql/client/documents';
    export const credentialsOf = (options) => fromCognitoGraphQL(options)();`;

  async function workerOf(format: 'esm' | 'iife', contents = worker) {
    const { outputFiles, metafile } = await esbuild({
      stdin: { contents, resolveDir: installed.home },
      bundle: true,
      write: false,
      metafile: true,
      platform: 'neutral',
      mainFields: [],
      conditions: ['workerd', 'worker', 'edge-light', 'browser'],
      format,
      globalName: 'worker',
    });
    return { text: outputFiles[0]?.text ?? '', metafile };
  }

  it('holds nothing of Node.js and nothing of anybody else', async () => {
    const { text, metafile } = await workerOf('esm');
    expect(foreignTo(metafile, installed.home)).toEqual([]);
    for (const name of builtinModules) expect(text).not.toMatch(new RegExp(`["'](node:)?${name}["']`));
    expect(Object.keys(metafile.inputs).some((path) => path.endsWith('client/documents.js'))).toBe(true);
  });

  it('would be noticed if it did', async () => {
    const { metafile } = await esbuild({
      stdin: { contents: "import 'node:crypto'; export * from 'graphql';", resolveDir: installed.home },
      bundle: true,
      write: false,
      metafile: true,
      platform: 'node',
      external: ['node:crypto'],
    });
    const foreign = foreignTo(metafile, installed.home);
    expect(foreign).toContain('node:crypto');
    expect(foreign.some((path) => path.includes('node_modules/graphql/'))).toBe(true);
  });

  it('gets credentials with nothing but what every such runtime has', async () => {
    const product = await startProduct();
    try {
      const { text } = await workerOf('iife');
      const body = new URLSearchParams({ grant_type: 'password', username: 'alice' });
      const response = await fetch(`${product.url}/demo-login/token`, { method: 'POST', body });
      const { access_token } = (await response.json()) as { access_token: string };
      const runtime = { fetch, AbortController, setTimeout, clearTimeout, atob };
      const edge = createContext({ ...runtime }, { codeGeneration: { strings: false, wasm: false } });
      runInContext(text, edge);
      Object.assign(edge, {
        options: {
          endpoint: `${product.url}/graphql`,
          cognitoEndpoint: product.cognitoUrl,
          getToken: () => access_token,
        },
      });
      const credentials = await runInContext('worker.credentialsOf(options)', edge);
      expect(credentials).toMatchObject({
        accessKeyId: expect.stringMatching(/^ASIA/),
        identityId: expect.stringMatching(/^us-east-1:/),
      });
    } finally {
      await product.stop();
    }
  });
});

describe('a server that renders pages with the packed package', () => {
  it('keeps the users of two requests apart, and leaves nothing of them in what it renders', async () => {
    const product = await startProduct();
    try {
      const output = await installed.script(
        `import { acrossTabs, createAmplifyCredentialsProvider, createGuestSession, fromCognitoGraphQL } from 'cognito-graphql/client';
        const sharing = acrossTabs({ storage: 'local' });
        createGuestSession({ identityPoolId: 'us-east-1:1' });
        createAmplifyCredentialsProvider({ endpoint: '/', getToken: () => null, sharing });
        async function render(username) {
          const body = new URLSearchParams({ grant_type: 'password', username });
          const login = await fetch('${product.url}/demo-login/token', { method: 'POST', body });
          const { access_token } = await login.json();
          const credentials = fromCognitoGraphQL({
            endpoint: '${product.url}/graphql',
            cognitoEndpoint: '${product.cognitoUrl}',
            getToken: () => access_token,
            sharing,
          });
          const { identityId } = await credentials();
          return { identityId, props: JSON.stringify({ credentials }) };
        }
        const pages = await Promise.all(['alice', 'bob', 'alice'].map(render));
        // From Node.js 25 on, a server has stores too: one for all of its users.
        const kept = ['localStorage', 'sessionStorage'].map((name) => globalThis[name]?.length ?? 0);
        process.stdout.write(JSON.stringify({ pages, kept, globals: ['window', 'document'].filter((name) => name in globalThis) }));`,
      );
      const { pages, kept, globals } = JSON.parse(output);
      expect(pages[0].identityId).not.toBe(pages[1].identityId);
      expect(pages[2].identityId).toBe(pages[0].identityId);
      expect(pages.map(({ props }: { props: string }) => props)).toEqual(['{}', '{}', '{}']);
      expect(kept).toEqual([0, 0]);
      expect(globals).toEqual([]);
    } finally {
      await product.stop();
    }
  });
});
