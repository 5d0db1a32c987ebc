import type { Clock } from '../lib/clock.ts';
import type { Logger } from '../telemetry/logger.ts';

/** How to close what was started; what is pushed last is closed first. */
export type Closers = (() => Promise<void> | void)[];

/** What every part of the composition needs. */
export interface Surroundings {
  readonly clock: Clock;
  readonly logger: Logger;
  readonly closers: Closers;
  /** Whether the service has an address of its own. */
  readonly listening: boolean;
}
