import { type Clock, systemClock } from '../lib/clock.ts';
import { destroyClients } from '../pool/awsClients.ts';
import { createPacer, type Pacer } from '../pool/pacer.ts';
import type { IdentitySelection } from '../pool/selectIdentities.ts';
import { type AwsContext, awsContext, poolIdOf } from './awsContext.ts';
import type { AwsOptions } from './options.ts';
import type { Terminal } from './terminal.ts';

export interface SelectionOptions extends AwsOptions {
  readonly poolId?: string;
  readonly disabled?: boolean;
  /** Milliseconds. */
  readonly olderThan?: number;
  readonly rate: number;
}

export interface SelectionContext extends AwsContext {
  readonly selection: IdentitySelection;
  readonly pacer: Pacer;
}

/** Runs a command on the identities that its options select. */
export async function withSelection(
  options: SelectionOptions,
  terminal: Terminal,
  use: (context: SelectionContext) => Promise<void>,
  clock: Clock = systemClock,
): Promise<void> {
  const identityPoolId = poolIdOf(options, terminal);
  const context = await awsContext({ ...options, poolId: identityPoolId }, terminal);
  const startedAt = clock.now();
  try {
    await use({
      ...context,
      pacer: createPacer({ callsPerSecond: options.rate }),
      selection: {
        identityPoolId,
        disabledOnly: options.disabled ?? false,
        startedAt,
        ...(options.olderThan === undefined ? {} : { modifiedBefore: startedAt - options.olderThan }),
      },
    });
  } finally {
    destroyClients(context.clients);
  }
}
