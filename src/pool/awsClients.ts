import { CognitoIdentityClient } from '@aws-sdk/client-cognito-identity';
import { IAMClient } from '@aws-sdk/client-iam';
import { GetCallerIdentityCommand, STSClient } from '@aws-sdk/client-sts';
import { awsSentence, PoolError } from './poolErrors.ts';

/** The three services that a pool and its roles live in. */
export interface PoolClients {
  readonly cognito: CognitoIdentityClient;
  readonly iam: IAMClient;
  readonly sts: STSClient;
}

export interface PoolClientOptions {
  readonly region?: string;
  /** Named profile of the shared AWS configuration. */
  readonly profile?: string;
  /** Addresses in place of AWS's own; the embedded Cognito answers all three on one. Left out: the SDK's. */
  readonly endpoints?: {
    readonly cognitoIdentity?: string;
    readonly sts?: string;
    readonly iam?: string;
  };
  /** Left out: the SDK's usual search (environment, profile, single sign-on, instance role). */
  readonly credentials?: { readonly accessKeyId: string; readonly secretAccessKey: string };
}

/** Clients that find account and Region as every AWS tool does. Close them with `destroyClients`. */
export function createPoolClients({ endpoints = {}, ...common }: PoolClientOptions): PoolClients {
  const at = (endpoint: string | undefined) => (endpoint === undefined ? common : { ...common, endpoint });
  return {
    cognito: new CognitoIdentityClient(at(endpoints.cognitoIdentity)),
    iam: new IAMClient(at(endpoints.iam)),
    sts: new STSClient(at(endpoints.sts)),
  };
}

export function destroyClients({ cognito, iam, sts }: PoolClients): void {
  cognito.destroy();
  iam.destroy();
  sts.destroy();
}

/** Where commands act: shown before anything is done. */
export interface Whereabouts {
  readonly accountId: string;
  readonly region: string;
  /** First two parts of ARNs there: `arn:aws`, `arn:aws-cn`, `arn:aws-us-gov`. */
  readonly partition: string;
  /** ARN of the caller. */
  readonly caller: string;
}

/**
 * GetCallerIdentity, which needs no permission.
 *
 * @throws PoolError
 */
export async function whereabouts({
  cognito,
  sts,
}: Pick<PoolClients, 'cognito' | 'sts'>): Promise<Whereabouts> {
  try {
    const region = await cognito.config.region();
    const { Account = '', Arn = '' } = await sts.send(new GetCallerIdentityCommand({}));
    return { accountId: Account, region, partition: Arn.split(':')[1] ?? '', caller: Arn };
  } catch (error) {
    throw new PoolError(awsSentence('sts:GetCallerIdentity', error), { cause: error });
  }
}
