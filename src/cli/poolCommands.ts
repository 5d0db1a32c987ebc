import { Command, Option } from 'commander';
import { awsOptions, collect, jsonOption, wholeNumber } from './options.ts';
import type { Terminal } from './terminal.ts';

const poolIdOption = () => new Option('--pool-id <id>', 'identity pool; default: COGNITO_IDENTITY_POOL_ID');

function setupOptions(command: Command): Command {
  return command
    .requiredOption('--pool-name <name>', 'name of the pool')
    .requiredOption(
      '--developer-provider <name>',
      'developer provider name; AWS never lets anybody change it',
    )
    .option('--guests', 'let people without a login have an identity')
    .option('--no-guests', 'do not; default for a new pool')
    .option('--classic-flow', 'let clients choose the role themselves')
    .option('--no-classic-flow', 'do not; default for a new pool')
    .option('--with-tags', 'trust principal tags (sts:TagSession); needed with PRINCIPAL_TAGS')
    .option('--no-with-tags', 'do not; default for a new role')
    .option(
      '--allow <starter>',
      'what users may do with what is theirs: s3-prefix=bucket/path, dynamodb-table=name; repeatable',
      collect,
      [],
    )
    .option('--policy-file <file>', 'permissions policy for users, in place of --allow')
    .option('--guest-policy-file <file>', 'permissions policy for guests')
    .option('--role-prefix <prefix>', 'names of roles begin with this; default: pool name and Region')
    .option('--trust-principal <host>', "in place of the Region's own federated principal");
}

function addAwsOptions(command: Command): Command {
  for (const option of [...awsOptions(), jsonOption()]) command.addOption(option);
  return command;
}

/** `pool …`: the pool and its roles. */
export function addPoolCommands(program: Command, terminal: Terminal): void {
  const pool = program
    .command('pool')
    .description('make, check and describe an identity pool with its roles');

  addAwsOptions(setupOptions(pool.command('create')))
    .description('make a pool with its roles, or bring one to the wanted state; safe to repeat')
    .addOption(poolIdOption().argParser(String))
    .option(
      '--auth-role-arn <arn>',
      'role for users that exists and trusts the pool, in place of one made here',
    )
    .option('--dry-run', 'print account, Region and plan, and change nothing')
    .option('--no-verify', 'do not prove with a probe user that credentials can be obtained')
    .option('--timeout <seconds>', 'patience with IAM while verifying', wholeNumber(0, 600), 90)
    .option('--env-file [file]', "write the server's settings to this file; .env without a name")
    .action(async (options) => (await import('./poolCreate.ts')).poolCreate(options, terminal))
    .addHelpText(
      'after',
      `
Examples:
  $ cognito-graphql pool create --region eu-west-1 --pool-name app --developer-provider login.app --dry-run
  $ cognito-graphql pool create --region eu-west-1 --pool-name app --developer-provider login.app \\
      --allow s3-prefix=my-bucket/users --env-file
  $ cognito-graphql pool create --endpoint-url http://127.0.0.1:9400 --region us-east-1 \\
      --pool-name demo --developer-provider login.demo`,
    );

  addAwsOptions(pool.command('verify'))
    .description('prove that a user of the pool gets credentials, and say what to change when not')
    .addOption(poolIdOption())
    .option('--developer-provider <name>', 'expected name; default: COGNITO_DEVELOPER_PROVIDER_NAME')
    .option('--with-tags', 'send a principal tag, too; default: when PRINCIPAL_TAGS is set')
    .option('--server-role <arn>', "also look for too wide permissions of the server's own role")
    .option('--trust-principal <host>', "in place of the Region's own federated principal")
    .option('--timeout <seconds>', 'patience with IAM', wholeNumber(0, 600), 90)
    .action(async (options) => (await import('./poolVerify.ts')).poolVerify(options, terminal))
    .addHelpText(
      'after',
      `
Examples:
  $ cognito-graphql pool verify --pool-id eu-west-1:12345678-1234-1234-1234-123456789012
  $ cognito-graphql pool verify --server-role arn:aws:iam::111122223333:role/api --json`,
    );

  setupOptions(pool.command('template'))
    .argument('<kind>', 'cloudformation, terraform or cdk')
    .description('print the same set-up for infrastructure as code; nothing is sent to AWS')
    .option('--region <region>', 'AWS Region; default: AWS_REGION')
    .addOption(new Option('--format <format>', 'of cloudformation').choices(['yaml', 'json']).default('yaml'))
    .option('--administration', "let the server's policy merge, unlink and delete identities")
    .action(async (kind, options) =>
      (await import('./poolTemplate.ts')).poolTemplate(kind, options, terminal),
    )
    .addHelpText(
      'after',
      `
Example:
  $ cognito-graphql pool template cloudformation --region eu-west-1 --pool-name app \\
      --developer-provider login.app --allow s3-prefix=my-bucket/users > pool.yaml`,
    );

  addAwsOptions(pool.command('describe'))
    .description('show the pool, its roles and what is wrong with them')
    .addOption(poolIdOption())
    .action(async (options) => (await import('./poolDescribe.ts')).poolDescribe(options, terminal))
    .addHelpText('after', '\nExample:\n  $ cognito-graphql pool describe --json');

  addAwsOptions(pool.command('delete'))
    .description('delete the pool and the roles that pool create made for it')
    .addOption(poolIdOption())
    .option('--confirm <name>', "the pool's name, in place of being asked for it")
    .option('--role-prefix <prefix>', 'names of its roles begin with this; default: pool name and Region')
    .option('--with-identities', 'even when the pool has identities; their data elsewhere stays')
    .action(async (options) => (await import('./poolDelete.ts')).poolDelete(options, terminal))
    .addHelpText(
      'after',
      `
Example:
  $ cognito-graphql pool delete --pool-id eu-west-1:12345678-1234-1234-1234-123456789012 --confirm app`,
    );
}
