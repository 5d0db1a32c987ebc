import { readdirSync, readFileSync } from 'node:fs';
import { SourceMap } from 'node:module';
import { basename, join } from 'node:path';
import { describe, expect, it } from 'vitest';

const folder = 'dist/chunks';
const chunks = new Map(
  readdirSync(folder)
    .filter((name) => name.endsWith('.js'))
    .map((name) => [name, readFileSync(join(folder, name), 'utf8')]),
);

/** The sources of packages in a bundle, which names each above its code. */
const sourcesIn = (text: string) =>
  [...text.matchAll(/^ *\/\/ (node_modules\/\S+)$/gm)].map(([, path]) => path);

/** What is loaded together with a chunk. */
function loadedWith(name: string, found = new Set<string>()): Set<string> {
  if (found.has(name)) return found;
  found.add(name);
  for (const [, other = ''] of (chunks.get(name) ?? '').matchAll(/(?:from|^import) ?"\.\/([^"]+)";$/gm))
    loadedWith(other, found);
  return found;
}

const chunkOf = (start: string) => [...chunks.keys()].find((name) => name.startsWith(start)) ?? start;

describe('the bundles of the command', () => {
  it('hold every module of graphql once', () => {
    const modules = [...chunks.values()]
      .flatMap(sourcesIn)
      .filter((path) => path?.startsWith('node_modules/graphql/'))
      .map((path) => path?.replace(/\.m?js$/, ''));
    expect(modules).toContain('node_modules/graphql/type/definition');
    expect(modules.filter((path, index) => modules.indexOf(path) !== index)).toEqual([]);
  });

  it.each([
    ['in production', ['app-']],
    [
      'on the embedded default',
      ['app-', 'emulator-', 'poolSetup-', 'poolSeed-', 'demoLogin-', 'pageRoutes-'],
    ],
  ])('load nothing at a start %s that it does not use', (_, starts) => {
    const names = starts.map(chunkOf);
    expect(names.filter((name) => !chunks.has(name))).toEqual([]);
    const loaded = [...new Set(names.flatMap((name) => [...loadedWith(name)]))];
    const packages = new Set(
      loaded
        .flatMap((name) => sourcesIn(chunks.get(name) ?? ''))
        .map((path) => path?.split(/node_modules\//)[1]),
    );
    const used = [...packages].map((path = '') => /^(@[^/]+\/)?[^/]+/.exec(path)?.[0]);
    expect(used).toContain('@aws-sdk/client-cognito-identity');
    const unused = /client-(iam|sts)$|^(ioredis|commander|graphiql|sha\.js)$|-explorer/;
    expect(used.filter((name) => unused.test(name ?? ''))).toEqual([]);
  });

  it('come with maps that lead to the lines of the sources', () => {
    const name = chunkOf('app-');
    const map = JSON.parse(readFileSync(join(folder, `${name}.map`), 'utf8'));
    expect(map.sourcesContent).toBeUndefined();
    expect(chunks.get(name)).toMatch(new RegExp(`\n//# sourceMappingURL=${name}.map\n$`));
    const lines = (chunks.get(name) ?? '').split('\n');
    const line = lines.findIndex((text) => text.startsWith('function createHttpServer('));
    const { originalSource, originalLine } = new SourceMap(map).findEntry(line, 0) as {
      originalSource: string;
      originalLine: number;
    };
    expect(originalSource).toBe('../../src/http/server.ts');
    expect(readFileSync(`src/http/${basename(originalSource)}`, 'utf8').split('\n')[originalLine]).toBe(
      'export function createHttpServer(options: HttpServerOptions): HttpServer {',
    );
  });
});
