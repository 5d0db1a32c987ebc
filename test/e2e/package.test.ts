import { existsSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { startNode } from '../support/command.ts';
import { type InstalledPackage, installPackage } from '../support/installedPackage.ts';
import { bytesIn, productionPackages } from '../support/productionPackages.ts';

let installed: InstalledPackage;
beforeAll(async () => {
  installed = await installPackage();
});
afterAll(() => installed?.remove());

/** The texts of all bundles. */
async function bundlesOf({ contents, home }: InstalledPackage): Promise<string> {
  const files = contents.filter((path) =>
    /^dist\/(main|index|lambda|emulator\/index|(chunks|library)\/.*)\.js$/.test(path),
  );
  const texts = files.map((path) => readFile(join(home, 'node_modules/cognito-graphql', path), 'utf8'));
  return (await Promise.all(texts)).join('\n');
}

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

  it('holds the bundles, the modules that browsers load, and types of what is in src', async () => {
    const sources = await readdir('src', { recursive: true });
    const modules = installed.contents.flatMap((path) => /^dist\/(.*)\.js$/.exec(path)?.[1] ?? []);
    const bundles = modules.filter((name) => /^(chunks|library)\//.test(name));
    expect(bundles.length).toBeGreaterThan(10);
    const others = modules.filter((name) => !bundles.includes(name));
    expect(others.filter((name) => !/^(client|demo\/page)\//.test(name)).sort()).toEqual([
      'demo/pageConfig',
      'emulator/index',
      'index',
      'lambda',
      'lib/clock',
      'main',
    ]);
    const types = installed.contents.flatMap((path) => /^dist\/(.*)\.d\.ts$/.exec(path)?.[1] ?? []);
    expect([...others, ...types].filter((name) => !sources.includes(`${name}.ts`))).toEqual([]);
  });

  it('names every package that is in the bundles, with its version and licence', async () => {
    const text = await readFile(
      join(installed.home, 'node_modules/cognito-graphql/dist/THIRD-PARTY.txt'),
      'utf8',
    );
    const named = text.split(`${'-'.repeat(80)}\n`).map((part) => part.trim().split('\n'));
    const names = named.map(([heading = '']) => /^(\S+) \d+\.\d+\.\d+\S* \((.+)\)$/.exec(heading));
    expect(names.filter((found) => found === null)).toEqual([]);
    const permissive = [
      'MIT',
      'ISC',
      'Apache-2.0',
      'BSD-2-Clause',
      'BSD-3-Clause',
      '0BSD',
      'BlueOak-1.0.0',
      '(MIT AND BSD-3-Clause)',
    ];
    expect(
      names.filter((found) => !permissive.includes(found?.[2] ?? '')).map((found) => found?.[0]),
    ).toEqual([]);
    const contents = await bundlesOf(installed);
    const bundled = new Set(
      [...contents.matchAll(/^\s*\/\/ (?:.*\/)?node_modules\/((?:@[^/\s]+\/)?[^/\s]+)\/\S+$/gm)].map(
        ([, name]) => name,
      ),
    );
    expect(bundled.size).toBeGreaterThan(40);
    expect([...bundled].filter((name) => !names.some((found) => found?.[1] === name))).toEqual([]);
  });

  it('is small, with all that comes with it', async () => {
    const packages = productionPackages();
    const own = bytesIn(join(installed.home, 'node_modules/cognito-graphql'));
    const others = packages.map((name) => bytesIn(join('node_modules', name)));
    const mb = (bytes: number) => Number((bytes / 1e6).toFixed(1));
    const all = mb(others.reduce((sum, bytes) => sum + bytes, own));
    process.stdout.write(
      `A production install is ${packages.length + 1} packages, ${all} MB, of them ${mb(own)} MB our own.\n`,
    );
    expect(packages.length + 1).toBeLessThanOrEqual(160);
    expect(all).toBeLessThan(65);
    expect(packages.filter((name) => /lmdb|graphiql|client-(iam|sts)$|ioredis|pino|zod/.test(name))).toEqual(
      [],
    );
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

  it('loads neither the embedded Cognito nor demo, pool set-up and explorer with the main entry', async () => {
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
    const loaded = (await readFile(join(installed.home, 'loaded.txt'), 'utf8')).split('\n');
    for (const shared of ['type-graphql', '@apollo/server', '@aws-sdk/client-cognito-identity'])
      expect(loaded.some((url) => url.includes(`node_modules/${shared}/`))).toBe(true);
    const bundles = loaded.filter((url) => url.includes('cognito-graphql/dist/'));
    const text = (await Promise.all(bundles.map((url) => readFile(new URL(url), 'utf8')))).join('\n');
    expect(text).toMatch(/^\/\/ src\/app\.ts$/m);
    expect(text).toMatch(/^\s*\/\/ node_modules\/pino\//m);
    expect(text).not.toMatch(
      /^\s*\/\/ (src\/(emulator|demo|pool|cli)\/|node_modules\/(@aws-sdk\/client-iam|ioredis|@graphql-yoga\/render-graphiql)\/)/m,
    );
    expect(loaded.filter((url) => /lmdb/.test(url))).toEqual([]);
  });

  it('shares graphql and type-graphql with its host', async () => {
    const output = await installed.script(`
      import 'reflect-metadata';
      import { graphql } from 'graphql';
      import { buildSchema } from 'type-graphql';
      import { authChecker, createCognitoService, resolvers } from 'cognito-graphql';
      const cognito = createCognitoService({
        identityPoolId: 'eu-west-1:11111111-2222-4333-8444-555555555555', developerProviderName: 'login.app', audit: '/dev/null',
      });
      const container = { get: (Type) => new Type(cognito) };
      const schema = await buildSchema({ resolvers, container, authChecker, validate: false });
      const source = '{ me { userId administrator } }';
      const contextValue = cognito.context({ userId: 'alice' });
      process.stdout.write(JSON.stringify(await graphql({ schema, source, contextValue })));`);
    expect(JSON.parse(output)).toEqual({ data: { me: { userId: 'alice', administrator: false } } });
  });

  it.each(['1.9.0', '1.10.0'])('is traced by a host whose OpenTelemetry API is %s', async (version) => {
    const output = await installed.script(`
      const names = [];
      const span = (name) => ({
        spanContext: () => ({ traceId: 'a'.repeat(32), spanId: 'b'.repeat(16), traceFlags: 1 }),
        isRecording: () => true,
        ...Object.fromEntries(['setAttribute', 'setAttributes', 'setStatus', 'addEvent', 'recordException', 'updateName', 'end']
          .map((method) => [method, () => {}])),
      });
      const trace = { getTracer: () => ({ startSpan: (name) => (names.push(name), span(name)) }) };
      globalThis[Symbol.for('opentelemetry.js.api.1')] = { version: '${version}', trace };
      const { createApp, loadConfig } = await import('cognito-graphql');
      const app = createApp(loadConfig({ PORT: '0', EMULATOR_PORT: '0', AUDIT_FILE: '/dev/null', LOG_LEVEL: 'fatal' }));
      const { url, demoToken } = await app.start();
      const headers = { 'content-type': 'application/json', authorization: 'Bearer ' + (await demoToken('alice')) };
      const body = '{"query":"mutation { cognitoCredentials { identityId } }"}';
      await fetch(url + '/graphql', { method: 'POST', headers, body });
      await app.stop();
      process.stdout.write(JSON.stringify(names));`);
    expect(JSON.parse(output.split('\n').at(-1) ?? '')).toEqual(
      expect.arrayContaining(['POST /graphql', 'Cognito issueOpenIdToken']),
    );
  });

  it('runs its command, with demo, server and explorer, from nothing else', async () => {
    expect((await installed.start(['demo']).finished).stdout).toMatch(
      /arn:aws:sts::000000000000:assumed-role\//,
    );
    expect((await installed.start(['--version']).finished).stdout).toBe(`${installed.manifest.version}\n`);
    const server = installed.start(['serve'], { PORT: '0', EMULATOR_PORT: '0', AUDIT_FILE: '/dev/null' });
    await vi.waitFor(() => expect(server.output()).toMatch(/Metrics/), { timeout: 20_000 });
    const [, url] = /GraphQL +(\S+)\/graphql/.exec(server.output()) ?? [];
    for (const path of ['/', '/explorer', '/demo/assets/client/index.js', '/readyz'])
      expect([path, (await fetch(`${url}${path}`)).status]).toEqual([path, 200]);
    expect(await (await fetch(`${url}/explorer`)).text()).toContain('YogaGraphiQL.renderYogaGraphiQL(');
    server.process.kill('SIGTERM');
    expect((await server.finished).code).toBe(0);
  });

  it('says what to install for keeping the data of the embedded Cognito, and keeps it then', async () => {
    const emulate = ['emulate', '--port', '0', '--data', join(installed.home, 'data')];
    const refused = await installed.start(emulate).finished;
    expect(refused.code).toBe(1);
    expect(refused.stderr).toContain('npm install lmdb@3');
    expect(refused.stderr).not.toMatch(/\n +at /);
    expect(existsSync(join(installed.home, 'data'))).toBe(false);
    await installed.add('lmdb');
    const emulator = `
      import { createEmulator } from 'cognito-graphql/emulator';
      const emulator = createEmulator({ dataDirectory: 'data' });
      await emulator.listen();
      await emulator.close();`;
    await installed.script(emulator);
    expect(await readdir(join(installed.home, 'data'))).toContain('data.mdb');
  });

  it('has types that a consumer compiles against', async () => {
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
          skipLibCheck: false,
          types: ['node'],
        },
        files: ['consumer.ts', 'consumer.cts'],
      }),
    );
    const tsc = resolve('node_modules/typescript/bin/tsc');
    const { stdout } = await startNode([tsc, '-p', installed.home], { env: process.env }).finished;
    // type-graphql's own types name a package that is optional there.
    const complaints = stdout
      .split('\n')
      .filter((line) => line && !/node_modules\/type-graphql\//.test(line));
    expect(complaints).toEqual([]);
  });
});
