import type { AwsKeys } from './cognito.ts';
import { CognitoGraphQLError } from './errors.ts';

/** Credentials of one user together with the identity they are for. Times are milliseconds since the epoch on the local clock. */
export interface HeldCredentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken: string;
  readonly expiresAt: number;
  readonly fetchedAt: number;
  readonly identityId: string;
}

/** A clock that differs by less than this is taken as right: `Date` has whole seconds, and answers travel. */
const toleranceMs = 60_000;
/** Up to how much earlier than asked for credentials are replaced. */
const jitterMs = 120_000;
/** Credentials of the enhanced flow live this long. */
const lifeMs = 3_600_000;

/**
 * When credentials expire, told in the time of the local clock, since that is what the AWS SDK and we compare it with: on a
 * device that is three hours ahead, credentials for one hour expire in one hour, which its clock will call "in four hours".
 *
 * The difference between the clocks is read from the `Date` header, which AWS lets browsers read and our API does on the same
 * origin. Without it the credentials bound it: they were not made more than an hour before they expire, nor after that. A local
 * clock within these bounds is believed; one outside is taken to stand at the beginning of their life.
 */
export function localExpiration(expiration: number, skew: number | undefined, now: number): number {
  const begin = expiration - lifeMs;
  const ahead = skew ?? (now < begin - toleranceMs || now >= expiration ? begin - now : 0);
  return Math.abs(ahead) < toleranceMs ? expiration : expiration - ahead;
}

/** Puts an answer into the form that is held, and refuses one that the SDK would misunderstand as "never expires". */
export function holdCredentials(
  answer: Partial<AwsKeys> & Pick<HeldCredentials, 'identityId'>,
  skew: number | undefined,
  now: number,
): HeldCredentials {
  const held = {
    ...answer,
    expiresAt: localExpiration(Number(answer.expiration), skew, now),
    fetchedAt: now,
  };
  if (isUsable(held, now)) return held;
  throw new CognitoGraphQLError('INVALID_ANSWER', 'No usable AWS credentials.');
}

/** Whether the value, from a server or a store, is complete and has not expired. */
export function isUsable(value: Partial<HeldCredentials>, now: number): value is HeldCredentials {
  const { accessKeyId, secretAccessKey, sessionToken, identityId, expiresAt } = value;
  return !!(accessKeyId && secretAccessKey && sessionToken && identityId) && Number(expiresAt) > now;
}

/**
 * When to fetch the next ones: `aheadMs` before they expire and up to `jitterMs` earlier, so that tabs that were opened together
 * do not refresh together; for short-lived credentials at most three quarters of their life ahead.
 */
export function refreshTime(
  { expiresAt, fetchedAt }: HeldCredentials,
  aheadMs: number,
  random: number,
): number {
  const life = expiresAt - fetchedAt;
  return expiresAt - Math.min(aheadMs, life / 2) - random * Math.min(jitterMs, life / 4);
}

/** What callers get: a new object each time, as what a caller does to it stays with the caller. */
export function credentialsOf(held: HeldCredentials) {
  const { accessKeyId, secretAccessKey, sessionToken, expiresAt, identityId } = held;
  return { accessKeyId, secretAccessKey, sessionToken, expiration: new Date(expiresAt), identityId };
}
