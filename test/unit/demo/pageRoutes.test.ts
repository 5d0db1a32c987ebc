import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, request as httpRequest, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createDemoPage, type DemoPageConfig, type DemoPageOptions } from '../../../src/demo/pageRoutes.ts';

const config: DemoPageConfig = {
  graphqlEndpoint: '/graphql',
  cognitoEndpoint: 'http://127.0.0.1:9400',
  loginTokenEndpoint: 'http://127.0.0.1:9500/demo-login/token',
  identityPoolId: 'us-east-1:11111111-2222-4333-8444-555555555555',
  region: 'us-east-1',
};

let server: Server;
let port: number;

async function serve(options: Partial<DemoPageOptions> = {}): Promise<void> {
  const page = createDemoPage({ config: () => config, ...options });
  server = createServer((request, response) => {
    if (!page(request, response)) response.writeHead(418).end('not the page');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  port = (server.address() as AddressInfo).port;
}

/** Unlike `fetch`, sends the path as it is. */
function get(
  path: string,
  method = 'GET',
): Promise<{ status: number; headers: Record<string, unknown>; body: string }> {
  return new Promise((resolve, reject) => {
    const request = httpRequest({ host: '127.0.0.1', port, path, method }, async (response) => {
      let body = '';
      for await (const chunk of response) body += chunk;
      resolve({ status: response.statusCode ?? 0, headers: response.headers, body });
    });
    request.on('error', reject);
    request.end();
  });
}

afterEach(() => new Promise((resolve) => server.close(resolve)));

describe('the demo page', () => {
  beforeEach(() => serve());

  it('is HTML without inline script or style, under a policy that forbids them', async () => {
    const { status, headers, body } = await get('/');
    expect(status).toBe(200);
    expect(headers['content-type']).toBe('text/html; charset=utf-8');
    expect(headers['content-security-policy']).toBe(
      "default-src 'self'; connect-src 'self' http://127.0.0.1:9400 http://127.0.0.1:9500; img-src 'self' data:; " +
        "object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'",
    );
    expect(headers['cache-control']).toBe('no-store');
    expect(headers['x-content-type-options']).toBe('nosniff');
    expect(body).not.toMatch(/<script(?![^>]*\bsrc=)|<style|\son\w+=|\sstyle=/);
  });

  it('is told its addresses', async () => {
    const { headers, body } = await get('/demo/config.json?x=1');
    expect(headers['content-type']).toBe('application/json; charset=utf-8');
    expect(JSON.parse(body)).toEqual(config);
  });

  it('has its style', async () => {
    const { status, headers } = await get('/demo/assets/page.css');
    expect([status, headers['content-type']]).toEqual([200, 'text/css; charset=utf-8']);
  });

  it('loads only modules that are served, from the first to the last', async () => {
    const open = ['/demo/assets/demo/page/page.js'];
    const seen = new Set<string>();
    for (let path = open.pop(); path; path = open.pop()) {
      if (seen.has(path)) continue;
      seen.add(path);
      const { status, headers, body } = await get(path);
      expect([path, status, headers['content-type']]).toEqual([path, 200, 'text/javascript; charset=utf-8']);
      expect(body).not.toMatch(/^import type|: string/m);
      for (const [, specifier] of body.matchAll(/(?:import|export)[^'"]*from ["']([^"']+)["']/g)) {
        expect(specifier).toMatch(/^\.\.?\//);
        open.push(new URL(String(specifier), `http://x${path}`).pathname);
      }
    }
    expect(seen.size).toBeGreaterThan(15);
  });

  it.each([
    '/demo/assets/../../package.json',
    '/demo/assets/client/../../../package.json',
    '/demo/assets/%2e%2e/%2e%2e/package.json',
    '/demo/assets/errors.ts',
    '/demo/assets/lib/partition.ts',
    '/demo/assets/demo/pageRoutes.ts',
    '/demo/assets/client/',
    '/demo/assets//etc/passwd',
  ])('has no other file to give: %s', async (path) => {
    expect((await get(path)).status).toBe(404);
  });

  it('answers HEAD without a body and refuses what would change something', async () => {
    expect(await get('/', 'HEAD')).toMatchObject({ status: 200, body: '' });
    expect(await get('/', 'POST')).toMatchObject({ status: 405, headers: { allow: 'GET, HEAD' } });
  });

  it.each(['/graphql', '/demo', '/livez', '/demo/assets'])('leaves %s to others', async (path) => {
    expect(await get(path)).toMatchObject({ status: 418, body: 'not the page' });
  });
});

describe('the demo page of a build', () => {
  let root: string;
  beforeEach(async () => {
    root = await mkdtemp(join(tmpdir(), 'demo-page-'));
    for (const folder of ['client/generated', 'demo/page', 'lib'])
      await mkdir(join(root, folder), { recursive: true });
    await writeFile(join(root, 'demo/page/page.js'), 'export const built = true;');
    await writeFile(join(root, 'demo/page/page.d.ts'), 'export declare const built: boolean;');
    await serve({ assetsRoot: root });
  });
  afterEach(() => rm(root, { recursive: true }));

  it('serves its modules as they are, and no declarations', async () => {
    expect(await get('/demo/assets/demo/page/page.js')).toMatchObject({
      status: 200,
      body: 'export const built = true;',
    });
    expect((await get('/demo/assets/demo/page/page.d.ts')).status).toBe(404);
  });
});
