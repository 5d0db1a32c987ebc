import { type Command, Option } from 'commander';
import { age, awsOptions, jsonOption, wholeNumber } from './options.ts';
import type { Terminal } from './terminal.ts';

function selection(command: Command): Command {
  for (const option of awsOptions()) command.addOption(option);
  return command
    .option('--pool-id <id>', 'identity pool; default: COGNITO_IDENTITY_POOL_ID')
    .option('--disabled', 'only identities that merging or unlinking has disabled')
    .option('--older-than <age>', 'only those unchanged for this long, such as 90d or 12h', age)
    .option('--rate <calls>', 'pages per second; AWS allows 5', wholeNumber(1, 10_000), 5);
}

/** `identities …`: what is in the pool. */
export function addIdentitiesCommands(program: Command, terminal: Terminal): void {
  const identities = program
    .command('identities')
    .description('list, export and purge the identities of a pool');

  selection(identities.command('list'))
    .description('print the first identities')
    .option('--limit <number>', 'how many', wholeNumber(1, 1_000_000), 20)
    .addOption(jsonOption())
    .action(async (options) => (await import('./identitiesList.ts')).identitiesList(options, terminal))
    .addHelpText('after', '\nExample:\n  $ cognito-graphql identities list --limit 100 --disabled --json');

  selection(identities.command('export'))
    .description('write every identity, page by page, in constant memory')
    .addOption(
      new Option('--format <format>', 'one object or row per identity')
        .choices(['jsonl', 'csv'])
        .default('jsonl'),
    )
    .option('--output <file>', 'write here instead of standard output')
    .option('--resume <file>', 'keep the position here, and go on from it when it is there; needs --output')
    .action(async (options) => (await import('./identitiesExport.ts')).identitiesExport(options, terminal))
    .addHelpText(
      'after',
      `
Examples:
  $ cognito-graphql identities export > identities.jsonl
  $ cognito-graphql identities export --format csv --output identities.csv --resume export.state`,
    );

  selection(identities.command('purge'))
    .description('delete identities; shows how many first')
    .option('--all', 'every identity, where no other choice is made')
    .option('--dry-run', 'count, and delete nothing')
    .option('--yes', 'delete without being asked')
    .option(
      '--delete-rate <calls>',
      'deletions of up to 60 per second; AWS allows 10',
      wholeNumber(1, 10_000),
      10,
    )
    .option('--resume <file>', 'keep the position here, and go on from it when it is there')
    .addOption(jsonOption())
    .action(async (options) => (await import('./identitiesPurge.ts')).identitiesPurge(options, terminal))
    .addHelpText(
      'after',
      `
Examples:
  $ cognito-graphql identities purge --disabled --dry-run
  $ cognito-graphql identities purge --older-than 365d --resume purge.state --yes`,
    );
}
