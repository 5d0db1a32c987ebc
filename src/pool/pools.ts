import { setTimeout as delay } from 'node:timers/promises';
import {
  type CognitoIdentityClient,
  DescribeIdentityPoolCommand,
  GetIdentityPoolRolesCommand,
  type GetIdentityPoolRolesCommandOutput,
  type IdentityPool,
  ListIdentityPoolsCommand,
  UpdateIdentityPoolCommand,
} from '@aws-sdk/client-cognito-identity';
import { awsSentence, errorName, PoolError } from './poolErrors.ts';

/** Waits between attempts at a pool that somebody else is changing, before jitter. */
const collisionWaitsMs = [100, 300, 900, 2000];

/**
 * One call to AWS whose failure is told in a sentence. ConcurrentModificationException, which the SDK does not retry, is retried
 * a few times at growing intervals.
 */
export async function attempt<T>(call: string, send: () => Promise<T>): Promise<T> {
  for (let retry = 0; ; retry++) {
    try {
      return await send();
    } catch (error) {
      const wait = collisionWaitsMs[retry];
      if (errorName(error) !== 'ConcurrentModificationException' || wait === undefined) {
        throw new PoolError(awsSentence(call, error), { cause: error });
      }
      await delay(wait * jitter());
    }
  }
}

/** 0.5 to 1: two commands that collide do not stay in step. */
const jitter = () => 0.5 + (crypto.getRandomValues(new Uint8Array(1))[0] ?? 0) / 510;

/** Ids of the pools that bear a name, which need not be unique. */
export async function findPools(
  poolName: string,
  cognito: CognitoIdentityClient,
): Promise<readonly string[]> {
  const found: string[] = [];
  let NextToken: string | undefined;
  do {
    const page = await attempt('cognito-identity:ListIdentityPools', () =>
      cognito.send(
        new ListIdentityPoolsCommand({ MaxResults: 60, ...(NextToken === undefined ? {} : { NextToken }) }),
      ),
    );
    for (const { IdentityPoolId, IdentityPoolName } of page.IdentityPools ?? []) {
      if (IdentityPoolName === poolName && IdentityPoolId !== undefined) found.push(IdentityPoolId);
    }
    NextToken = page.NextToken;
  } while (NextToken !== undefined);
  return found;
}

export function describePool(identityPoolId: string, cognito: CognitoIdentityClient): Promise<IdentityPool> {
  return attempt('cognito-identity:DescribeIdentityPool', () =>
    cognito.send(new DescribeIdentityPoolCommand({ IdentityPoolId: identityPoolId })),
  );
}

export function rolesOf(
  identityPoolId: string,
  cognito: CognitoIdentityClient,
): Promise<Pick<GetIdentityPoolRolesCommandOutput, 'Roles' | 'RoleMappings'>> {
  return attempt('cognito-identity:GetIdentityPoolRoles', () =>
    cognito.send(new GetIdentityPoolRolesCommand({ IdentityPoolId: identityPoolId })),
  );
}

/**
 * Changes only what is named. UpdateIdentityPool replaces the whole pool, so each attempt reads it anew and sends back everything
 * that it read.
 */
export function updatePool(
  identityPoolId: string,
  changes: Partial<IdentityPool>,
  cognito: CognitoIdentityClient,
): Promise<IdentityPool> {
  return attempt('cognito-identity:UpdateIdentityPool', async () => {
    const { $metadata: _, ...pool } = await cognito.send(
      new DescribeIdentityPoolCommand({ IdentityPoolId: identityPoolId }),
    );
    return cognito.send(new UpdateIdentityPoolCommand({ ...pool, ...changes }));
  });
}
