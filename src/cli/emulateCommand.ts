import { type Command, Option } from 'commander';
import { collect, port } from './options.ts';
import type { Terminal } from './terminal.ts';

/** `emulate`: the embedded Cognito alone, for any SDK. */
export function addEmulateCommand(program: Command, terminal: Terminal): void {
  program
    .command('emulate')
    .description(
      'run the embedded Cognito alone: cognito-identity, STS and the needed part of IAM on one port',
    )
    .optionsGroup('Where and what:')
    .option('--port <port>', 'port to listen on; 0 takes a free one', port, 9400)
    .option('--host <address>', 'address to listen on', '127.0.0.1')
    .option('--data <directory>', 'keep everything in this directory; default: in memory')
    .option('--seed <file>', 'JSON file with pools, identities and roles to start with')
    .option('--account <id>', 'account id of 12 digits', '000000000000')
    .option('--region <region>', 'Region named in key ids, and of the roles of the seed', 'us-east-1')
    .optionsGroup('Who may call:')
    .addOption(repeatable('--access-key <id:secret>', 'permanent key that may sign', 'test:test'))
    .option('--no-verify-signatures', 'do not compare signatures; a call must still carry one')
    .option('--trust-forwarded-host', 'behind a proxy: signatures are for X-Forwarded-Host')
    .optionsGroup('How faithful:')
    .addOption(new Option('--strict', 'refuse what AWS refuses; the default').conflicts('lenient'))
    .option('--lenient', 'accept what looser emulators accept: pools on first sight, any provider token')
    .option(
      '--choices [list]',
      'behaviour that is not known of AWS, as name=value,…; without a list: show them',
    )
    .option('--throttles <rates>', "published for AWS's rates, or calls per second as Operation=rate,…")
    .option('--issuer <url>', 'issuer of the tokens: an address, or self for the address bound')
    .option('--no-leading-zero', 'publish the key without the zero byte of AWS, which WebCrypto refuses')
    .optionsGroup('Logins of others:')
    .addOption(
      repeatable(
        '--openid-provider <name>',
        'where an OpenID provider of a pool is: name=issuer, and ,jwks=URL ,client=ID',
        'https://name',
      ),
    )
    .addOption(
      repeatable(
        '--opaque-token <rule>',
        'which opaque tokens are valid: provider=expression, whose first group is the user',
        'none',
      ),
    )
    .optionsGroup('For tests:')
    .option('--no-control', 'do not serve faults, clock, log and reset under /_control/')
    .action(async (options) => {
      // As with serve; only the list of choices serves nothing.
      if (options.choices !== true) terminal.stopRequested();
      await (await import('./emulate.ts')).emulate(options, terminal);
    })
    .addHelpText('after', help);
}

/** May be given more than once; `otherwise` tells what holds when it is not given. */
const repeatable = (flags: string, description: string, otherwise: string) =>
  new Option(flags, `${description}; repeatable`).argParser(collect).default([], otherwise);

const help = `
Examples:
  $ cognito-graphql emulate
  $ cognito-graphql emulate --port 0 --data ./cognito-data
  $ AWS_ENDPOINT_URL=http://127.0.0.1:9400 AWS_ACCESS_KEY_ID=test AWS_SECRET_ACCESS_KEY=test \\
      cognito-graphql pool create --region eu-west-1 --pool-name demo --developer-provider login.demo

  A pool that is there from the start; of AWS's settings any may be added:
  $ cat seed.json
  {
    "Pools": [{
      "IdentityPoolId": "us-east-1:11111111-2222-4333-8444-555555555555",
      "IdentityPoolName": "demo", "AllowUnauthenticatedIdentities": true, "DeveloperProviderName": "login.demo",
      "Roles": { "authenticated": "arn:aws:iam::000000000000:role/users" },
      "Identities": [{
        "IdentityId": "us-east-1:66666666-7777-4888-8999-000000000000", "DeveloperUserIdentifiers": ["alice"]
      }]
    }],
    "Roles": [{ "RoleName": "users", "AssumeRolePolicyDocument": "{ …a trust policy, as a string… }" }]
  }
  $ cognito-graphql emulate --seed seed.json

  A pool whose users come from an OpenID provider on this machine, and from Facebook:
  $ cognito-graphql emulate --openid-provider login.example=http://127.0.0.1:8080,client=app \\
      --opaque-token 'graph.facebook.com=fb-(\\w+)'
  The pool names them as on AWS: OpenIdConnectProviderARNs with
  arn:aws:iam::000000000000:oidc-provider/login.example, SupportedLoginProviders with graph.facebook.com.

  As fast as AWS allows, and no faster:
  $ cognito-graphql emulate --throttles published
  $ cognito-graphql emulate --throttles GetId=5,GetCredentialsForIdentity=100

  What tests do while it runs, unless --no-control:
  $ curl -d '{"operation":"GetId","times":1,"reset":true}' http://127.0.0.1:9400/_control/faults
  $ curl -d '{"advanceMs":3600000}' http://127.0.0.1:9400/_control/clock
  $ curl http://127.0.0.1:9400/_control/requests
  $ curl -X POST http://127.0.0.1:9400/_control/reset`;
