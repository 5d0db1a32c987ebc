import { destroyClients } from '../pool/awsClients.ts';
import { reportPool } from '../pool/describePool.ts';
import { awsContext, poolIdOf, tellWhereabouts } from './awsContext.ts';
import type { AwsOptions } from './options.ts';
import { printJson, type Terminal } from './terminal.ts';

export interface PoolDescribeOptions extends AwsOptions {
  readonly poolId?: string;
  readonly json?: boolean;
}

/** Shows a pool as it is. */
export async function poolDescribe(options: PoolDescribeOptions, terminal: Terminal): Promise<void> {
  const identityPoolId = poolIdOf(options, terminal);
  const context = await awsContext({ ...options, poolId: identityPoolId }, terminal);
  try {
    const where = await tellWhereabouts(context, terminal);
    const pool = await reportPool(identityPoolId, context.clients);
    if (options.json) {
      printJson(terminal, { accountId: where.accountId, region: where.region, ...pool });
      return;
    }
    const list = (items: readonly string[]) => (items.length === 0 ? 'none' : items.join(', '));
    const lines = [
      ['pool', pool.identityPoolId],
      ['name', pool.poolName],
      ['developer provider', pool.developerProviderName ?? 'none'],
      ['guests', pool.allowsGuests ? 'allowed' : 'not allowed'],
      ['classic flow', pool.allowsClassicFlow ? 'on' : 'off'],
      ['other providers', list(pool.otherProviders)],
      ['role mappings', list(pool.roleMappings)],
      ...pool.roles.flatMap(({ key, arn, trustPolicy }) => [
        [`${key} role`, arn],
        ['  trust policy', trustPolicy === null ? 'cannot be read' : JSON.stringify(trustPolicy)],
      ]),
    ];
    for (const [name = '', value] of lines) terminal.stdout.write(`${name.padEnd(20)} ${value}\n`);
  } finally {
    destroyClients(context.clients);
  }
}
