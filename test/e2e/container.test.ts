import { execFile } from 'node:child_process';
import { cp, mkdir, mkdtemp, readdir, readFile, rm, symlink } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type RunningCommand, startNode } from '../support/command.ts';

const run = promisify(execFile);
const repository = resolve('.');

interface Stage {
  readonly base: string;
  readonly name: string | undefined;
  readonly steps: readonly (readonly [instruction: string, rest: string])[];
}

let stages: readonly Stage[];
/** What the build gets to see, as `.dockerignore` has it. */
let sent: readonly string[];
/** The folder that the last stage fills. */
let image: string;
let service: RunningCommand | undefined;
beforeAll(async () => {
  stages = parse(await readFile('Dockerfile', 'utf8'));
  const ignore = (await readFile('.dockerignore', 'utf8'))
    .split('\n')
    .filter((line) => line && !line.startsWith('#'));
  expect(ignore[0]).toBe('*');
  sent = ignore.slice(1).map((line) => line.replace('!', ''));
  image = await mkdtemp(join(tmpdir(), 'image-'));
});
afterAll(async () => {
  service?.process.kill('SIGKILL');
  await rm(image, { recursive: true });
});

function parse(text: string): Stage[] {
  const found: { base: string; name: string | undefined; steps: [string, string][] }[] = [];
  for (const line of text.split('\n').filter((each) => each && !each.startsWith('#'))) {
    const [, instruction = '', rest = ''] = /^([A-Z]+) (.*)$/.exec(line) ?? [];
    const [, base, name] = instruction === 'FROM' ? (/^(\S+)(?: AS (\S+))?$/.exec(rest) ?? []) : [];
    if (base !== undefined) found.push({ base, name, steps: [] });
    else found.at(-1)?.steps.push([instruction, rest]);
  }
  return found;
}

const last = () => stages.at(-1) as Stage;
const stepsOf = (instruction: string, stage = last()) =>
  stage.steps.filter(([name]) => name === instruction).map(([, rest]) => rest);
const onlyStep = (instruction: string) => {
  const [step, ...more] = stepsOf(instruction);
  expect(more).toEqual([]);
  return step ?? '';
};
const environment = () =>
  Object.fromEntries(
    onlyStep('ENV')
      .split(' ')
      .map((pair) => pair.split('=') as [string, string]),
  );
const healthCheck = () => JSON.parse(onlyStep('HEALTHCHECK').replace(/^.*? CMD /, '')) as string[];

/** What the first stage has in its folder of packages: those of the build by name, and behind each what it needs itself. */
async function linkBuildPackages(modules: string): Promise<void> {
  const { dependencies, buildPackages } = JSON.parse(await readFile('package.json', 'utf8'));
  for (const name of [...Object.keys(dependencies), ...buildPackages]) {
    await mkdir(dirname(join(modules, name)), { recursive: true });
    await symlink(join(repository, 'node_modules', name), join(modules, name));
  }
  await mkdir(join(modules, '.bin'));
  for (const tool of ['tsc', 'tsx'])
    await symlink(join(repository, 'node_modules/.bin', tool), join(modules, '.bin', tool));
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await new Promise((listening) => server.once('listening', listening));
  const { port } = server.address() as { port: number };
  await new Promise((closed) => server.close(closed));
  return port;
}

describe('the Dockerfile', () => {
  it('names every base by a tag, and knows every stage it copies from', () => {
    const names = stages.flatMap(({ name }) => name ?? []);
    for (const { base } of stages) {
      if (!names.includes(base)) expect(base).toMatch(/^node:\d+-slim$/);
    }
    const from = stages
      .flatMap((stage) => stepsOf('COPY', stage))
      .flatMap((step) => /--from=(\S+)/.exec(step)?.[1] ?? []);
    expect(names).toEqual(['packages', 'build']);
    expect(from).toEqual(['build']);
  });

  it('copies only files that are there and are sent to the build', async () => {
    const copied = stages
      .flatMap((stage) => stepsOf('COPY', stage))
      .filter((step) => !step.includes('--from='))
      .flatMap((step) => step.split(' ').slice(0, -1));
    for (const path of copied) {
      expect(sent).toContain(path);
      await readFile(path).catch((error) => expect(error.code).toBe('EISDIR'));
    }
    expect([...new Set(copied)].sort()).toEqual([...sent].sort());
  });

  it('installs the locked packages that the bundle is made of and with, without their scripts and without those of the tests', async () => {
    const [prune = '', ...others] = stepsOf('RUN', stages[0]);
    expect(others).toEqual(['npm install --ignore-scripts']);
    expect(last().steps.filter(([instruction]) => instruction === 'RUN')).toEqual([]);
    const folder = await mkdtemp(join(image, 'manifest-'));
    await cp('package.json', join(folder, 'package.json'));
    await run('/bin/sh', ['-c', prune], { cwd: folder });
    const whole = JSON.parse(await readFile('package.json', 'utf8'));
    const pruned = JSON.parse(await readFile(join(folder, 'package.json'), 'utf8'));
    const kept = Object.keys(pruned.devDependencies);
    expect(kept).toEqual(whole.buildPackages);
    expect(pruned.overrides).toEqual(whole.overrides);
    expect(kept.filter((name) => pruned.devDependencies[name] !== whole.devDependencies[name])).toEqual([]);
  });

  it('does not run as root, and as production', () => {
    expect(onlyStep('USER')).toBe('node');
    expect(environment()).toEqual({ NODE_ENV: 'production', HOST: '0.0.0.0', PORT: '4000' });
  });

  it('makes a folder from which the service starts in production, is found healthy, and stops on SIGTERM', async () => {
    const source = join(image, 'build');
    await Promise.all(sent.map((path) => cp(path, join(source, path), { recursive: true })));
    await linkBuildPackages(join(source, 'node_modules'));
    const [compile = ''] = stepsOf('RUN', stages[1]);
    await run('/bin/sh', ['-c', compile], { cwd: source });

    // No packages: the command has all that it needs in its bundle.
    const app = join(image, 'app');
    for (const step of stepsOf('COPY')) {
      const [from = '', to = ''] = step.replace(/^--from=\S+ /, '').split(' ');
      const path = from.replace('/app/', '');
      await cp(join(source, path), join(app, to === './' ? path : to), { recursive: true });
    }
    expect((await readdir(app)).sort()).toEqual(['dist', 'package.json', 'schema']);

    const port = String(await freePort());
    const env = { PATH: process.env['PATH'] ?? '', ...environment(), HOST: '127.0.0.1', PORT: port };
    const [, ...probe] = healthCheck();
    const healthy = async () => (await startNode(probe, { env }).finished).code === 0;
    expect(await healthy()).toBe(false);
    const [, ...command] = [...JSON.parse(onlyStep('ENTRYPOINT')), ...JSON.parse(onlyStep('CMD'))];
    service = startNode(command, {
      cwd: app,
      env: {
        ...env,
        COGNITO_IDENTITY_POOL_ID: 'eu-west-1:11111111-2222-3333-4444-555555555555',
        COGNITO_DEVELOPER_PROVIDER_NAME: 'login.example',
        AUTH_ISSUER: 'https://login.example',
        AUTH_AUDIENCE: 'api',
        AUTH_JWT_SECRET: 'a-secret-of-more-than-32-bytes-for-a-test',
      },
    });
    await expect.poll(healthy, { timeout: 15_000, interval: 200 }).toBe(true);
    service.process.kill('SIGTERM');
    const { code, stderr } = await service.finished;
    expect(code, stderr).toBe(0);
  }, 60_000);
});
