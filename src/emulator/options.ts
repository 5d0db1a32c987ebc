import { type Clock, systemClock } from '../lib/clock.ts';
import type { Choices } from './choices.ts';
import { defaultChoices } from './choices.ts';
import type { OpenIdProviderSettings } from './publicLogins.ts';
import type { SeedDocument } from './seed.ts';
import { checkRates, publishedRates } from './throttles.ts';

export interface EmulatorOptions {
  /** Account of everything here; 12 digits. Default `000000000000`. */
  readonly accountId?: string;
  /** Permanent keys that may sign. Default `test` with secret `test`. */
  readonly accessKeys?: readonly { readonly accessKeyId: string; readonly secretAccessKey: string }[];
  /** Region for key ids and for pools made on first sight. Calls carry their own. Default `us-east-1`. */
  readonly region?: string;
  /**
   * `iss` of the tokens. Default: that of the Region's partition, as on AWS (`https://cognito-identity.amazonaws.com`). `self`:
   * the address bound, so that libraries which discover an issuer find this one.
   */
  readonly issuer?: string;
  /** Base of the emulator's clock. Default: the system's. */
  readonly clock?: Clock;
  /** Accept what looser emulators accept: see `lenientDifferences`. Default false. */
  readonly lenient?: boolean;
  /** Keep everything in this directory, durably. Default: in memory, and nothing is left behind. */
  readonly dataDirectory?: string;
  /** Pools, identities and roles to start with: the document, or the path of a JSON file with it. Default: none. */
  readonly seed?: SeedDocument | string;
  /**
   * Whether signatures are compared. Unsigned calls to operations that need a signature are refused in any case, as on AWS.
   * Default true.
   */
  readonly verifySignatures?: boolean;
  /** Behind a proxy that rewrites Host: check signatures against `X-Forwarded-Host` when it is there. Default false. */
  readonly trustForwardedHost?: boolean;
  /** Calls per second by operation, or `published` for AWS's published rates. Default: none. */
  readonly throttles?: 'published' | Readonly<Record<string, number>>;
  /** Serve faults, clock, log and reset under `/_control/`. Default true. */
  readonly control?: boolean;
  /** Whether the published `n` starts with a zero byte, as on AWS. Chromium's WebCrypto refuses such a key. Default true. */
  readonly leadingZeroInModulus?: boolean;
  /** Where public OpenID providers are that are not at `https://<provider name>`. */
  readonly openIdProviders?: Readonly<Record<string, OpenIdProviderSettings>>;
  /** Opaque public tokens by provider name: an expression whose first group is the user's id there. */
  readonly opaqueTokens?: Readonly<Record<string, string>>;
  /** Behaviour that is not known of AWS and can be chosen. */
  readonly choices?: Partial<Choices>;
}

export type ResolvedOptions = Required<
  Omit<EmulatorOptions, 'issuer' | 'dataDirectory' | 'seed' | 'throttles' | 'choices'>
> & {
  readonly issuer: string | undefined;
  readonly dataDirectory: string | undefined;
  readonly seed: SeedDocument | string | undefined;
  readonly throttles: Readonly<Record<string, number>>;
  readonly choices: Choices;
};

/** @throws RangeError when an option is out of range. */
export function resolveOptions(options: EmulatorOptions): ResolvedOptions {
  const resolved: ResolvedOptions = {
    accountId: options.accountId ?? '000000000000',
    accessKeys: options.accessKeys ?? [{ accessKeyId: 'test', secretAccessKey: 'test' }],
    region: options.region ?? 'us-east-1',
    issuer: options.issuer,
    clock: options.clock ?? systemClock,
    lenient: options.lenient ?? false,
    dataDirectory: options.dataDirectory,
    seed: options.seed,
    verifySignatures: options.verifySignatures ?? true,
    trustForwardedHost: options.trustForwardedHost ?? false,
    throttles: options.throttles === 'published' ? publishedRates : (options.throttles ?? {}),
    control: options.control ?? true,
    leadingZeroInModulus: options.leadingZeroInModulus ?? true,
    openIdProviders: options.openIdProviders ?? {},
    opaqueTokens: options.opaqueTokens ?? {},
    choices: { ...defaultChoices, ...options.choices },
  };
  if (!/^\d{12}$/.test(resolved.accountId)) throw new RangeError('accountId must have 12 digits.');
  if (!/^[a-z]{2}(-[a-z]+)+-\d+$/.test(resolved.region))
    throw new RangeError('region must be the name of a Region.');
  for (const { accessKeyId, secretAccessKey } of resolved.accessKeys) {
    if (!/^\w+$/.test(accessKeyId) || secretAccessKey === '') {
      throw new RangeError('An access key needs an id of letters and digits, and a secret.');
    }
  }
  checkRates(resolved.throttles);
  for (const [provider, rule] of Object.entries(resolved.opaqueTokens)) {
    if (groupsOf(rule) === 0) {
      throw new RangeError(
        `The rule for tokens of ${provider} must be a regular expression with a group that names the user.`,
      );
    }
  }
  for (const [provider, { issuer, jwksUri }] of Object.entries(resolved.openIdProviders)) {
    for (const address of [issuer, jwksUri]) {
      if (address !== undefined && !(URL.canParse(address) && /^https?:/.test(address))) {
        throw new RangeError(`The addresses of ${provider} must begin with http:// or https://.`);
      }
    }
  }
  return resolved;
}

/** How many groups an expression has; 0 also where it is none. */
function groupsOf(rule: string): number {
  try {
    // With the empty alternative it matches, and so tells its groups.
    return (new RegExp(`(?:${rule})|`).exec('')?.length ?? 1) - 1;
  } catch {
    return 0;
  }
}
