import type { EmulatorOptions } from '../emulator/index.ts';
import { CommandError, UsageError } from './failure.ts';
import { type Terminal, tell } from './terminal.ts';

export interface EmulateOptions {
  readonly port: number;
  readonly host: string;
  readonly data?: string;
  readonly accessKey: readonly string[];
  readonly account: string;
  readonly issuer?: string;
  readonly lenient?: boolean;
  readonly choices?: string | true;
  readonly seed?: string;
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
  const { accessKey, account, issuer, lenient, choices, data, seed } = options;
  if (issuer !== undefined && issuer !== 'self' && !/^https?:\/\//.test(issuer)) {
    throw new UsageError('--issuer must be self or an address that begins with http:// or https://.');
  }
  return {
    accountId: account,
    ...(accessKey.length === 0 ? {} : { accessKeys: accessKey.map(parseAccessKey) }),
    ...(issuer === undefined ? {} : { issuer }),
    lenient: lenient ?? false,
    ...(typeof choices === 'string' ? { choices: parseChoices(choices) } : {}),
    ...(data === undefined ? {} : { dataDirectory: data }),
    ...(seed === undefined ? {} : { seed }),
  };
}

function parseAccessKey(text: string) {
  const match = /^(\w{1,128}):(\S+)$/.exec(text);
  if (match === null)
    throw new UsageError('--access-key must be an id of letters and digits, a colon and a secret.');
  return { accessKeyId: match[1] ?? '', secretAccessKey: match[2] ?? '' };
}

const choosable: Readonly<Record<string, readonly (string | boolean)[]>> = {
  unknownDeveloperUser: ['NotAuthorizedException', 'ResourceNotFoundException'],
  roleMappingsRefuseDeveloperCalls: [true, false],
};

function parseChoices(text: string): NonNullable<EmulatorOptions['choices']> {
  const entries = text.split(',').map((item) => {
    const [name = '', value] = item.split('=');
    const chosen = choosable[name]?.find((possible) => String(possible) === value);
    if (chosen === undefined) {
      const forms = Object.entries(choosable).map(([key, values]) => `${key}=${values.join('|')}`);
      throw new UsageError(`--choices takes ${forms.join(' and ')}.`);
    }
    return [name, chosen] as const;
  });
  return Object.fromEntries(entries);
}
