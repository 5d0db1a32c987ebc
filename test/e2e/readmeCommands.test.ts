import { readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { createDemoLogin } from '../../src/demo/demoLogin.ts';
import { createEmulator, type Emulator } from '../../src/emulator/index.ts';
import { openReaderShell, type ReaderShell, type RunningScript } from '../support/readerShell.ts';
import { commandsIn, scriptsIn } from '../support/readmeCommands.ts';
import { requireTool } from '../support/requirements.ts';

vi.setConfig({ testTimeout: 120_000, hookTimeout: 60_000 });

const readme = readFileSync('README.md', 'utf8');
const commands = commandsIn(readme);

/** What of the README is not run, and why. */
const notRun: Readonly<Record<string, string>> = {
  'docker build -t cognito-graphql .':
    'no container engine; container.test.ts follows the Dockerfile step by step',
  'docker run --read-only --cap-drop ALL -p 4000:4000 --env-file .env cognito-graphql': 'as above',
  'node --import ./tracing.mjs': "the reader's own file; tracing.test.ts loads an SDK",
  'npm install lmdb@3': 'adds a package of the reader; package.test.ts keeps data with it',
  'npm ls graphql': "npm's, about the reader's own packages",
  'npm dedupe': 'as above',
};
/** What a test below has run. */
const run = new Set<string>();

/** The script of the README that holds this text. Its lines count as run. */
function scriptWith(text: string): string {
  const [script = '', ...others] = scriptsIn(readme).filter((each) => each.includes(text));
  expect([script === '', others.length], text).toEqual([false, 0]);
  for (const line of script.split('\n')) run.add(line);
  return script;
}

/** A command that the README names. Those of the product may stand there without its name. */
function command(text: string): string {
  expect(commands).toContain(text);
  run.add(text);
  return /^(pool|identities|completion) /.test(text) ? `cognito-graphql ${text}` : text;
}

let shell: ReaderShell;
let emulator: Emulator;
/** Where commands find the embedded Cognito in place of AWS. */
let aws: Readonly<Record<string, string>>;
beforeAll(async () => {
  shell = await openReaderShell();
  emulator = createEmulator({ region: 'eu-west-1' });
  const { url } = await emulator.listen();
  aws = { AWS_ENDPOINT_URL: url, AWS_ACCESS_KEY_ID: 'test', AWS_SECRET_ACCESS_KEY: 'test' };
});
afterAll(async () => {
  await emulator.close();
  await shell.remove();
});

const running: RunningScript[] = [];
afterEach(async () => {
  for (const script of running.splice(0)) await script.stop();
});

/** Starts a script that goes on, and waits until it has written what is looked for. */
async function started(script: string, pattern: RegExp, env: Readonly<Record<string, string>> = {}) {
  const going = shell.start(script, env);
  running.push(going);
  await expect.poll(() => going.output(), { timeout: 30_000, interval: 50 }).toMatch(pattern);
  return { going, found: pattern.exec(going.output())?.[1] ?? '' };
}

async function succeeds(script: string, env: Readonly<Record<string, string>> = {}): Promise<string> {
  const { code, stdout, stderr } = await shell.run(script, env);
  expect(code, `${script}\n${stdout}\n${stderr}`).toBe(0);
  return `${stdout}${stderr}`;
}

describe('the commands of the README', () => {
  it('do the main job once, as the first one says', async () => {
    const [first = ''] = scriptWith('npm run demo').split('\n');
    expect(await succeeds(first)).toMatch(/assumed role +arn:aws:sts::000000000000:assumed-role\//);
  });

  it('start the server, get a token, and paste the first request', async () => {
    const start = scriptWith('npm run demo').split('\n')[1] ?? '';
    const free = { PORT: '0', EMULATOR_PORT: '0', AUDIT_FILE: '/dev/null' };
    const { found: url } = await started(start, /GraphQL +(http:\S+)\/graphql[\s\S]*Metrics/, free);
    const pasted = scriptWith('--user alice')
      .replace('--user alice', `--user alice --login-url ${url}/demo-login/token`)
      .replace('http://127.0.0.1:4000', url);
    expect(JSON.parse(await succeeds(pasted))).toEqual({
      data: {
        cognitoCredentials: {
          identityId: expect.stringMatching(/^us-east-1:/),
          openIdToken: expect.stringMatching(/^eyJ/),
          expiresAt: expect.stringMatching(/Z$/),
          loginsKey: 'cognito-identity.amazonaws.com',
        },
      },
    });
  });

  it('show what would be made on AWS, make it, look after it and take it away', async () => {
    const create = scriptWith('pool create');
    expect(create).toMatch(/ --dry-run$/);
    const listed = `${create.replace('--dry-run', '')} --json`;
    expect(await succeeds(create, aws)).toMatch(/000000000000[\s\S]*eu-west-1/);
    expect(emulator.requests.entries().map(({ operation }) => operation)).not.toContain('CreateIdentityPool');

    const { stdout } = await shell.run(`${listed} --env-file`, aws);
    const { identityPoolId, verification } = JSON.parse(stdout);
    expect(verification.works).toBe(true);
    const pool = { ...aws, COGNITO_IDENTITY_POOL_ID: identityPoolId };
    expect(await succeeds(command('pool describe'), pool)).toContain('login.app');
    for (const name of ['pool verify', 'cognito-graphql pool verify']) await succeeds(command(name), pool);
    command('pool create');
    for (const name of ['pool create --with-tags', 'pool create --classic-flow --guests']) {
      const options = command(name).replace('cognito-graphql pool create', '');
      await succeeds(`${listed.replace('--json', '')} ${options}`, aws);
    }

    const loaded = `${command('set -a; . ./.env; set +a')}; node -p process.env.COGNITO_IDENTITY_POOL_ID`;
    expect((await succeeds(loaded)).trim()).toBe(identityPoolId);
    const [list = '', exporting = '', purge = ''] = alternatives(command('identities list|export|purge'));
    for (const each of [list, exporting, `${purge} --all --dry-run`]) await succeeds(each, pool);
    await succeeds(`${command('identities purge')} --disabled --dry-run`, pool);
    await succeeds(`${command('pool delete')} --confirm app`, pool);
    expect((await shell.run('cognito-graphql pool describe', pool)).code).toBe(1);
  });

  it('start in production with a pool and a login', async () => {
    const serve = scriptWith('NODE_ENV=production');
    const login = createDemoLogin({ audience: /AUTH_AUDIENCE=(\S+)/.exec(serve)?.[1] ?? '' });
    const { issuer } = await login.listen();
    const names = '--region eu-west-1 --pool-name production --developer-provider login.app --json';
    const made = await shell.run(`cognito-graphql pool create ${names}`, aws);
    const { identityPoolId } = JSON.parse(made.stdout);
    const script = serve.replace('eu-west-1:…', identityPoolId).replace('https://login.example.com/', issuer);
    const env = { ...aws, PORT: '0', AUDIT_FILE: '/dev/null' };
    const { going, found: url } = await started(script, /GraphQL +(http:\S+)\/graphql[\s\S]*Metrics/, env);
    const answer = await fetch(`${url}/graphql`, {
      method: 'POST',
      headers: {
        authorization: `Bearer ${await login.issueToken({ user: 'alice' })}`,
        'content-type': 'application/json',
      },
      body: '{"query":"mutation { cognitoCredentials { identityPoolId } }"}',
    });
    expect(await answer.json()).toEqual({ data: { cognitoCredentials: { identityPoolId } } });
    await going.stop();
    await login.close();
  });

  it('print templates, completions, choices and a dashboard', async () => {
    const names = '--region eu-west-1 --pool-name app --developer-provider login.app';
    command('pool template');
    for (const template of alternatives(command('pool template cloudformation|terraform|cdk'))) {
      expect(await succeeds(`${template} ${names}`)).toContain('login.app');
    }
    for (const completion of alternatives(command('completion bash|zsh|fish'))) {
      expect(await succeeds(completion)).toContain('identities');
    }
    expect(await succeeds(command('cognito-graphql emulate --choices'))).toContain('Why: ');
    for (const help of commands.filter((each) => /^cognito-graphql .*--help$/.test(each))) {
      expect(await succeeds(command(help))).toContain('Usage: ');
    }
    await succeeds(command('cognito-graphql dashboard > dashboard.json'));
    const dashboard = JSON.parse(await readFile(join(shell.folder, 'dashboard.json'), 'utf8'));
    expect(dashboard.panels.length).toBeGreaterThan(5);
  });

  it('measure with suites and options that exist', async () => {
    const help = await succeeds(`${command('npm run bench')} -- --help`);
    const runs = commands.filter((each) => each.startsWith('npm run bench -- '));
    expect(runs).toHaveLength(3);
    for (const name of runs) {
      const words = command(name).replace('npm run bench -- ', '').split(' ');
      for (const word of words) expect(help, name).toMatch(new RegExp(`^(?:Or alone: | *)${word} `, 'm'));
    }
  });
});

const tool = requireTool('aws');
tool.describe('the commands of the README for the embedded Cognito', () => {
  it('run it alone, and list its pools with the AWS CLI', async () => {
    const emulate = `${command('npx cognito-graphql emulate')} --port 0`;
    const { found: url } = await started(emulate, /^(http:\S+)$/m);
    const script = scriptWith('list-identity-pools').replace('http://127.0.0.1:9400', url);
    expect(JSON.parse(await succeeds(`${script} --output json`))).toEqual({ IdentityPools: [] });
  });
});

describe('all commands of the README', () => {
  it('are run by the tests above, or stand in the list of those that are not', () => {
    if (!run.has('npx cognito-graphql emulate')) {
      command('npx cognito-graphql emulate');
      scriptWith('list-identity-pools');
    }
    expect(commands.filter((each) => !run.has(each) && !(each in notRun))).toEqual([]);
    expect(Object.keys(notRun).filter((each) => run.has(each) || !commands.includes(each))).toEqual([]);
  });
});

/** `pool template a|b` as one command for each of the alternatives at its end. */
function alternatives(text: string): string[] {
  const [, begin = '', ends = ''] = /^(.* )(\S+)$/.exec(text) ?? [];
  return ends.split('|').map((end) => `${begin}${end}`);
}
