import { createHmac, createPublicKey, generateKeyPairSync, type KeyObject, sign } from 'node:crypto';
import { GetCredentialsForIdentityCommand, GetOpenIdTokenCommand } from '@aws-sdk/client-cognito-identity';
import { AssumeRoleWithWebIdentityCommand, STSClient } from '@aws-sdk/client-sts';
import { decodeJwt, decodeProtectedHeader } from 'jose';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  createPoolWithRoles,
  developerToken,
  failure,
  type Running,
  start,
  startForTest,
} from './support.ts';

const cognito = 'cognito-identity.amazonaws.com';
let running: Running;
let poolId: string;
let identityId: string;
let token: string;
let otherPool: string;
let otherIdentity: string;

beforeAll(async () => {
  running = await start();
  poolId = await createPoolWithRoles(running);
  ({ identityId, token } = await developerToken(running, poolId, 'alice'));
  const other = await createPoolWithRoles(running);
  otherPool = (await developerToken(running, other, 'alice')).token;
  otherIdentity = (await developerToken(running, poolId, 'bob')).token;
});
afterAll(() => running.emulator.close());

const encode = (part: object) => Buffer.from(JSON.stringify(part)).toString('base64url');
const stranger = generateKeyPairSync('rsa', { modulusLength: 2048 });

function forged(
  header: object,
  claims: object,
  signature: (input: string) => Buffer = (input) =>
    sign('RSA-SHA512', Buffer.from(input), stranger.privateKey),
): string {
  const input = `${encode(header)}.${encode(claims)}`;
  return `${input}.${signature(input).toString('base64url')}`;
}

async function publishedKey(): Promise<KeyObject> {
  const response = await fetch(`${running.url}/.well-known/jwks_uri`);
  const { keys } = (await response.json()) as { keys: [Record<string, string>] };
  return createPublicKey({ key: keys[0], format: 'jwk' });
}

const couldNotVerify = "Invalid login token. Couldn't verify signed token.";

interface Case {
  readonly name: string;
  readonly make: () => string | Promise<string>;
  readonly message: string;
  /** Code and message of STS; undefined where the token is good at STS but not for this identity. */
  readonly sts: StsError | undefined;
}

interface StsError {
  readonly status: number;
  readonly code: string;
  readonly message: string;
}

const invalidToken = (message: string): StsError => ({ status: 400, code: 'InvalidIdentityToken', message });
const badSignature = invalidToken("Couldn't verify signed token.");
const unknownKey = invalidToken(
  "Couldn't retrieve verification key from your identity provider,  please reference AssumeRoleWithWebIdentity documentation for requirements",
);

const header = () => decodeProtectedHeader(token);
const claims = () => decodeJwt(token);

