import type { CognitoGateway } from '../../../src/cognito/gateway.ts';
import type { Fault } from '../../../src/emulator/index.ts';
import type { ErrorCode } from '../../../src/errors.ts';

export type Operation = keyof CognitoGateway;

/** What AWS or a proxy in between may write, with things in it that no client may see. */
export const upstreamWords = 'leaked-words about somebody at 10.1.2.3';
const identity = 'us-east-1:aaaaaaaa-2222-4333-8444-555555555555';
const isoDate = '2026-11-25T10:15:30Z';

/** Operations whose answers hold a date, with one that AWS would never write: it sends seconds since the epoch. */
const isoAnswers: Partial<Readonly<Record<Operation, unknown>>> = {
  exchangeOpenIdToken: {
    IdentityId: identity,
    Credentials: { AccessKeyId: 'ASIA', SecretKey: 'secret', SessionToken: 'token', Expiration: isoDate },
  },
  describeIdentity: { IdentityId: identity, CreationDate: isoDate, LastModifiedDate: isoDate },
  listIdentities: {
    Identities: [{ IdentityId: identity, CreationDate: isoDate, LastModifiedDate: isoDate }],
  },
};

export type Outcome = 'OK' | ErrorCode;

export interface FaultCase {
  /** Completes "a Cognito that …". */
  readonly name: string;
  /** What Cognito does; left out where its name cannot be resolved. */
  readonly fault?: (operation: Operation) => Omit<Fault, 'operation'>;
  readonly outcome: (operation: Operation) => Outcome | readonly Outcome[];
  /** Default: three for what is safe to repeat, one for changes. */
  readonly attempts?: (operation: Operation) => number;
  /** Default: all. */
  readonly only?: readonly Operation[];
}

const error = (name: string, message: string, status?: number) => () => ({
  error: { name, message },
  ...(status !== undefined && { status }),
});
const always = (outcome: Outcome) => () => outcome;
const times = (count: number) => () => count;
/** The SDK learns the time from the refusal. An exchange needs no signature, and a merge comes after a look-up. */
const onceMoreWhereSigned = (operation: Operation) =>
  operation === 'exchangeOpenIdToken' || operation === 'mergeDeveloperIdentities' ? 1 : 2;

export const faultCases: readonly FaultCase[] = [
  {
    name: 'throttles',
    fault: error('TooManyRequestsException', upstreamWords),
    outcome: always('UPSTREAM_THROTTLED'),
    // It was not executed, whatever it is.
    attempts: times(3),
  },
  {
    name: 'has an internal error',
    fault: error('InternalErrorException', upstreamWords, 500),
    outcome: always('UPSTREAM_UNAVAILABLE'),
  },
  {
    name: 'does not authorize the call',
    fault: error('NotAuthorizedException', upstreamWords),
    outcome: always('UPSTREAM_FORBIDDEN'),
    attempts: times(1),
  },
  {
    name: 'sees a conflict',
    fault: error('ResourceConflictException', upstreamWords),
    outcome: always('CONFLICT'),
    // Two first calls of one user at the same moment.
    attempts: (operation) => (operation === 'issueOpenIdToken' ? 3 : 1),
  },
  {
    name: 'is not there behind its proxy (503)',
    fault: () => ({ body: `<html>${upstreamWords}</html>`, status: 503 }),
    outcome: always('UPSTREAM_UNAVAILABLE'),
  },
  { name: 'resets the connection', fault: () => ({ reset: true }), outcome: always('UPSTREAM_UNAVAILABLE') },
  { name: 'hangs', fault: () => ({ hang: true }), outcome: always('UPSTREAM_UNAVAILABLE') },
  {
    name: 'stops in the middle of its answer',
    fault: () => ({ interrupt: 'stall' }),
    // Where there is no body, nothing is missing.
    outcome: (operation) => (operation === 'unlinkDeveloperIdentity' ? 'OK' : 'UPSTREAM_UNAVAILABLE'),
  },
  {
    name: 'cuts its answer off',
    fault: () => ({ interrupt: 'close' }),
    // Whether the SDK meets the end of the connection or that of the text first, is up to the network.
    outcome: (operation) =>
      operation === 'unlinkDeveloperIdentity' ? 'OK' : ['UPSTREAM_INVALID_RESPONSE', 'UPSTREAM_UNAVAILABLE'],
  },
  {
    name: 'answers what is no JSON',
    fault: () => ({ body: `{"IdentityId":"${upstreamWords}`, status: 200 }),
    outcome: always('UPSTREAM_INVALID_RESPONSE'),
  },
  {
    name: 'answers nothing with status 200',
    fault: () => ({ body: '', status: 200 }),
    // The answer to an unlink is empty on AWS, too.
    outcome: (operation) => (operation === 'unlinkDeveloperIdentity' ? 'OK' : 'UPSTREAM_INVALID_RESPONSE'),
  },
  {
    name: 'writes dates in ISO 8601',
    fault: (operation) => ({ body: JSON.stringify(isoAnswers[operation]), status: 200 }),
    outcome: always('UPSTREAM_INVALID_RESPONSE'),
    only: Object.keys(isoAnswers) as Operation[],
  },
  {
    name: 'cannot be found by its name',
    outcome: always('UPSTREAM_UNAVAILABLE'),
    attempts: times(3),
  },
  {
    name: 'finds the credentials of the server expired',
    fault: error('ExpiredTokenException', upstreamWords),
    outcome: always('UPSTREAM_MISCONFIGURED'),
    attempts: times(1),
  },
  {
    name: 'has a clock that is an hour ahead',
    fault: () => ({ clockOffsetMs: 3_600_000 }),
    outcome: always('OK'),
    attempts: onceMoreWhereSigned,
  },
  {
    name: 'has a clock that is an hour behind',
    fault: () => ({ clockOffsetMs: -3_600_000 }),
    outcome: always('OK'),
    attempts: onceMoreWhereSigned,
  },
];
