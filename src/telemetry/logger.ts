import { type LoggerOptions, pino } from 'pino';

/** What is used of a logger, in pino's form. */
export interface Logger {
  debug(fields: object, message: string): void;
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
}

/** Members that are never written, whatever object they come in. */
const secretMembers = [
  'authorization',
  'cookie',
  'token',
  'openIdToken',
  'guestOpenIdToken',
  'secretAccessKey',
  'sessionToken',
  'Token',
  'SecretKey',
  'SessionToken',
  'Logins',
];

/** One JSON object a line on stdout. Errors are written as type, message and stack, without the members they carry. */
export function createLogger(level: string, destination?: { write(line: string): void }): Logger {
  const options: LoggerOptions = {
    level,
    base: null,
    timestamp: pino.stdTimeFunctions.isoTime,
    formatters: { level: (label) => ({ level: label }) },
    redact: { paths: secretMembers.flatMap((name) => [name, `*.${name}`]), censor: '[secret]' },
    serializers: { err: describeError },
  };
  return destination === undefined ? pino(options) : pino(options, destination);
}

/** SDK errors hang request and response on themselves, so nothing but the known members is taken, causes included. */
function describeError(error: unknown, depth = 0): unknown {
  if (!(error instanceof Error)) return { type: typeof error };
  const { name, message, stack, cause } = error;
  return {
    type: name,
    message,
    stack,
    ...(cause === undefined || depth > 3 ? {} : { cause: describeError(cause, depth + 1) }),
  };
}
