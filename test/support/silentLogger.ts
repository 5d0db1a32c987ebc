import { createLogger } from '../../src/telemetry/logger.ts';
import { keepWritten } from './writtenLogs.ts';

/** The product's own logger, at its most talkative. Nobody sees what it writes, but it is searched for secrets. */
export const silentLogger = createLogger('trace', { write: keepWritten });
