import { CognitoIdentityClient, GetCredentialsForIdentityCommand } from '@aws-sdk/client-cognito-identity';
import { GetCallerIdentityCommand, STSClient } from '@aws-sdk/client-sts';

/** Addresses of a running service on its embedded default. */
export interface DemoTarget {
  readonly url: string;
  readonly cognitoUrl: string;
  readonly identityPoolId: string;
  readonly developerProviderName: string;
  readonly region: string;
}

interface Issued {
  readonly identityId: string;
  readonly openIdToken: string;
  readonly expiresAt: string;
  readonly region: string;
  readonly loginsKey: string;
}

const mutation = `mutation {
  cognitoCredentials { identityId openIdToken expiresAt region loginsKey }
}`;

/**
 * The main job once, as a frontend does it, with every step told. Secrets are shortened.
 *
 * @throws Error when a step does not give what it must
 */
export async function runDemo(target: DemoTarget, tell: (line: string) => void): Promise<void> {
  const step = numbered(tell);
  step('The embedded Cognito, the demo login and the API are up', {
    'Cognito and STS': target.cognitoUrl,
    'demo login': `${target.url}/demo-login`,
    API: `${target.url}/graphql`,
  });
  step('An identity pool was set up over the wire, with its role', {
    pool: target.identityPoolId,
    'developer provider': target.developerProviderName,
  });

  const aliceToken = await signIn(target, 'alice');
  step('alice signed in at the demo login', { 'access token': shortened(aliceToken) });

  const alice = await cognitoCredentials(target, aliceToken);
  step('alice sent the mutation cognitoCredentials', {
    'identity id': alice.identityId,
    'OpenID token': shortened(alice.openIdToken),
    'expires at': alice.expiresAt,
  });

  const { Credentials: credentials } = await exchange(target, alice);
  step('Cognito exchanged the token for AWS credentials', {
    'access key id': credentials?.AccessKeyId ?? '',
    'secret access key': shortened(credentials?.SecretKey ?? ''),
    expiration: credentials?.Expiration?.toISOString() ?? '',
  });

  const caller = await callerIdentity(target, credentials ?? {});
  step('STS knows who signs with them', { 'assumed role': caller });

  const bob = await cognitoCredentials(target, await signIn(target, 'bob'));
  const again = await cognitoCredentials(target, await signIn(target, 'alice'));
  if (bob.identityId === alice.identityId) throw new Error('bob was given the identity of alice.');
  if (again.identityId !== alice.identityId) throw new Error('alice was given another identity than before.');
  step('Every user has an identity, and keeps it', {
    'bob has another one': bob.identityId,
    'alice has the same': again.identityId,
  });
}

/** Tells a step with its number, and its results in columns. */
function numbered(tell: (line: string) => void) {
  let count = 0;
  return (title: string, results: Readonly<Record<string, string>>): void => {
    tell(`${++count}. ${title}`);
    const width = Math.max(...Object.keys(results).map((name) => name.length));
    for (const [name, value] of Object.entries(results)) tell(`     ${name.padEnd(width)}  ${value}`);
  };
}

const shortened = (secret: string) => `${secret.slice(0, 8)}… (${secret.length} characters)`;

async function signIn({ url }: DemoTarget, username: string): Promise<string> {
  const response = await fetch(`${url}/demo-login/token`, {
    method: 'POST',
    body: new URLSearchParams({ grant_type: 'password', username }),
  });
  if (!response.ok) throw new Error(`The demo login refused ${username} with status ${response.status}.`);
  const { access_token } = (await response.json()) as { access_token: string };
  return access_token;
}

async function cognitoCredentials({ url }: DemoTarget, accessToken: string): Promise<Issued> {
  const response = await fetch(`${url}/graphql`, {
    method: 'POST',
    headers: { authorization: `Bearer ${accessToken}`, 'content-type': 'application/json' },
    body: JSON.stringify({ query: mutation }),
  });
  const { data, errors } = (await response.json()) as {
    data?: { cognitoCredentials: Issued } | null;
    errors?: { message: string }[];
  };
  if (data?.cognitoCredentials) return data.cognitoCredentials;
  throw new Error(`The API answered ${response.status}: ${errors?.[0]?.message ?? 'no data'}`);
}

/** What a frontend does with the token: an unsigned call, straight to Cognito. */
async function exchange({ cognitoUrl }: DemoTarget, issued: Issued) {
  const client = new CognitoIdentityClient({ region: issued.region, endpoint: cognitoUrl });
  try {
    return await client.send(
      new GetCredentialsForIdentityCommand({
        IdentityId: issued.identityId,
        Logins: { [issued.loginsKey]: issued.openIdToken },
      }),
    );
  } finally {
    client.destroy();
  }
}

async function callerIdentity(
  { cognitoUrl, region }: DemoTarget,
  {
    AccessKeyId = '',
    SecretKey = '',
    SessionToken = '',
  }: { AccessKeyId?: string; SecretKey?: string; SessionToken?: string },
): Promise<string> {
  const credentials = { accessKeyId: AccessKeyId, secretAccessKey: SecretKey, sessionToken: SessionToken };
  const client = new STSClient({ region, endpoint: cognitoUrl, credentials });
  try {
    return (await client.send(new GetCallerIdentityCommand({}))).Arn ?? '';
  } finally {
    client.destroy();
  }
}