const cases: readonly Case[] = [
  {
    name: 'alg none',
    make: () => forged({ ...header(), alg: 'none' }, claims(), () => Buffer.alloc(0)),
    message: couldNotVerify,
    sts: badSignature,
  },
  {
    name: 'HS256 keyed with the public key',
    make: async () => {
      const pem = (await publishedKey()).export({ type: 'spki', format: 'pem' });
      return forged({ ...header(), alg: 'HS256' }, claims(), (input) =>
        createHmac('sha256', pem).update(input).digest(),
      );
    },
    message: couldNotVerify,
    sts: badSignature,
  },
  {
    name: 'a foreign key under our key id',
    make: () => forged(header(), claims()),
    message: couldNotVerify,
    sts: badSignature,
  },
  {
    name: 'an unknown key id',
    make: () => forged({ ...header(), kid: 'us-east-1-1' }, claims()),
    message: couldNotVerify,
    sts: unknownKey,
  },
  {
    name: 'a jku header',
    make: () => forged({ alg: 'RS512', jku: 'http://127.0.0.1:1/jwks', kid: 'x' }, claims()),
    message: couldNotVerify,
    sts: unknownKey,
  },
  {
    name: 'a jwk header',
    make: () => forged({ alg: 'RS512', jwk: stranger.publicKey.export({ format: 'jwk' }) }, claims()),
    message: couldNotVerify,
    sts: unknownKey,
  },
  {
    name: 'a flipped bit in the signature',
    make: () => {
      const [head, body, signature] = token.split('.') as [string, string, string];
      const bytes = Buffer.from(signature, 'base64url');
      bytes[100] = (bytes[100] as number) ^ 1;
      return `${head}.${body}.${bytes.toString('base64url')}`;
    },
    message: couldNotVerify,
    sts: badSignature,
  },
  {
    name: 'the same signature spelt otherwise',
    make: () => {
      // The last of 342 characters carries two bits: sixteen characters decode to the same bytes.
      const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
      const last = alphabet.indexOf(token.at(-1) as string);
      return token.slice(0, -1) + alphabet[last + 1];
    },
    message: couldNotVerify,
    sts: badSignature,
  },
  {
    name: 'a changed claim',
    make: () => {
      const [head, , signature] = token.split('.') as [string, string, string];
      return `${head}.${encode({ ...claims(), exp: 4_000_000_000 })}.${signature}`;
    },
    message: couldNotVerify,
    sts: badSignature,
  },
  {
    name: 'a wrong issuer',
    make: () => forged(header(), { ...claims(), iss: 'https://accounts.example' }),
    message: "Invalid login token. Issuer doesn't match providerName",
    sts: invalidToken('No OpenIDConnect provider found in your account for https://accounts.example'),
  },
  {
    name: 'no issuer',
    make: () => forged(header(), { ...claims(), iss: undefined }),
    message: 'Invalid login token. Missing a required claim: iss',
    sts: invalidToken('Missing a required claim: iss'),
  },
  {
    name: 'no JWT at all',
    make: () => 'not-a-token',
    message: 'Invalid login token. Not a Cognito token.',
    sts: invalidToken(
      'The ID Token provided is not a valid JWT. (You may see this error if you sent an Access Token)',
    ),
  },
  {
    name: "another pool's audience",
    make: () => otherPool,
    message: 'Token is not from a supported provider of this identity pool.',
    sts: {
      status: 403,
      code: 'AccessDenied',
      message: 'Not authorized to perform sts:AssumeRoleWithWebIdentity',
    },
  },
  {
    name: "another identity's subject",
    make: () => otherIdentity,
    message:
      "Logins don't match. Please include at least one valid login for this identity or identity pool.",
    sts: undefined,
  },
];

const exchange = (value: string) =>
  running.client.send(
    new GetCredentialsForIdentityCommand({ IdentityId: identityId, Logins: { [cognito]: value } }),
  );

const assume = (value: string) =>
  new STSClient({ endpoint: running.url, region: 'us-east-1', maxAttempts: 1 }).send(
    new AssumeRoleWithWebIdentityCommand({
      RoleArn: `arn:aws:iam::000000000000:role/users-${poolId.slice(-12)}`,
      RoleSessionName: 'session',
      WebIdentityToken: value,
    }),
  );

/** The same call without an SDK, for what is on the wire. */
async function stsError(value: string): Promise<StsError> {
  const response = await fetch(running.url, {
    method: 'POST',
    body: new URLSearchParams({
      Action: 'AssumeRoleWithWebIdentity',
      Version: '2011-06-15',
      RoleArn: `arn:aws:iam::000000000000:role/users-${poolId.slice(-12)}`,
      RoleSessionName: 'session',
      WebIdentityToken: value,
    }),
  });
  const body = await response.text();
  const text = (name: string) => new RegExp(`<${name}>([^<]*)</${name}>`).exec(body)?.[1] ?? '';
  return { status: response.status, code: text('Code'), message: text('Message') };
}

it('accepts the token that all the others are made from', async () => {
  expect((await exchange(token)).IdentityId).toBe(identityId);
  expect((await assume(token)).Audience).toBe(poolId);
});

describe.each(cases)('a token with $name', ({ make, message, sts }) => {
  it('is refused by Cognito', async () => {
    const value = await make();
    expect(await failure(exchange(value))).toEqual({ name: 'NotAuthorizedException', message });
    const openId = running.client.send(
      new GetOpenIdTokenCommand({ IdentityId: identityId, Logins: { [cognito]: value } }),
    );
    expect(await failure(openId)).toEqual({ name: 'NotAuthorizedException', message });
  });

  it('is judged by STS', async () => {
    const value = await make();
    if (sts === undefined) expect((await assume(value)).Audience).toBe(poolId);
    else {
      expect(await stsError(value)).toEqual(sts);
      expect((await failure(assume(value))).message).toBe(sts.message);
    }
  });
});

