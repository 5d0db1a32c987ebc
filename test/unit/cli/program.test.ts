import type { Command } from 'commander';
import { describe, expect, it } from 'vitest';
import { createProgram } from '../../../src/cli/program.ts';
import { settingNames } from '../../../src/config/settings.ts';
import { runCommand } from './recordedTerminal.ts';

function commandsOf(command: Command, path: readonly string[] = []): string[][] {
  return command.commands.flatMap((sub) => {
    const inner = [...path, sub.name()];
    return [inner, ...commandsOf(sub, inner)];
  });
}
const terminal = {
  env: {},
  stdout: { write: () => true },
  stderr: { write: () => true },
  ask: async () => undefined,
  stopRequested: async () => {},
  onHangUp: () => {},
};
const commands = commandsOf(createProgram(terminal));
const leaves = commands.filter(
  (path) =>
    !commands.some((other) => other.length > path.length && path.every((word, i) => other[i] === word)),
);

describe('help', () => {
  it('knows every command', () => {
    expect(leaves.map((path) => path.join(' '))).toEqual([
      'serve',
      'demo',
      'emulate',
      'token',
      'pool create',
      'pool verify',
      'pool template',
      'pool describe',
      'pool delete',
      'identities list',
      'identities export',
      'identities purge',
      'dashboard',
      'completion',
    ]);
  });

  it.each(leaves.map((path) => path.join(' ')))(
    'of %s goes to standard output, with an example',
    async (path) => {
      const { exitCode, stdout, stderr } = await runCommand([...path.split(' '), '--help']);
      expect([exitCode, stderr]).toEqual([0, '']);
      expect(stdout).toContain(`Usage: cognito-graphql ${path}`);
      expect(stdout).toMatch(/\n {2}\$ /);
    },
  );

  it('of serve lists every setting with its default', async () => {
    const { stdout } = await runCommand(['serve', '--help']);
    for (const name of settingNames) expect(stdout).toContain(`  ${name} (`);
    expect(stdout).toContain('COGNITO_TOKEN_DURATION (900)');
  });

  it('is shown on standard error, as bad usage, when no command is named', async () => {
    const { exitCode, stdout, stderr } = await runCommand([]);
    expect([exitCode, stdout]).toEqual([2, '']);
    expect(stderr).toContain('Usage: cognito-graphql');
  });

  it('tells the version of the package', async () => {
    expect(await runCommand(['--version'])).toEqual({ exitCode: 0, stdout: '0.1.0\n', stderr: '' });
  });
});

describe('bad usage', () => {
  it.each([
    [['serv'], "error: unknown command 'serv'\n(Did you mean serve?)\n"],
    [['serve', '--port', '1'], "error: unknown option '--port'\n"],
    [['serve', 'now'], "error: too many arguments for 'serve'. Expected 0 arguments but got 1.\n"],
    [['token'], "error: required option '--user <name>' not specified\n"],
    [
      ['emulate', '--port', '70000'],
      "error: option '--port <port>' argument '70000' is invalid. A port is a number from 0 to 65535.\n",
    ],
    [
      ['identities', 'list', '--older-than', 'long'],
      "error: option '--older-than <age>' argument 'long' is invalid. An age is a number with a unit, such as 90d, 12h, 30m or 45s.\n",
    ],
    [
      ['pool', 'verify', '--timeout', '-1'],
      "error: option '--timeout <seconds>' argument '-1' is invalid. It must be a whole number from 0 to 600.\n",
    ],
  ])('%j ends with exit code 2 and says what is wrong', async (argv, sentence) => {
    expect(await runCommand(argv)).toEqual({
      exitCode: 2,
      stdout: '',
      stderr: `${sentence}Use --help to see what is possible.\n`,
    });
  });

  it.each([
    [['identities', 'list'], 'No identity pool is named. Use --pool-id or set COGNITO_IDENTITY_POOL_ID.'],
    [
      ['pool', 'describe', '--pool-id', 'x'],
      'The pool id must look like eu-west-1:12345678-1234-1234-1234-123456789012.',
    ],
    [
      ['pool', 'describe', '--pool-id', 'eu-west-1:1', '--region', 'us-east-1'],
      '--region us-east-1 contradicts the pool id, which begins with eu-west-1.',
    ],
    [
      ['pool', 'describe', '--pool-id', 'eu-west-1:1', '--endpoint-url', 'x'],
      'The endpoint address must begin with http:// or https://.',
    ],
    [
      ['identities', 'purge', '--pool-id', 'eu-west-1:1'],
      'Choose what to delete: --disabled, --older-than AGE, or --all.',
    ],
    [
      ['identities', 'purge', '--pool-id', 'eu-west-1:1', '--all', '--disabled'],
      '--all cannot be combined with another choice.',
    ],
    [
      ['identities', 'export', '--pool-id', 'eu-west-1:1', '--resume', 'x'],
      '--resume needs --output: what went to standard output cannot be taken up again.',
    ],
    [['completion', 'tcsh'], 'The shell must be bash, zsh or fish.'],
    [
      ['emulate', '--issuer', 'x'],
      '--issuer must be self or an address that begins with http:// or https://.',
    ],
    [['emulate', '--account', '1'], 'accountId must have 12 digits.'],
    [
      ['emulate', '--access-key', 'x'],
      '--access-key must be an id of letters and digits, a colon and a secret.',
    ],
    [
      ['emulate', '--choices', 'unknownDeveloperUser=x'],
      '--choices takes unknownDeveloperUser=NotAuthorizedException|ResourceNotFoundException and roleMappingsRefuseDeveloperCalls=true|false.',
    ],
    [
      ['token', '--user', 'a', '--login-url', 'x'],
      '--login-url must be an address that begins with http:// or https://.',
    ],
  ])('%j says so in one line', async (argv, sentence) => {
    expect(await runCommand(argv)).toEqual({ exitCode: 2, stdout: '', stderr: `${sentence}\n` });
  });
});

describe('serve', () => {
  it('reports every problem of the settings with exit code 2', async () => {
    const env = { NODE_ENV: 'production', PORT: 'x' };
    const { exitCode, stdout, stderr } = await runCommand(['serve'], { env });
    expect([exitCode, stdout]).toEqual([2, '']);
    expect(stderr.split('\n').map((line) => line.split(' ').slice(0, 3).join(' '))).toEqual([
      '4 settings need',
      '  PORT',
      '  COGNITO_IDENTITY_POOL_ID',
      '  COGNITO_DEVELOPER_PROVIDER_NAME',
      '  AUTH_ISSUER',
      '',
    ]);
  });
});

describe('colours', () => {
  const argv = ['identities', 'list'];
  const red = '\u001b[31m';

  it('are used on a terminal', async () => {
    expect((await runCommand(argv, { isTTY: true })).stderr).toContain(red);
  });

  it.each<[string, Record<string, string>, boolean]>([
    ['with NO_COLOR', { NO_COLOR: '1' }, true],
    ['on a dumb terminal', { TERM: 'dumb' }, true],
    ['in a file', {}, false],
  ])('are left out %s', async (_what, env, isTTY) => {
    expect((await runCommand(argv, { env, isTTY })).stderr).not.toContain('\u001b');
  });
});

describe('completion', () => {
  it.each(['bash', 'zsh', 'fish'])('for %s knows commands and options', async (shell) => {
    const { exitCode, stdout } = await runCommand(['completion', shell]);
    expect(exitCode).toBe(0);
    for (const word of ['serve', 'identities', 'purge', '--older-than', '--developer-provider']) {
      expect(stdout).toContain(word);
    }
  });
});
