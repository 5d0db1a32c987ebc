import { existsSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { brotliCompressSync, constants } from 'node:zlib';
import { build, type Plugin } from 'esbuild';

/**
 * Makes what `dist` runs from: one bundle for the command, which holds all that it needs, and one for the entries of the library, without
 * its dependencies and peers. Run by `npm run build`. With `--fresh` it only says, by exit code 0, that nothing has changed since.
 */

/** Written last of all. */
const list = 'dist/THIRD-PARTY.txt';

/**
 * What a host has too, and may choose the version of: its server and its AWS SDK; and what there must be one copy of: types of a schema
 * are compared by identity, metadata and decorators meet in one place.
 */
const { dependencies } = JSON.parse(readFileSync('package.json', 'utf8'));
const shared = ['graphql', ...Object.keys(dependencies)];
/** A native module that only `emulate --data` loads, and one of type-graphql's that nothing here loads. */
const optional = ['lmdb', 'class-validator'];

interface Bundle {
  readonly entryPoints: Record<string, string>;
  /** Folder below `dist` for what the entries share. */
  readonly chunks: string;
  readonly external: string[];
}

function bundle({ entryPoints, chunks, external }: Bundle) {
  return build({
    entryPoints,
    outdir: 'dist',
    chunkNames: `${chunks}/[name]-[hash]`,
    bundle: true,
    splitting: true,
    metafile: true,
    format: 'esm',
    platform: 'node',
    target: 'node20.19',
    // Not minified, so that a stack can be read; for those who want the lines of the sources: node --enable-source-maps.
    sourcemap: true,
    sourcesContent: false,
    // The ES modules of packages that have both: of these what nothing uses is left out.
    mainFields: ['module', 'main'],
    external,
    // CommonJS packages in it ask for Node's own modules by `require`.
    banner: {
      js: "import { createRequire as requireFrom } from 'node:module'; const require = requireFrom(import.meta.url);",
    },
    plugins: [compressedExplorer, oneGraphql, nodeHashes],
    logLevel: 'warning',
  });
}

/** The explorer's scripts are 9 MB of text, which is kept compressed beside the bundles and unpacked on the first visit. */
const compressedExplorer: Plugin = {
  name: 'compressed explorer',
  setup({ onLoad }) {
    onLoad({ filter: /render-graphiql[\\/]esm[\\/]graphiql\.js$/ }, async ({ path }) => {
      const { version } = JSON.parse(readFileSync(join(dirname(path), '..', 'package.json'), 'utf8'));
      const file = `explorer-${version}.br`;
      const parts = { ...(await import(path)) };
      if (!existsSync(join('dist', file))) writeFileSync(join('dist', file), compress(JSON.stringify(parts)));
      return {
        contents: `
          import { readFileSync } from 'node:fs';
          import { brotliDecompressSync } from 'node:zlib';
          const packed = readFileSync(new URL('../${file}', import.meta.url));
          export const { ${Object.keys(parts).join(', ')} } = JSON.parse(brotliDecompressSync(packed));`,
      };
    });
  },
};

/** For `import`, `require` and deep imports alike: two copies would be two worlds of types. Does nothing where graphql is external. */
const oneGraphql: Plugin = {
  name: 'one graphql',
  setup({ initialOptions, onResolve }) {
    if (initialOptions.external?.includes('graphql')) return;
    const root = dirname(fileURLToPath(import.meta.resolve('graphql/package.json')));
    onResolve({ filter: /^graphql(\/|$)/ }, ({ path }) => {
      const module = path === 'graphql' ? 'index' : path.slice('graphql/'.length).replace(/\.m?js$/, '');
      const file = [`${module}.mjs`, `${module}/index.mjs`].map((name) => join(root, name)).find(existsSync);
      return file === undefined ? undefined : { path: file, sideEffects: false };
    });
  },
};

/** In a bundle Apollo Server does not find Node's hashes, and would take some that are written in JavaScript. */
const nodeHashes: Plugin = {
  name: 'hashes of Node',
  setup({ onResolve, onLoad }) {
    onResolve({ filter: /^sha\.js$/ }, ({ path }) => ({ path, namespace: 'hashes' }));
    onLoad({ filter: /.*/, namespace: 'hashes' }, () => ({
      contents: `module.exports = require('node:crypto').createHash;`,
    }));
  },
};

function compress(text: string): Buffer {
  const { BROTLI_PARAM_QUALITY, BROTLI_PARAM_LGWIN } = constants;
  return brotliCompressSync(text, { params: { [BROTLI_PARAM_QUALITY]: 9, [BROTLI_PARAM_LGWIN]: 24 } });
}

/** Removes what earlier builds have left: whatever is no bundle, and neither declares nor is a module for browsers that src has. */
function sweep(bundles: ReadonlySet<string>): void {
  const forBrowsers = /^dist\/(client\/|demo\/page\/|demo\/pageConfig\.js$|lib\/clock\.js$)/;
  for (const name of readdirSync('dist', { recursive: true, encoding: 'utf8' })) {
    const file = join('dist', name).replaceAll(sep, '/');
    if (!/\.(js|map|d\.ts)$/.test(file) || bundles.has(file)) continue;
    const source = file.replace(/^dist/, 'src').replace(/(\.d\.ts|\.js)$/, '.ts');
    const wanted = existsSync(source) && (file.endsWith('.d.ts') || forBrowsers.test(file));
    if (!wanted) rmSync(file);
  }
}

/** Name, version and licence of every package that is in the bundles, as their licences ask for and as scanners want to know. */
function notices(inputs: readonly string[]): string {
  const packages = new Map<string, string>();
  for (const input of inputs) {
    const folder = /^(.*node_modules\/(?:@[^/]+\/)?[^/]+)\//.exec(input.replaceAll(sep, '/'))?.[1];
    if (folder !== undefined && !packages.has(folder)) packages.set(folder, noticeOf(folder));
  }
  return [...new Set(packages.values())].sort().join(`\n${'-'.repeat(80)}\n\n`);
}

function noticeOf(folder: string): string {
  const { name, version, license } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
  const text = ['LICENSE', 'LICENSE.md', 'LICENSE.txt', 'LICENCE', 'license', 'LICENSE-MIT']
    .map((file) => join(folder, file))
    .find((file) => existsSync(file));
  return `${name} ${version} (${license})\n\n${text === undefined ? '' : readFileSync(text, 'utf8').trim()}\n`;
}

/** When anything that the build is made from was last changed; a folder changes with each name in it. */
function changedAt(path: string): number {
  const stats = statSync(path);
  const within = stats.isDirectory() ? readdirSync(path).map((name) => changedAt(join(path, name))) : [];
  return Math.max(stats.mtimeMs, ...within);
}

if (process.argv.includes('--fresh')) {
  const sources = [
    'src',
    'esbuild.config.ts',
    'package.json',
    'package-lock.json',
    'tsconfig.json',
    'tsconfig.browser.json',
  ];
  process.exit(existsSync(list) && Math.max(...sources.map(changedAt)) < statSync(list).mtimeMs ? 0 : 1);
}
for (const folder of ['chunks', 'library']) rmSync(join('dist', folder), { recursive: true, force: true });
const results = await Promise.all([
  bundle({ entryPoints: { main: 'src/main.ts' }, chunks: 'chunks', external: optional }),
  bundle({
    entryPoints: {
      index: 'src/index.ts',
      lambda: 'src/lambda.ts',
      'emulator/index': 'src/emulator/index.ts',
    },
    chunks: 'library',
    external: [...optional, ...shared],
  }),
]);
sweep(new Set(results.flatMap(({ metafile }) => Object.keys(metafile.outputs))));
writeFileSync(list, notices(results.flatMap(({ metafile }) => Object.keys(metafile.inputs))));
