import { randomUUID } from 'node:crypto';
import { type AwsGatewayOptions, createAwsCognitoGateway } from '../cognito/awsGateway.ts';
import { createGuestProofVerifier } from '../cognito/guestProof.ts';
import type { CognitoConfig, Config } from '../config/config.ts';
import type { Clock } from '../lib/clock.ts';
import { partitionOf, regionOfId } from '../lib/partition.ts';
import type { Surroundings } from './surroundings.ts';

/** Everything that comes with an identity pool, on AWS or embedded. From here on nobody knows which. */
export type Pool = ReturnType<typeof reachPool>;

/** A pool behind an address. Throws `TypeError` for an impossible pool id, provider name or time limit. */
export function reachPool(target: AwsGatewayOptions, limits: CallLimits, clock: Clock) {
  const gateway = createAwsCognitoGateway({
    maxSockets: callsUnderWay(limits),
    // The resilient gateway, behind which it is used, limits each attempt.
    requestTimeoutMs: Number.POSITIVE_INFINITY,
    ...target,
  });
  const { identityPoolId, developerProviderName, region = regionOfId(identityPoolId) ?? '' } = target;
  const partition = partitionOf(region);
  return {
    identityPoolId,
    developerProviderName,
    region,
    loginsKey: target.loginsKey ?? partition.loginsKey,
    gateway,
    guestProof: createGuestProofVerifier({
      issuer: partition.issuer,
      jwksUri: new URL('/.well-known/jwks_uri', target.endpoint ?? partition.issuer),
      identityPoolId,
      clock,
    }),
  };
}

/** The pool that the configuration names, or the one of an embedded Cognito that is started here. */
export async function connectPool({ cognito, tokens, limits }: Config, { clock, closers }: Surroundings) {
  const target =
    cognito.mode === 'aws'
      ? awsTarget(cognito)
      : await startEmbeddedCognito(cognito, {
          clock,
          closers,
          withTags: Object.keys(tokens.principalTags).length > 0,
        });
  const { cognitoUrl, ...reached } = target;
  return { ...reachPool(reached, limits, clock), cognitoUrl };
}

type CallLimits = Pick<Config['limits'], 'cognitoRequestsPerSecond'>;

/** Calls at Cognito at a time: room for a second's worth of the budget, so that a slow Cognito does not cost any of it. */
export const callsUnderWay = ({ cognitoRequestsPerSecond }: CallLimits) =>
  Math.max(50, Math.ceil(cognitoRequestsPerSecond));

interface PoolTarget {
  readonly identityPoolId: string;
  readonly developerProviderName: string;
  readonly region: string;
  readonly endpoint?: string;
  readonly credentials?: { readonly accessKeyId: string; readonly secretAccessKey: string };
  readonly cognitoUrl?: string;
}

function awsTarget({
  endpoints,
  identityPoolId,
  developerProviderName,
  region,
}: Extract<CognitoConfig, { mode: 'aws' }>): PoolTarget {
  const { cognitoIdentity: endpoint } = endpoints;
  return { identityPoolId, developerProviderName, region, ...(endpoint === undefined ? {} : { endpoint }) };
}

/** Starts a Cognito in this process, with the pool and the roles in it that `pool create` would make on AWS. */
async function startEmbeddedCognito(
  { port, region, developerProviderName }: Extract<CognitoConfig, { mode: 'embedded' }>,
  { clock, closers, withTags }: Pick<Surroundings, 'clock' | 'closers'> & { readonly withTags: boolean },
): Promise<PoolTarget> {
  const [{ createEmulator }, { poolSetup }, { seedOf }] = await Promise.all([
    import('../emulator/index.ts'),
    import('../pool/poolSetup.ts'),
    import('../pool/poolSeed.ts'),
  ]);
  const setup = poolSetup({
    region,
    poolName: 'cognito-graphql',
    developerProviderName,
    allowGuests: true,
    allowClassicFlow: true,
    withTags,
  });
  const identityPoolId = `${region}:${randomUUID()}`;
  const emulator = createEmulator({ region, clock, seed: seedOf(setup, identityPoolId) });
  const { url } = await emulator.listen(port, '127.0.0.1');
  closers.push(() => emulator.close());
  const credentials = { accessKeyId: 'test', secretAccessKey: 'test' };
  return { identityPoolId, developerProviderName, region, endpoint: url, credentials, cognitoUrl: url };
}
