import { destroyClients } from '../pool/awsClients.ts';
import { awsContext, poolIdOf, tellWhereabouts } from './awsContext.ts';
import { CommandError } from './failure.ts';
import type { AwsOptions } from './options.ts';
import { printJson, type Terminal } from './terminal.ts';
import { tellChecks, verifyWithProgress } from './verification.ts';

export interface PoolVerifyOptions extends AwsOptions {
  readonly poolId?: string;
  readonly developerProvider?: string;
  readonly withTags?: boolean;
  readonly serverRole?: string;
  readonly trustPrincipal?: string;
  readonly timeout: number;
  readonly json?: boolean;
}

/** Proves that users of a pool get credentials; exit 1 with a list of what to change when they do not. */
export async function poolVerify(options: PoolVerifyOptions, terminal: Terminal): Promise<void> {
  const { env } = terminal;
  const identityPoolId = poolIdOf(options, terminal);
  const context = await awsContext({ ...options, poolId: identityPoolId }, terminal);
  try {
    await tellWhereabouts(context, terminal);
    const developerProviderName = options.developerProvider ?? env['COGNITO_DEVELOPER_PROVIDER_NAME'];
    const verification = await verifyWithProgress(
      {
        identityPoolId,
        withTags: options.withTags ?? (env['PRINCIPAL_TAGS'] ?? '') !== '',
        patienceMs: options.timeout * 1000,
        ...(developerProviderName === undefined ? {} : { developerProviderName }),
        ...(options.serverRole === undefined ? {} : { serverRoleArn: options.serverRole }),
        ...(options.trustPrincipal === undefined ? {} : { trustPrincipal: options.trustPrincipal }),
      },
      context.clients,
      terminal,
    );
    tellChecks(verification, terminal);
    if (options.json) printJson(terminal, verification);
    if (!verification.works) throw new CommandError('The pool needs the changes listed above.');
  } finally {
    destroyClients(context.clients);
  }
}
