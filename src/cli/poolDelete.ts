import { destroyClients, type PoolClients } from '../pool/awsClients.ts';
import { type PoolRemoval, planRemoval, removePool } from '../pool/deletePool.ts';
import { awsContext, poolIdOf, tellWhereabouts } from './awsContext.ts';
import { CommandError, UsageError } from './failure.ts';
import type { AwsOptions } from './options.ts';
import { printJson, type Terminal, tell } from './terminal.ts';

export interface PoolDeleteOptions extends AwsOptions {
  readonly poolId?: string;
  readonly confirm?: string;
  readonly rolePrefix?: string;
  readonly withIdentities?: boolean;
  readonly json?: boolean;
}

/** Deletes a pool and the roles that were made for it, once somebody has typed its name. */
export async function poolDelete(options: PoolDeleteOptions, terminal: Terminal): Promise<void> {
  const identityPoolId = poolIdOf(options, terminal);
  const context = await awsContext({ ...options, poolId: identityPoolId }, terminal);
  try {
    await tellWhereabouts(context, terminal);
    await deleteWith(context.clients, identityPoolId, options, terminal);
  } finally {
    destroyClients(context.clients);
  }
}

async function deleteWith(
  clients: PoolClients,
  identityPoolId: string,
  options: PoolDeleteOptions,
  terminal: Terminal,
): Promise<void> {
  const removal = await planRemoval(identityPoolId, clients, options.rolePrefix);
  tell(terminal, `This deletes identity pool ${identityPoolId} ("${removal.poolName}")`);
  for (const roleName of removal.roleNames) tell(terminal, `  and role ${roleName}, which was made for it`);
  for (const arn of removal.keptRoleArns) tell(terminal, `  and keeps ${arn}, which was not`);
  if (removal.hasIdentities && options.withIdentities !== true) {
    throw new CommandError(
      'The pool has identities, whose users would be new ones in any other pool. Use --with-identities to delete them, too.',
    );
  }
  await confirm(removal, options.confirm, terminal);
  const removed: string[] = [];
  await removePool(removal, clients, (what) => {
    removed.push(what);
    tell(terminal, `deleted   ${what}`);
  });
  if (options.json) printJson(terminal, { identityPoolId, removed, kept: removal.keptRoleArns });
}

async function confirm(
  { poolName }: PoolRemoval,
  given: string | undefined,
  terminal: Terminal,
): Promise<void> {
  const typed = given ?? (await terminal.ask(`Type the pool's name to delete it: `));
  if (typed === undefined) {
    throw new UsageError(`Nobody can be asked here. Use --confirm with the pool's name.`);
  }
  if (typed !== poolName)
    throw new UsageError(`That is not the pool's name, ${poolName}. Nothing was deleted.`);
}
