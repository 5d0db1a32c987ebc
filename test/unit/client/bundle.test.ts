import { builtinModules } from 'node:module';
import { resolve } from 'node:path';
import { gzipSync } from 'node:zlib';
import { build, type Metafile } from 'esbuild';
import { describe, expect, it } from 'vitest';

const client = resolve(import.meta.dirname, '../../../src/client');

async function bundle(
  contents: string,
  conditions: string[] = [],
  platform: 'browser' | 'neutral' = 'browser',
) {
  const { outputFiles, metafile } = await build({
    stdin: { contents, resolveDir: client, loader: 'ts' },
    bundle: true,
    minify: true,
    write: false,
    metafile: true,
    format: 'esm',
    target: 'es2022',
    platform,
    conditions,
  });
  const text = outputFiles[0]?.text ?? '';
  return { text, gzipped: gzipSync(text, { level: 9 }).length, metafile };
}

function outside(metafile: Metafile): string[] {
  const external = Object.values(metafile.inputs).flatMap(({ imports }) =>
    imports.filter((each) => each.external),
  );
  const foreign = Object.keys(metafile.inputs).filter(
    (path) => !path.startsWith('src/client/') && path !== '<stdin>',
  );
  return [...external.map(({ path }) => path), ...foreign];
}

describe('the bundle', () => {
  it('of the core is under 4 kB, compressed, and has no dependency', async () => {
    const { gzipped, metafile } = await bundle("export { fromCognitoGraphQL } from './index.ts'");
    process.stdout.write(`cognito-graphql/client: fromCognitoGraphQL is ${gzipped} bytes gzipped\n`);
    expect(gzipped).toBeLessThan(4000);
    expect(outside(metafile)).toEqual([]);
  });

  it('of the core leaves out what it does not use', async () => {
    const { text } = await bundle("export { fromCognitoGraphQL } from './index.ts'");
    for (const unused of ['BroadcastChannel', 'GetOpenIdToken', 'ListIdentities', 'linkGuestIdentity(']) {
      expect(text).not.toContain(unused);
    }
  });

  it.each([
    ['a browser', ['browser', 'module'], 'browser'],
    ['React Native', ['react-native'], 'neutral'],
    ['an edge worker', ['worker', 'workerd', 'edge-light'], 'neutral'],
  ] as const)(
    'of everything for %s imports nothing of Node or of anybody else',
    async (_, conditions, platform) => {
      const all = "export * from './index.ts'; export * as documents from './documents.ts'";
      const { text, metafile } = await bundle(all, [...conditions], platform);
      expect(outside(metafile)).toEqual([]);
      for (const name of builtinModules) expect(text).not.toMatch(new RegExp(`["'](node:)?${name}["']`));
      expect(text).not.toMatch(/\b(Buffer|process|require|ReadableStream)\b/);
    },
  );
});

describe('the module', () => {
  it('touches nothing of a page when it is imported and when a provider is made', async () => {
    const { text } = await bundle(
      "import { acrossTabs, createAmplifyCredentialsProvider, createGuestSession, fromCognitoGraphQL } from './index.ts';" +
        "const sharing = acrossTabs({ storage: 'session' });" +
        "fromCognitoGraphQL({ endpoint: '/graphql', getToken: () => null, sharing });" +
        "createAmplifyCredentialsProvider({ endpoint: '/graphql', getToken: () => null, sharing });" +
        "createGuestSession({ identityPoolId: 'us-east-1:1' });",
    );
    const touched: string[] = [];
    const page = new Proxy(
      {},
      {
        has: (_, name) =>
          [
            'window',
            'document',
            'navigator',
            'localStorage',
            'sessionStorage',
            'indexedDB',
            'BroadcastChannel',
            'fetch',
          ].includes(String(name)),
        get: (_, name) => {
          if (typeof name === 'string') touched.push(name);
          return undefined;
        },
      },
    );
    // Sloppy-mode `with` sees every free variable that the code looks at.
    new Function('page', `with (page) { (function () { ${text} })() }`)(page);
    expect(touched).toEqual([]);
  });

  it('works with a fetch that answers nothing but status and text()', async () => {
    const { fromCognitoGraphQL } = await import('../../../src/client/index.ts');
    const { issued, exchanged, identityOf, loginOf } = await import('./testServers.ts');
    const provider = fromCognitoGraphQL({
      endpoint: '/graphql',
      getToken: () => loginOf('alice'),
      environment: {
        fetch: async (url) => ({
          status: 200,
          text: async () =>
            JSON.stringify((url === '/graphql' ? issued('alice') : exchanged(identityOf('alice'), 1)).body),
        }),
      },
    });
    expect((await provider()).identityId).toBe(identityOf('alice'));
  });
});
