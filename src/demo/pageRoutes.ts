import { readdirSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { resolve } from 'node:path';
import { packageFile } from '../lib/packageFile.ts';
import { pageCss } from './page/css.ts';
import { pageHtml } from './page/html.ts';
import type { DemoPageConfig } from './pageConfig.ts';

export type { DemoPageConfig } from './pageConfig.ts';

export interface DemoPageOptions {
  /** Called for each request, as ports are known only once they are bound. */
  readonly config: () => DemoPageConfig;
  /** Folder of the built modules, with `client/` and `demo/page/` in it. Default: `dist`. */
  readonly assetsRoot?: string;
}

/**
 * Routes of the demo page: `/`, `/demo/config.json` and `/demo/assets/…`. Answers whether the request was one of them; if not,
 * it is untouched. The browser gets the very modules of the client package that apps get, unbundled.
 */
export function createDemoPage(
  options: DemoPageOptions,
): (request: IncomingMessage, response: ServerResponse) => boolean {
  const root = options.assetsRoot ?? packageFile('dist');
  const modules = modulesOf(root);

  return (request, response) => {
    const path = request.url?.split('?', 1)[0] ?? '';
    const served = path === '/' || path === '/demo/config.json' || path.startsWith('/demo/assets/');
    if (!served) return false;
    if (request.method !== 'GET' && request.method !== 'HEAD') {
      answer(request, response, { status: 405, body: 'Only GET and HEAD.', headers: { allow: 'GET, HEAD' } });
    } else if (path === '/') {
      const headers = { 'content-security-policy': contentSecurityPolicy(options.config()) };
      answer(request, response, { type: 'text/html', body: pageHtml, headers });
    } else if (path === '/demo/config.json') {
      answer(request, response, { type: 'application/json', body: JSON.stringify(options.config()) });
    } else if (path === '/demo/assets/page.css') {
      answer(request, response, { type: 'text/css', body: pageCss });
    } else {
      void answerModule(request, response, modules.get(path));
    }
    return true;
  };
}

interface Answer {
  readonly status?: number;
  readonly type?: string;
  readonly body: string;
  readonly headers?: Record<string, string>;
}

function answer(request: IncomingMessage, response: ServerResponse, answered: Answer): void {
  response.writeHead(answered.status ?? 200, {
    'content-type': `${answered.type ?? 'text/plain'}; charset=utf-8`,
    'content-length': Buffer.byteLength(answered.body),
    'cache-control': 'no-store',
    'x-content-type-options': 'nosniff',
    'referrer-policy': 'no-referrer',
    ...answered.headers,
  });
  response.end(request.method === 'HEAD' ? undefined : answered.body);
}

/** Nothing but this server's own files, and connections to the three addresses that the page needs. */
function contentSecurityPolicy(config: DemoPageConfig): string {
  const urls = [config.graphqlEndpoint, config.cognitoEndpoint, config.loginTokenEndpoint];
  const origins = urls.filter((url) => /^https?:/.test(url)).map((url) => new URL(url).origin);
  return [
    "default-src 'self'",
    `connect-src ${[...new Set(["'self'", ...origins])].join(' ')}`,
    "img-src 'self' data:",
    "object-src 'none'",
    "base-uri 'none'",
    "form-action 'self'",
    "frame-ancestors 'none'",
  ].join('; ');
}

/** Address to file of every module that the page may load. A list, so that no address can name any other file. */
function modulesOf(root: string): Map<string, string> {
  const modules = new Map<string, string>();
  const folders = [
    ['client', /^\w+\.(js|ts)$/],
    ['client/generated', /^\w+\.(js|ts)$/],
    ['demo/page', /^\w+\.(js|ts)$/],
    ['lib', /^clock\.(js|ts)$/],
  ] as const;
  for (const [folder, pattern] of folders) {
    for (const file of readdirSync(resolve(root, folder))) {
      if (pattern.test(file)) modules.set(`/demo/assets/${folder}/${file}`, resolve(root, folder, file));
    }
  }
  // From source, the page asks for what the build would have made.
  for (const [path, file] of modules) {
    const built = path.replace(/\.ts$/, '.js');
    if (!modules.has(built)) modules.set(built, file);
  }
  return modules;
}

async function answerModule(
  request: IncomingMessage,
  response: ServerResponse,
  file: string | undefined,
): Promise<void> {
  try {
    if (!file) throw Object.assign(new Error('Not a module of the page.'), { code: 'ENOENT' });
    const text = await readFile(file, 'utf8');
    const body = file.endsWith('.ts') ? await withoutTypes(text) : text;
    answer(request, response, { type: 'text/javascript', body });
  } catch (error) {
    const missing = (error as NodeJS.ErrnoException).code === 'ENOENT';
    answer(request, response, {
      status: missing ? 404 : 503,
      body: missing
        ? 'No such file.'
        : 'The demo page runs from source only where esbuild is installed. Build first: npm run build.',
    });
  }
}

/** esbuild is a tool of development and is loaded only when the server runs from source. */
async function withoutTypes(text: string): Promise<string> {
  const { transform } = await import('esbuild');
  const tsconfigRaw = { compilerOptions: { verbatimModuleSyntax: true, useDefineForClassFields: true } };
  return (await transform(text, { loader: 'ts', target: 'es2022', tsconfigRaw })).code;
}
