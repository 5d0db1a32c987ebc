import { createHash, createHmac } from 'node:crypto';
import { CognitoIdentityClient, CreateIdentityPoolCommand } from '@aws-sdk/client-cognito-identity';
import { type Core, type RunningServer, startServer } from './processes.ts';

export const region = 'us-east-1';
export const developerProviderName = 'login.bench';
const credentials = { accessKeyId: 'test', secretAccessKey: 'test' };

export interface Cognito extends RunningServer {
  readonly identityPoolId: string;
}

/** The embedded Cognito as a process of its own, with one pool. */
export async function startCognito(core: Core): Promise<Cognito> {
  const args = ['dist/main.js', 'emulate', '--port', '0'];
  const server = await startServer({ args, core }, /^(http:\S+)$/m);
  return { ...server, identityPoolId: await createPool(server.url) };
}

/** A pool for developer identities, in whatever answers there; its id. */
export async function createPool(endpoint: string): Promise<string> {
  const client = new CognitoIdentityClient({ endpoint, region, credentials });
  try {
    const { IdentityPoolId } = await client.send(
      new CreateIdentityPoolCommand({
        IdentityPoolName: 'bench',
        AllowUnauthenticatedIdentities: false,
        DeveloperProviderName: developerProviderName,
      }),
    );
    return IdentityPoolId as string;
  } finally {
    client.destroy();
  }
}

/**
 * A signed GetOpenIdTokenForDeveloperIdentity as it goes over the wire. Signed once and sent often, as AWS allows for five minutes:
 * signing each anew would measure the client.
 */
export function signedTokenRequest(
  { url, identityPoolId }: Pick<Cognito, 'url' | 'identityPoolId'>,
  user: string,
  now: Date,
): string {
  const { host } = new URL(url);
  const body = JSON.stringify({ IdentityPoolId: identityPoolId, Logins: { [developerProviderName]: user } });
  const amzDate = now.toISOString().replace(/[:-]|\.\d{3}/g, '');
  const target = 'AWSCognitoIdentityService.GetOpenIdTokenForDeveloperIdentity';
  const headers = [
    ['content-type', 'application/x-amz-json-1.1'],
    ['host', host],
    ['x-amz-date', amzDate],
    ['x-amz-target', target],
  ] as const;
  const names = headers.map(([name]) => name).join(';');
  const lines = headers.map(([name, value]) => `${name}:${value}\n`).join('');
  const canonical = ['POST', '/', '', lines, names, sha256(body)].join('\n');
  const scope = `${amzDate.slice(0, 8)}/${region}/cognito-identity/aws4_request`;
  const toSign = ['AWS4-HMAC-SHA256', amzDate, scope, sha256(canonical)].join('\n');
  const key = scope
    .split('/')
    .reduce<string | Buffer>((secret, part) => hmac(secret, part), `AWS4${credentials.secretAccessKey}`);
  const signature = hmac(key, toSign).toString('hex');
  return [
    'POST / HTTP/1.1',
    ...headers.map(([name, value]) => `${name}: ${value}`),
    `authorization: AWS4-HMAC-SHA256 Credential=${credentials.accessKeyId}/${scope}, SignedHeaders=${names}, Signature=${signature}`,
    `content-length: ${Buffer.byteLength(body)}`,
    '',
    body,
  ].join('\r\n');
}

const sha256 = (text: string) => createHash('sha256').update(text, 'utf8').digest('hex');
const hmac = (key: string | Buffer, text: string) => createHmac('sha256', key).update(text, 'utf8').digest();
