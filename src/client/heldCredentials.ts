import type { AwsKeys } from './cognito.ts';
import type { ClientEnvironment } from './environment.ts';
import { CognitoGraphQLError } from './errors.ts';
import { claimsOf } from './loginToken.ts';

/** Credentials of one user together with the identity they are for. Times are milliseconds since the epoch on the local clock. */
export interface HeldCredentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken: string;
  readonly expiresAt: number;
  readonly fetchedAt: number;
  readonly identityId: string;
  readonly identityPoolId: string;
  readonly region: string;
}

/** A clock that differs by less than this is taken as right: `Date` has whole seconds, and answers travel. */
const toleranceMs = 30_000;
/** Credentials of the enhanced flow live this long, and never longer. */
const longestLifeMs = 3_600_000;

/**
 * When credentials expire, told in the time of the local clock, since that is what the AWS SDK and we compare it with: on a
 * device that is three hours ahead, credentials for one hour expire in one hour, which its clock will call "in four hours".
 *
 * The difference between the clocks is read from the `Date` header, which AWS lets browsers read and our API does on the same
 * origin. Without it the tokens bound it: an answer was not made before the `iat` of its OpenID token, nor more than an hour
 * before its credentials expire, nor after either has expired. A local clock within these bounds is believed; one outside is
 * taken to stand at the earliest possible moment.
 */
export function localExpiration(
  answer: { readonly expiration: number; readonly skew: number | undefined; readonly openIdToken?: string },
  now: number,
): number {
  const { expiration } = answer;
  let skew = answer.skew;
  if (skew === undefined) {
    const { iat, exp } = claimsOf(answer.openIdToken ?? '');
    const earliest = Math.max(Number(iat ?? 0) * 1000, expiration - longestLifeMs);
    const latest = Math.min(Number(exp ?? Number.POSITIVE_INFINITY) * 1000, expiration);
    skew = now < earliest - toleranceMs || now >= latest ? earliest - now : 0;
  }
  return Math.abs(skew) < toleranceMs ? expiration : expiration - skew;
}

/** Puts an answer into the form that is held, and refuses one that the SDK would misunderstand as "never expires". */
export function holdCredentials(
  environment: ClientEnvironment,
  keys: Partial<AwsKeys>,
  origin: Pick<HeldCredentials, 'identityId' | 'identityPoolId' | 'region'> & {
    readonly skew: number | undefined;
    readonly openIdToken?: string;
  },
): HeldCredentials {
  const { skew, openIdToken, ...identity } = origin;
  const now = environment.now();
  const expiration = keys.expiration ?? Number.NaN;
  const expiresAt = localExpiration({ expiration, skew, ...(openIdToken && { openIdToken }) }, now);
  const held = heldFrom({ ...identity, ...keys, expiresAt, fetchedAt: now });
  if (!held || expiresAt <= now) {
    throw new CognitoGraphQLError(
      'INVALID_ANSWER',
      'The answer holds no usable AWS credentials: one of the keys or the expiry is missing, unreadable or past.',
    );
  }
  return held;
}

/** The value as held credentials, when it is that; for what comes from a store or a server. */
export function heldFrom(value: unknown): HeldCredentials | undefined {
  const from = value as HeldCredentials;
  const { accessKeyId, secretAccessKey, sessionToken, identityId, identityPoolId, region } = from;
  const texts = { accessKeyId, secretAccessKey, sessionToken, identityId, identityPoolId, region };
  const { expiresAt, fetchedAt } = from;
  const complete =
    Object.values(texts).every((text) => text && typeof text === 'string') &&
    [expiresAt, fetchedAt].every(Number.isFinite);
  return complete ? { ...texts, expiresAt, fetchedAt } : undefined;
}

/**
 * When to fetch the next ones: `aheadMs` before they expire and up to `jitterMs` earlier, so that tabs that were opened together
 * do not refresh together; for short-lived credentials at most three quarters of their life ahead.
 */
export function refreshTime(
  held: HeldCredentials,
  options: { readonly aheadMs: number; readonly jitterMs: number; readonly random: number },
): number {
  const life = held.expiresAt - held.fetchedAt;
  const ahead = Math.min(options.aheadMs, life / 2) + options.random * Math.min(options.jitterMs, life / 4);
  return held.expiresAt - ahead;
}
