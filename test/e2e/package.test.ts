import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const run = promisify(execFile);
const repository = resolve('.');

/** Somebody's folder with the packed package and its declared dependencies, and with no other package in reach. */
let home: string;
let contents: string[];
let manifest: {
  dependencies: object;
  peerDependencies: object;
  exports: Record<string, unknown>;
  type: string;
};

beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), 'package-'));
  // The build that runs before all tests is packed: --ignore-scripts keeps the packing from making another one.
  const { stdout } = await run('npm', ['pack', '--ignore-scripts', '--json', '--pack-destination', home]);
  const [packed] = JSON.parse(stdout) as { filename: string; files: { path: string }[] }[];
  contents = packed?.files.map(({ path }) => path) ?? [];
  const modules = join(home, 'node_modules');
  await mkdir(join(modules, 'cognito-graphql'), { recursive: true });
  await run('tar', [
    'xzf',
    join(home, packed?.filename ?? ''),
    '-C',
    join(modules, 'cognito-graphql'),
    '--strip-components=1',
  ]);
  manifest = JSON.parse(await readFile(join(modules, 'cognito-graphql/package.json'), 'utf8'));
  for (const name of Object.keys({ ...manifest.dependencies, ...manifest.peerDependencies })) {
    await mkdir(dirname(join(modules, name)), { recursive: true });
    await symlink(join(repository, 'node_modules', name), join(modules, name));
  }
  await writeFile(join(home, 'package.json'), '{"type":"module"}');
});
afterAll(() => rm(home, { recursive: true }));

async function script(text: string, file = 'consumer.mjs'): Promise<string> {
  await writeFile(join(home, file), text);
  const { AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: _, ...env } = process.env;
  return (await run(process.execPath, [file], { cwd: home, env })).stdout;
}

