import type { PoolClients } from '../pool/awsClients.ts';
import { type Verification, type VerifyPoolOptions, verifyPool } from '../pool/verifyPool.ts';
import { type Style, styled, type Terminal, tell } from './terminal.ts';

/** Verifies a pool and shows how long IAM is being waited for. */
export function verifyWithProgress(
  options: VerifyPoolOptions,
  clients: PoolClients,
  terminal: Terminal,
): Promise<Verification> {
  tell(terminal, 'Verifying with a probe user …');
  return verifyPool(options, clients, {
    onWait: (waited, patience) =>
      tell(
        terminal,
        `  the role is not usable yet, as is usual with new ones: waited ${waited / 1000} of ${patience / 1000} s`,
      ),
  });
}

const styles: Record<Verification['checks'][number]['result'], Style> = {
  good: 'green',
  warning: 'yellow',
  problem: 'red',
};

/** Every finding, problems first, each with what to change. */
export function tellChecks({ checks, works }: Verification, terminal: Terminal): void {
  for (const { result, finding, change } of checks) {
    tell(terminal, `${styled(terminal, terminal.stderr, styles[result], result.padEnd(7))} ${finding}`);
    if (change !== undefined) tell(terminal, `        ${change}`);
  }
  tell(terminal, works ? 'The pool works.' : 'The pool does not work yet.');
}
