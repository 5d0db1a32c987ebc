import { readFileSync } from 'node:fs';
import { Command } from 'commander';
import { packageFile } from '../lib/packageFile.ts';
import { addEmulateCommand } from './emulateCommand.ts';
import { addIdentitiesCommands } from './identitiesCommands.ts';
import { addPoolCommands } from './poolCommands.ts';
import type { Terminal } from './terminal.ts';

/** The command line. What a command does is loaded only when it runs, so that help is there at once. */
export function createProgram(terminal: Terminal, settingsHelp = ''): Command {
  const program = new Command('cognito-graphql')
    .description('Your own login in, AWS credentials out, over GraphQL.')
    .version(packageVersion())
    .exitOverride()
    .showHelpAfterError('Use --help to see what is possible.')
    .configureOutput({
      writeOut: (text) => terminal.stdout.write(text),
      writeErr: (text) => terminal.stderr.write(text),
      getOutHasColors: () => terminal.stdout.isTTY === true && !terminal.env['NO_COLOR'],
      getErrHasColors: () => terminal.stderr.isTTY === true && !terminal.env['NO_COLOR'],
    })
    .addHelpText(
      'after',
      `
Examples:
  $ cognito-graphql demo                      the main job once, without an AWS account
  $ cognito-graphql serve                     the server; settings come from the environment
  $ cognito-graphql pool create --help        a real identity pool with its roles

Exit codes: 0 done, 1 failed, 2 bad usage or configuration. \`serve\` and \`emulate\` end with 0 when
they are told to stop (Ctrl-C, SIGTERM), once or several times, at any moment of their start or stop.`,
    );

  program
    .command('serve')
    .description('run the server')
    .action(async () => {
      // Before anything is loaded: a signal that comes in the middle of the start must not cut it off half-way.
      terminal.stopRequested();
      await (await import('./serve.ts')).serve(terminal);
    })
    .addHelpText(
      'after',
      `
Examples:
  $ cognito-graphql serve                     embedded Cognito and demo login, for trials
  $ node --env-file=.env dist/main.js serve

Settings, all from the environment (defaults in parentheses):

${settingsHelp}`,
    );

  program
    .command('demo')
    .description('do the main job once with the embedded Cognito and the demo login, and print each step')
    .action(async () => (await import('./demo.ts')).demo(terminal))
    .addHelpText('after', '\nExample:\n  $ cognito-graphql demo');

  addEmulateCommand(program, terminal);

  program
    .command('token')
    .description('print an access token of the demo login, for curl')
    .requiredOption('--user <name>', 'user to sign in as')
    .option('--scope <scope>', 'scope to ask for, such as admin')
    .option('--login-url <url>', 'token address of the demo login', 'http://127.0.0.1:4000/demo-login/token')
    .option('--json', "print the login's whole answer as JSON")
    .action(async (options) => (await import('./token.ts')).token(options, terminal))
    .addHelpText(
      'after',
      `
Examples:
  $ cognito-graphql token --user alice
  $ curl -H "Authorization: Bearer $(cognito-graphql token --user alice)" \\
      -H 'Content-Type: application/json' -d '{"query":"{me{userId}}"}' http://127.0.0.1:4000/graphql`,
    );

  addPoolCommands(program, terminal);
  addIdentitiesCommands(program, terminal);

  program
    .command('dashboard')
    .description("print a Grafana dashboard for the server's metrics, as JSON to import")
    .action(async () => (await import('./dashboard.ts')).dashboard(terminal))
    .addHelpText('after', '\nExample:\n  $ cognito-graphql dashboard > dashboard.json');

  program
    .command('completion')
    .description('print a completion script for a shell')
    .argument('<shell>', 'bash, zsh or fish')
    .action(async (shell) => (await import('./completion.ts')).completion(shell, program, terminal))
    .addHelpText('after', '\nExample:\n  $ source <(cognito-graphql completion bash)');

  return program;
}

function packageVersion(): string {
  const text = readFileSync(packageFile('package.json'), 'utf8');
  return (JSON.parse(text) as { version: string }).version;
}