describe('the packed package', () => {
  it('holds the build, the schema and the papers, and no test, source or secret', () => {
    const folders = new Set(contents.map((path) => (path.includes('/') ? path.split('/')[0] : path)));
    expect([...folders].sort()).toEqual([
      'CHANGELOG.md',
      'LICENSE',
      'README.md',
      'dist',
      'package.json',
      'schema',
    ]);
    expect(
      contents.filter((path) => /(^|\/)(test|src|node_modules)\/|\.test\.|\.env|tsbuildinfo/.test(path)),
    ).toEqual([]);
    expect(contents.filter((path) => /\.ts$/.test(path) && !/\.d\.ts$/.test(path))).toEqual([]);
    expect(contents).toContain('schema/schema.graphql');
  });

  it('holds only what is made from a file in src', async () => {
    const sources = await readdir('src', { recursive: true });
    // Beside the bundle that the command starts from.
    const modules = contents.flatMap((path) => /^dist\/(?!chunks\/)(.*)\.js$/.exec(path)?.[1] ?? []);
    expect(modules.filter((name) => !sources.includes(`${name}.ts`))).toEqual([]);
    expect(modules.length).toBeGreaterThan(100);
  });

  it('is ES modules only, and every entry and its types are in it', () => {
    expect(manifest.type).toBe('module');
    const targets = Object.values(manifest.exports).flatMap((entry) =>
      typeof entry === 'string' ? [entry] : Object.values(entry as Record<string, string>),
    );
    expect(targets.filter((target) => !contents.includes(target.replace('./', '')))).toEqual([]);
    expect(JSON.stringify(manifest.exports)).not.toContain('"require"');
    expect(Object.keys(manifest.exports)).toEqual([
      '.',
      './client',
      './client/documents',
      './emulator',
      './lambda',
      './schema.graphql',
      './package.json',
    ]);
  });

  it.each([
    [
      'cognito-graphql',
      ['createApp', 'createCognitoService', 'createCognitoGateway', 'buildSchema', 'resolvers', 'loadConfig'],
    ],
    ['cognito-graphql/client', ['fromCognitoGraphQL', 'createAmplifyCredentialsProvider']],
    ['cognito-graphql/emulator', ['createEmulator']],
    ['cognito-graphql/lambda', ['createLambdaHandler', 'handler']],
  ])('lets %s be imported with nothing but the declared dependencies', async (entry, names) => {
    const exported = await script(
      `import * as entry from '${entry}'; process.stdout.write(JSON.stringify(Object.keys(entry)));`,
    );
    expect(JSON.parse(exported)).toEqual(expect.arrayContaining(names));
  });

  it('keeps its inner modules to itself', async () => {
    await expect(script(`import 'cognito-graphql/dist/app.js';`)).rejects.toThrow(
      'ERR_PACKAGE_PATH_NOT_EXPORTED',
    );
  });

  it('loads neither the embedded Cognito nor the explorer with the main entry', async () => {
    const loader = `
      import { appendFileSync } from 'node:fs';
      export async function load(url, context, next) {
        appendFileSync('loaded.txt', url + '\\n');
        return next(url, context);
      }`;
    await script(`
      import { createRequire, register } from 'node:module';
      import { appendFileSync } from 'node:fs';
      register('data:text/javascript,' + encodeURIComponent(${JSON.stringify(loader)}));
      await import('cognito-graphql');
      appendFileSync('loaded.txt', Object.keys(createRequire(import.meta.url).cache).join('\\n'));
    `);
    const loaded = await readFile(join(home, 'loaded.txt'), 'utf8');
    expect(loaded).toContain('dist/app.js');
    expect(loaded).toContain('@apollo/server');
    expect(loaded).not.toMatch(/lmdb|render-graphiql|client-iam|dist\/(emulator|demo|pool|cli)\//);
  });

  it('has types that a consumer compiles against', async () => {
    await symlink(join(repository, 'node_modules/@types'), join(home, 'node_modules/@types'));
    await symlink(join(repository, 'node_modules/undici-types'), join(home, 'node_modules/undici-types'));
    await writeFile(
      join(home, 'consumer.ts'),
      `import { createApp, createCognitoGateway, loadConfig, type Authenticator, type Principal } from 'cognito-graphql';
import { fromCognitoGraphQL } from 'cognito-graphql/client';
import { createEmulator } from 'cognito-graphql/emulator';
import { createLambdaHandler, type HttpResult } from 'cognito-graphql/lambda';

const own: Authenticator = { authenticate: async (): Promise<Principal | null> => null };
export const running: Promise<{ url: string }> = createApp(loadConfig({}), { authenticator: own }).start();
export const gateway = createCognitoGateway({ identityPoolId: 'p', developerProviderName: 'd', region: 'eu-west-1' });
export const listening: Promise<{ url: string }> = createEmulator().listen();
export const provider = fromCognitoGraphQL({ endpoint: 'https://api.example/graphql', getToken: async () => 't' });
export const key: Promise<string> = provider().then(({ accessKeyId }) => accessKeyId);
export const handler: (event: never) => Promise<HttpResult> = createLambdaHandler();
// @ts-expect-error: a number is no endpoint
fromCognitoGraphQL({ endpoint: 4000, getToken: async () => 't' });
// @ts-expect-error: not a part
createApp(loadConfig({}), { authentication: own });
`,
    );
    await writeFile(
      join(home, 'tsconfig.json'),
      JSON.stringify({
        compilerOptions: {
          module: 'nodenext',
          target: 'es2022',
          strict: true,
          exactOptionalPropertyTypes: true,
          noEmit: true,
          skipLibCheck: true,
          types: ['node'],
        },
        files: ['consumer.ts'],
      }),
    );
    const tsc = join(repository, 'node_modules/typescript/bin/tsc');
    const result = await run(process.execPath, [tsc, '-p', home]).catch((error: { stdout: string }) => error);
    expect(result.stdout).toBe('');
  });
});
