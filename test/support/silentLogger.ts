import type { Logger } from '../../src/telemetry/logger.ts';

const nothing = () => undefined;

export const silentLogger: Logger = { debug: nothing, info: nothing, warn: nothing, error: nothing };
