import { readdir, readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startNode } from '../support/command.ts';
import { type InstalledPackage, installPackage } from '../support/installedPackage.ts';

let installed: InstalledPackage;
beforeAll(async () => {
  installed = await installPackage();
});
afterAll(() => installed?.remove());

describe('the packed package', () => {
  it('holds the build, the schema and the papers, and no test, source or secret', () => {
    const folders = new Set(
      installed.contents.map((path) => (path.includes('/') ? path.split('/')[0] : path)),
    );
    expect([...folders].sort()).toEqual([
      'CHANGELOG.md',
      'LICENSE',
      'README.md',
      'dist',
      'package.json',
      'schema',
    ]);
    expect(
      installed.contents.filter((path) =>
        /(^|\/)(test|src|node_modules)\/|\.test\.|\.env|tsbuildinfo/.test(path),
      ),
    ).toEqual([]);
    expect(installed.contents.filter((path) => /\.ts$/.test(path) && !/\.d\.ts$/.test(path))).toEqual([]);
    expect(installed.contents).toContain('schema/schema.graphql');
  });

  it('holds only what is made from a file in src', async () => {
    const sources = await readdir('src', { recursive: true });
    // Beside the bundle that the command starts from.
    const modules = installed.contents.flatMap(
      (path) => /^dist\/(?!chunks\/)(.*)\.js$/.exec(path)?.[1] ?? [],
    );
    expect(modules.filter((name) => !sources.includes(`${name}.ts`))).toEqual([]);
    expect(modules.length).toBeGreaterThan(100);
  });

  it('is ES modules only, and every entry and its types are in it', () => {
    expect(installed.manifest.type).toBe('module');
    const targets = Object.values(installed.manifest.exports).flatMap((entry) =>
      typeof entry === 'string' ? [entry] : Object.values(entry as Record<string, string>),
    );
    expect(targets.filter((target) => !installed.contents.includes(target.replace('./', '')))).toEqual([]);
    expect(JSON.stringify(installed.manifest.exports)).not.toContain('"require"');
    expect(Object.keys(installed.manifest.exports)).toEqual([
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
    const exported = await installed.script(
      `import * as entry from '${entry}'; process.stdout.write(JSON.stringify(Object.keys(entry)));`,
    );
    expect(JSON.parse(exported)).toEqual(expect.arrayContaining(names));
  });

  it('lets every entry be required from CommonJS too, as Node.js from 20.19 on loads ES modules without top-level await', async () => {
    const output = await installed.script(
      `
      const entries = ['cognito-graphql', 'cognito-graphql/client', 'cognito-graphql/client/documents',
        'cognito-graphql/emulator', 'cognito-graphql/lambda'];
      Promise.all(entries.map(async (entry) => {
        const [required, imported] = [require(entry), await import(entry)];
        const names = Object.keys(required);
        return names.length > 0 && names.every((name) => required[name] === imported[name]);
      })).then((same) => process.stdout.write(JSON.stringify(same)));`,
      'consumer.cjs',
    );
    expect(JSON.parse(output)).toEqual([true, true, true, true, true]);
  });

  it('keeps its inner modules to itself', async () => {
    await expect(installed.script(`import 'cognito-graphql/dist/app.js';`)).rejects.toThrow(
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
    await installed.script(`
      import { createRequire, register } from 'node:module';
      import { appendFileSync } from 'node:fs';
      register('data:text/javascript,' + encodeURIComponent(${JSON.stringify(loader)}));
      await import('cognito-graphql');
      appendFileSync('loaded.txt', Object.keys(createRequire(import.meta.url).cache).join('\\n'));
    `);
    const loaded = await readFile(join(installed.home, 'loaded.txt'), 'utf8');
    expect(loaded).toContain('dist/app.js');
    expect(loaded).toContain('@apollo/server');
    expect(loaded).not.toMatch(/lmdb|render-graphiql|client-iam|dist\/(emulator|demo|pool|cli)\//);
  });

  it('has types that a consumer compiles against', async () => {
    for (const name of ['@types', 'undici-types']) await installed.add(name);
    await installed.write(
      'consumer.ts',
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
    await installed.write(
      'consumer.cts',
      `import client = require('cognito-graphql/client');
export const provider: () => Promise<{ sessionToken: string }> = client.fromCognitoGraphQL({ endpoint: '/', getToken: () => 't' });
`,
    );
    await installed.write(
      'tsconfig.json',
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
        files: ['consumer.ts', 'consumer.cts'],
      }),
    );
    const tsc = resolve('node_modules/typescript/bin/tsc');
    const { stdout } = await startNode([tsc, '-p', installed.home], { env: process.env }).finished;
    expect(stdout).toBe('');
  });
});