it('refuses an expired token with both times', async () => {
  const { exp } = claims() as { exp: number };
  running.emulator.clock.set(exp * 1000 + 5000);
  try {
    expect(await failure(exchange(token))).toEqual({
      name: 'NotAuthorizedException',
      message: `Invalid login token. Token expired: ${exp + 5} >= ${exp}`,
    });
    expect((await failure(assume(token))).name).toBe('ExpiredTokenException');
    expect(await stsError(token)).toEqual({
      status: 400,
      code: 'ExpiredTokenException',
      message: `Token expired: current date/time ${exp + 5} must be before the expiration date/time ${exp}`,
    });
    running.emulator.clock.set(exp * 1000);
    expect((await failure(exchange(token))).message).toContain(`${exp} >= ${exp}`);
    running.emulator.clock.set(exp * 1000 - 1);
    expect((await exchange(token)).IdentityId).toBe(identityId);
  } finally {
    running.emulator.clock.reset();
  }
});

it('refuses a token issued in the future', async () => {
  const { iat } = claims() as { iat: number };
  running.emulator.clock.set(iat * 1000 - 1000);
  try {
    expect(await failure(exchange(token))).toEqual({
      name: 'NotAuthorizedException',
      message: 'Invalid login token. Token is not yet valid.',
    });
    expect(await stsError(token)).toEqual(invalidToken('Token is not yet valid.'));
  } finally {
    running.emulator.clock.reset();
  }
});

it('refuses a token of 20,001 characters', async () => {
  const long = `${token}${'A'.repeat(20_001 - token.length)}`;
  expect((await failure(exchange(long))).message).toBe(couldNotVerify);
  expect((await failure(assume(long))).name).toMatch(/^Validation/);
  const tooLong = await failure(exchange('A'.repeat(50_001)));
  expect(tooLong.name).toBe('ValidationException');
  expect(tooLong.message).not.toContain('AAAA');
});

it('refuses a token of another emulator as an unknown key', async () => {
  const other = await startForTest();
  const pool = await createPoolWithRoles(other);
  const foreign = await developerToken(other, pool, 'alice');
  expect(decodeProtectedHeader(foreign.token).kid).not.toBe(header().kid);
  expect((await failure(exchange(foreign.token))).message).toBe(couldNotVerify);
  expect(await stsError(foreign.token)).toEqual(unknownKey);
});

it('still accepts tokens of a key that was rotated out, and publishes it', async () => {
  const before = header().kid;
  const kid = await running.emulator.rotateSigningKey();
  expect(kid).not.toBe(before);
  const fresh = await developerToken(running, poolId, 'alice');
  expect(decodeProtectedHeader(fresh.token).kid).toBe(kid);
  expect((await exchange(token)).IdentityId).toBe(identityId);
  const response = await fetch(`${running.url}/.well-known/jwks_uri`);
  const { keys } = (await response.json()) as { keys: { kid: string }[] };
  expect(keys.map((key) => key.kid)).toEqual([before, kid]);
});

it('does not let credentials of a user act for the developer', async () => {
  const { Credentials } = await exchange(token);
  const user = {
    client: new (running.client.constructor as new (config: object) => Running['client'])({
      endpoint: running.url,
      region: 'us-east-1',
      maxAttempts: 1,
      credentials: {
        accessKeyId: Credentials?.AccessKeyId,
        secretAccessKey: Credentials?.SecretKey,
        sessionToken: Credentials?.SessionToken,
      },
    }),
  };
  const refused = await failure(developerToken(user, poolId, 'bob'));
  expect(refused.name).toBe('AccessDeniedException');
  expect(refused.message).toContain(
    'is not authorized to perform: cognito-identity:GetOpenIdTokenForDeveloperIdentity',
  );
});
