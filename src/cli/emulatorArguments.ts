import type { EmulatorOptions } from '../emulator/index.ts';
import { UsageError } from './failure.ts';

// Arguments of `emulate` that stand for more than one value.

/** `id:secret`. */
export function parseAccessKey(text: string) {
  const match = /^(\w{1,128}):(\S+)$/.exec(text);
  if (match === null)
    throw new UsageError('--access-key must be an id of letters and digits, a colon and a secret.');
  return { accessKeyId: match[1] ?? '', secretAccessKey: match[2] ?? '' };
}

const choosable: Readonly<Record<string, readonly (string | boolean)[]>> = {
  unknownDeveloperUser: ['NotAuthorizedException', 'ResourceNotFoundException'],
  roleMappingsRefuseDeveloperCalls: [true, false],
};

/** `name=value,…`. */
export function parseChoices(text: string): NonNullable<EmulatorOptions['choices']> {
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

/** `published`, or `Operation=rate,…`. */
export function parseThrottles(text: string): NonNullable<EmulatorOptions['throttles']> {
  if (text === 'published') return 'published';
  const entries = text.split(',').map((item) => {
    const match = /^(\w+)=(\d+(?:\.\d+)?)$/.exec(item);
    if (match === null) {
      throw new UsageError('--throttles must be published, or calls per second as Operation=rate,….');
    }
    return [match[1], Number(match[2])] as const;
  });
  return Object.fromEntries(entries);
}

/** `provider=expression`, each. */
export function parseOpaqueTokens(rules: readonly string[]): NonNullable<EmulatorOptions['opaqueTokens']> {
  const entries = rules.map((text) => {
    const [provider, rule] = splitOnce(text);
    if (provider === '' || !rule) {
      throw new UsageError('--opaque-token must be a provider, = and a regular expression.');
    }
    return [provider, rule] as const;
  });
  return Object.fromEntries(entries);
}

/** `name=issuer,jwks=URL,client=ID`, each; what is left out is as on AWS. */
export function parseOpenIdProviders(
  providers: readonly string[],
): NonNullable<EmulatorOptions['openIdProviders']> {
  return Object.fromEntries(providers.map(parseOpenIdProvider));
}

function parseOpenIdProvider(text: string) {
  const [first = '', ...rest] = text.split(',');
  const [name, issuer] = splitOnce(first);
  const parts = rest.map(splitOnce);
  const wrong = parts.some(([key, value]) => !['jwks', 'client'].includes(key) || !value);
  if (name === '' || issuer === '' || wrong || (issuer === undefined && parts.length === 0)) {
    throw new UsageError(
      '--openid-provider must be name=issuer, with ,jwks=URL and ,client=ID where they are needed.',
    );
  }
  const jwksUri = parts.find(([key]) => key === 'jwks')?.[1];
  const clientIds = parts.flatMap(([key, value]) => (key === 'client' && value ? [value] : []));
  return [
    name,
    {
      ...(issuer === undefined ? {} : { issuer }),
      ...(jwksUri === undefined ? {} : { jwksUri }),
      ...(clientIds.length === 0 ? {} : { clientIds }),
    },
  ] as const;
}

/** Before and after the first `=`; undefined where there is none. */
function splitOnce(text: string): readonly [string, string | undefined] {
  const equals = text.indexOf('=');
  return equals < 0 ? [text, undefined] : [text.slice(0, equals), text.slice(equals + 1)];
}
