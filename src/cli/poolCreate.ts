import { destroyClients } from '../pool/awsClients.ts';
import { type PoolPlan, planPool } from '../pool/planPool.ts';
import { PoolError } from '../pool/poolErrors.ts';
import { poolSetup } from '../pool/poolSetup.ts';
import { type ProvisionedPool, type ProvisionStep, provisionPool } from '../pool/provisionPool.ts';
import { type AwsContext, awsContext, tellWhereabouts } from './awsContext.ts';
import { serverSettings, writeEnvFile } from './envFile.ts';
import { CommandError } from './failure.ts';
import type { AwsOptions } from './options.ts';
import { namesOf, permissionsOf, type SetupOptions } from './setupOptions.ts';
import { printJson, styled, type Terminal, tell } from './terminal.ts';
import { tellChecks, verifyWithProgress } from './verification.ts';

export interface PoolCreateOptions extends SetupOptions, AwsOptions {
  readonly poolId?: string;
  readonly authRoleArn?: string;
  readonly dryRun?: boolean;
  readonly verify: boolean;
  readonly timeout: number;
  readonly envFile?: string | true;
  readonly json?: boolean;
}

/** Makes or adopts a pool with its roles, proves that it works, and hands over the settings of the server. */
export async function poolCreate(options: PoolCreateOptions, terminal: Terminal): Promise<void> {
  const context = await awsContext(options, terminal);
  try {
    await createWith(context, options, terminal);
  } finally {
    destroyClients(context.clients);
  }
}

async function createWith(
  context: AwsContext,
  options: PoolCreateOptions,
  terminal: Terminal,
): Promise<void> {
  // Names are checked before anybody is asked who is calling.
  poolSetup({ ...namesOf(options), region: context.region });
  await permissionsOf(options, { region: context.region, accountId: '000000000000' });
  const where = await tellWhereabouts(context, terminal);
  const request = {
    ...namesOf(options),
    ...(await permissionsOf(options, where)),
    ...(options.authRoleArn === undefined ? {} : { authenticatedRoleArn: options.authRoleArn }),
    ...(options.poolId === undefined ? {} : { identityPoolId: options.poolId }),
  };
  const plan = await planPool(request, context.clients);
  tellPlan(plan, terminal);
  if (options.dryRun) {
    tell(terminal, 'Nothing was changed (--dry-run).');
    if (options.json) printJson(terminal, { dryRun: true, ...where, plan });
    return;
  }

  const made = await provision(context, request, terminal);
  tell(terminal, made.changed ? 'The pool is set up.' : 'Everything was there already: nothing was changed.');
  const settings = serverSettings(made, context.region, options, terminal.env);
  if (options.envFile !== undefined) {
    const file = options.envFile === true ? '.env' : options.envFile;
    await writeEnvFile(file, settings);
    tell(terminal, `Settings of the server were written to ${file}.`);
  }
  const verification = options.verify
    ? await verifyWithProgress(
        {
          identityPoolId: made.identityPoolId,
          developerProviderName: made.developerProviderName,
          withTags: options.withTags ?? false,
          patienceMs: options.timeout * 1000,
          ...(options.trustPrincipal === undefined ? {} : { trustPrincipal: options.trustPrincipal }),
        },
        context.clients,
        terminal,
      )
    : undefined;
  if (verification !== undefined) tellChecks(verification, terminal);
  if (options.json) printJson(terminal, { ...made, settings, ...(verification && { verification }) });
  else if (options.envFile === undefined) {
    for (const [name, value] of Object.entries(settings)) terminal.stdout.write(`${name}=${value}\n`);
  }
  if (verification?.works === false) {
    throw new CommandError(
      'The pool exists, but no user gets credentials yet. Change what is listed above and repeat the command.',
    );
  }
}

/** Tells each step as it is done, and after a failure what exists and how to go on. */
async function provision(
  { clients }: AwsContext,
  request: Parameters<typeof provisionPool>[0],
  terminal: Terminal,
): Promise<ProvisionedPool> {
  try {
    return await provisionPool(request, clients, (step) => tellStep(step, terminal));
  } catch (error) {
    if (!(error instanceof PoolError) || error.resources.length === 0) throw error;
    const prefix = request.roleNamePrefix === undefined ? '' : ` --role-prefix ${request.roleNamePrefix}`;
    const [pool] = error.resources.filter(({ kind }) => kind === 'identity pool');
    throw new CommandError(
      [
        error.message,
        'These exist so far:',
        ...error.resources.map(({ kind, id }) => `  ${kind} ${id}`),
        'To continue, repeat the command: it adopts them.',
        ...(pool === undefined
          ? []
          : [`To remove them: cognito-graphql pool delete --pool-id ${pool.id}${prefix}`]),
      ].join('\n'),
    );
  }
}

function tellStep({ what, result, id }: ProvisionStep, terminal: Terminal): void {
  const colour = result === 'unchanged' ? 'dim' : 'green';
  tell(terminal, `${styled(terminal, terminal.stderr, colour, result.padEnd(9))} ${what} ${id}`);
}

function tellPlan(plan: PoolPlan, terminal: Terminal): void {
  const { identityPoolId } = plan;
  tell(terminal, styled(terminal, terminal.stderr, 'bold', 'Plan'));
  tell(
    terminal,
    identityPoolId === undefined
      ? `  make identity pool "${plan.poolName}" with developer provider ${plan.developerProviderName}`
      : `  keep identity pool ${identityPoolId} ("${plan.poolName}") with developer provider ${plan.developerProviderName}`,
  );
  for (const role of plan.roles) {
    tell(terminal, `  ${role.exists ? 'keep' : 'make'} role ${role.roleName}`);
    tell(terminal, `    trust policy ${JSON.stringify(role.trustPolicy)}`);
    if (role.permissions !== undefined) tell(terminal, `    permissions ${JSON.stringify(role.permissions)}`);
  }
  tell(terminal, '  give the pool these roles');
}
