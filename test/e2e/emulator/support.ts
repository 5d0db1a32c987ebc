import {
  CognitoIdentityClient,
  CreateIdentityPoolCommand,
  type CreateIdentityPoolCommandInput,
  GetOpenIdTokenForDeveloperIdentityCommand,
  SetIdentityPoolRolesCommand,
} from '@aws-sdk/client-cognito-identity';
import { CreateRoleCommand, IAMClient } from '@aws-sdk/client-iam';
import { onTestFinished } from 'vitest';
import { createEmulator, type Emulator, type EmulatorOptions } from '../../../src/emulator/index.ts';

export const credentials = { accessKeyId: 'test', secretAccessKey: 'test' };
export const provider = 'login.example';

export interface Running {
  readonly emulator: Emulator;
  readonly url: string;
  readonly client: CognitoIdentityClient;
  readonly iam: IAMClient;
}

/** An emulator on a free port with the SDK's clients for it. */
export async function start(options: EmulatorOptions = {}, region = 'us-east-1'): Promise<Running> {
  const emulator = createEmulator(options);
  const { url } = await emulator.listen();
  const config = { endpoint: url, region, credentials, maxAttempts: 1 };
  return { emulator, url, client: new CognitoIdentityClient(config), iam: new IAMClient(config) };
}

/** The same for the test that runs, with whose end it is closed. */
export async function startForTest(options: EmulatorOptions = {}): Promise<Running> {
  const running = await start(options);
  onTestFinished(() => running.emulator.close());
  return running;
}

export async function createPool(
  { client }: Pick<Running, 'client'>,
  settings: Partial<CreateIdentityPoolCommandInput> = {},
): Promise<string> {
  const pool = await client.send(
    new CreateIdentityPoolCommand({
      IdentityPoolName: 'pool',
      AllowUnauthenticatedIdentities: true,
      AllowClassicFlow: true,
      DeveloperProviderName: provider,
      ...settings,
    }),
  );
  return pool.IdentityPoolId as string;
}

export interface TrustOptions {
  readonly principal?: string;
  readonly amr?: string;
  readonly actions?: readonly string[];
}

export function trustPolicy(audience: string, options: TrustOptions = {}): string {
  const principal = options.principal ?? 'cognito-identity.amazonaws.com';
  return JSON.stringify({
    Version: '2012-10-17',
    Statement: [
      {
        Effect: 'Allow',
        Principal: { Federated: principal },
        Action: options.actions ?? ['sts:AssumeRoleWithWebIdentity', 'sts:TagSession'],
        Condition: {
          StringEquals: { [`${principal}:aud`]: audience },
          'ForAnyValue:StringLike': { [`${principal}:amr`]: options.amr ?? 'authenticated' },
        },
      },
    ],
  });
}

export async function createRole(
  { iam }: Pick<Running, 'iam'>,
  name: string,
  document: string,
): Promise<string> {
  const { Role } = await iam.send(
    new CreateRoleCommand({ RoleName: name, AssumeRolePolicyDocument: document }),
  );
  return Role?.Arn as string;
}

/** A pool with a role for users and one for guests. */
export async function createPoolWithRoles(
  running: Pick<Running, 'client' | 'iam'>,
  settings: Partial<CreateIdentityPoolCommandInput> = {},
): Promise<string> {
  const poolId = await createPool(running, settings);
  const suffix = poolId.slice(-12);
  const authenticated = await createRole(running, `users-${suffix}`, trustPolicy(poolId));
  const guests = trustPolicy(poolId, { amr: 'unauthenticated' });
  const unauthenticated = await createRole(running, `guests-${suffix}`, guests);
  await running.client.send(
    new SetIdentityPoolRolesCommand({ IdentityPoolId: poolId, Roles: { authenticated, unauthenticated } }),
  );
  return poolId;
}

export interface DeveloperToken {
  readonly identityId: string;
  readonly token: string;
}

export async function developerToken(
  { client }: Pick<Running, 'client'>,
  poolId: string,
  user: string,
  rest: { IdentityId?: string; TokenDuration?: number; PrincipalTags?: Record<string, string> } = {},
): Promise<DeveloperToken> {
  const answer = await client.send(
    new GetOpenIdTokenForDeveloperIdentityCommand({
      IdentityPoolId: poolId,
      Logins: { [provider]: user },
      ...rest,
    }),
  );
  return { identityId: answer.IdentityId as string, token: answer.Token as string };
}

/** Name and message of the error that a call ends with. */
export async function failure(call: Promise<unknown>): Promise<{ name: string; message: string }> {
  try {
    await call;
  } catch (error) {
    const { name, message } = error as Error;
    return { name, message };
  }
  throw new Error('The call was expected to fail.');
}
