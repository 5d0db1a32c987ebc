import { regionOfId } from '../lib/partition.ts';
import { createPoolClients, type PoolClients, type Whereabouts, whereabouts } from '../pool/awsClients.ts';
import { UsageError } from './failure.ts';
import type { AwsOptions } from './options.ts';
import { type Terminal, tell } from './terminal.ts';

/** Which pool and which AWS a command speaks to. */
export interface AwsContext {
  readonly clients: PoolClients;
  readonly region: string;
}

/**
 * Clients for the options and the environment, and the Region they use.
 *
 * @throws UsageError when there is no Region, or one that contradicts the pool id
 */
export async function awsContext(
  options: AwsOptions & { readonly poolId?: string },
  terminal: Terminal,
): Promise<AwsContext> {
  const { env } = terminal;
  const ofPool = options.poolId === undefined ? undefined : regionOfId(options.poolId);
  if (options.region !== undefined && ofPool !== undefined && options.region !== ofPool) {
    throw new UsageError(`--region ${options.region} contradicts the pool id, which begins with ${ofPool}.`);
  }
  // As in the SDK, an empty variable is as good as none.
  const region = options.region ?? ofPool ?? (env['AWS_REGION'] || undefined);
  const endpoint = (service: string) =>
    options.endpointUrl ?? (env[`AWS_ENDPOINT_URL_${service}`] || env['AWS_ENDPOINT_URL'] || undefined);
  const endpoints = {
    cognitoIdentity: checkedUrl(endpoint('COGNITO_IDENTITY')),
    sts: checkedUrl(endpoint('STS')),
    iam: checkedUrl(endpoint('IAM')),
  };
  const clients = createPoolClients({
    ...(region === undefined ? {} : { region }),
    ...(options.profile === undefined ? {} : { profile: options.profile }),
    endpoints: withoutUndefined(endpoints),
    ...testKey(options, endpoints.cognitoIdentity, terminal),
  });
  try {
    return { clients, region: await clients.cognito.config.region() };
  } catch {
    throw new UsageError(
      'No AWS Region is known. Use --region, set AWS_REGION, or give the profile one with `aws configure`.',
    );
  }
}

function checkedUrl(url: string | undefined): string | undefined {
  if (url === undefined || (URL.canParse(url) && /^https?:$/.test(new URL(url).protocol))) return url;
  throw new UsageError('The endpoint address must begin with http:// or https://.');
}

/** The embedded Cognito's own key where nobody named another: it opens nothing elsewhere, and goes to this machine only. */
function testKey({ profile }: AwsOptions, endpoint: string | undefined, { env }: Terminal) {
  const named = profile || env['AWS_PROFILE'] || env['AWS_ACCESS_KEY_ID'];
  if (endpoint === undefined || named || !isLoopback(endpoint)) return {};
  return { credentials: { accessKeyId: 'test', secretAccessKey: 'test' } };
}

const isLoopback = (url: string) => /^(localhost|127(\.\d{1,3}){3}|\[::1\])$/.test(new URL(url).hostname);

function withoutUndefined<T extends object>(value: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  const entries = Object.entries(value).filter(([, item]) => item !== undefined);
  return Object.fromEntries(entries) as { [K in keyof T]?: Exclude<T[K], undefined> };
}

/** Says in which account and Region a command is about to act. */
export async function tellWhereabouts({ clients }: AwsContext, terminal: Terminal): Promise<Whereabouts> {
  const where = await whereabouts(clients);
  tell(terminal, `Account ${where.accountId}, Region ${where.region}, partition ${where.partition}`);
  tell(terminal, `Caller  ${where.caller}`);
  return where;
}

const poolIdForm = /^[\w-]{1,18}:[0-9a-f-]{1,36}$/;

/**
 * The pool that a command is about.
 *
 * @throws UsageError
 */
export function poolIdOf(options: { readonly poolId?: string }, { env }: Terminal): string {
  const poolId = options.poolId ?? env['COGNITO_IDENTITY_POOL_ID'];
  if (poolId === undefined || poolId === '') {
    throw new UsageError('No identity pool is named. Use --pool-id or set COGNITO_IDENTITY_POOL_ID.');
  }
  if (!poolIdForm.test(poolId)) {
    throw new UsageError('The pool id must look like eu-west-1:12345678-1234-1234-1234-123456789012.');
  }
  return poolId;
}
