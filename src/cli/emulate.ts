import type { EmulatorOptions } from '../emulator/index.ts';
import {
  parseAccessKey,
  parseChoices,
  parseOpaqueTokens,
  parseOpenIdProviders,
  parseThrottles,
} from './emulatorArguments.ts';
import { CommandError, UsageError } from './failure.ts';
import { type Terminal, tell } from './terminal.ts';

export interface EmulateOptions {
  readonly port: number;
  readonly host: string;
  readonly data?: string;
  readonly seed?: string;
  readonly account: string;
  readonly region: string;
  readonly accessKey: readonly string[];
  readonly verifySignatures: boolean;
  readonly trustForwardedHost?: boolean;
  readonly strict?: boolean;
  readonly lenient?: boolean;
  readonly choices?: string | true;
  readonly throttles?: string;
  readonly issuer?: string;
  readonly leadingZero: boolean;
  readonly openidProvider: readonly string[];
  readonly opaqueToken: readonly string[];
  readonly control: boolean;
}

/** Runs the embedded Cognito alone until it is told to stop. */
export async function emulate(options: EmulateOptions, terminal: Terminal): Promise<void> {
  const { choices, createEmulator } = await import('../emulator/index.ts');
  if (options.choices === true) {
    for (const { topic, choice, reason } of choices) {
      terminal.stdout.write(`${topic}\n  ${choice}\n  Why: ${reason}\n`);
    }
    return;
  }
  const emulator = createChecked(createEmulator, emulatorOptions(options));
  const stopRequested = terminal.stopRequested();
  const { url } = await emulator.listen(options.port, options.host);
  const keys = options.accessKey.length === 0 ? 'test:test' : 'those given with --access-key';
  terminal.stdout.write(`${url}\n`);
  tell(terminal, `Embedded Cognito (cognito-identity, STS, IAM) at ${url}`);
  tell(terminal, `Account ${options.account}, access keys: ${keys}`);
  const sample = options.accessKey[0] === undefined ? 'test' : '…';
  tell(
    terminal,
    `Use it:   export AWS_ENDPOINT_URL=${url} AWS_ACCESS_KEY_ID=${sample} AWS_SECRET_ACCESS_KEY=${sample}`,
  );
  tell(
    terminal,
    options.data === undefined ? 'Everything is kept in memory only.' : `Data in ${options.data}`,
  );
  if (options.lenient) tell(terminal, 'Lenient: what passes here may be refused by AWS.');
  if (!options.verifySignatures) tell(terminal, 'Signatures are not compared: any access key may call.');
  if (options.control) tell(terminal, `Faults, clock, log and reset under ${url}/_control/`);
  await stopRequested;
  await emulator.close();
}

/** Range errors of the emulator are about its options, and so about the command line. */
function createChecked<T>(create: (options: EmulatorOptions) => T, options: EmulatorOptions): T {
  try {
    return create(options);
  } catch (error) {
    if (error instanceof RangeError) throw new UsageError(error.message);
    throw new CommandError(error instanceof Error ? error.message : 'The embedded Cognito could not start.');
  }
}

function emulatorOptions(options: EmulateOptions): EmulatorOptions {
  const { accessKey, issuer, choices, data, seed, throttles } = options;
  if (issuer !== undefined && issuer !== 'self' && !/^https?:\/\//.test(issuer)) {
    throw new UsageError('--issuer must be self or an address that begins with http:// or https://.');
  }
  return {
    accountId: options.account,
    region: options.region,
    ...(accessKey.length === 0 ? {} : { accessKeys: accessKey.map(parseAccessKey) }),
    verifySignatures: options.verifySignatures,
    trustForwardedHost: options.trustForwardedHost ?? false,
    ...(issuer === undefined ? {} : { issuer }),
    leadingZeroInModulus: options.leadingZero,
    lenient: options.lenient ?? false,
    ...(typeof choices === 'string' ? { choices: parseChoices(choices) } : {}),
    ...(throttles === undefined ? {} : { throttles: parseThrottles(throttles) }),
    openIdProviders: parseOpenIdProviders(options.openidProvider),
    opaqueTokens: parseOpaqueTokens(options.opaqueToken),
    control: options.control,
    ...(data === undefined ? {} : { dataDirectory: data }),
    ...(seed === undefined ? {} : { seed }),
  };
}
